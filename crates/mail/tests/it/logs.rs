//! Nothing personal in a log line, whatever the relay says.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use consentry_domain::LetterKind;
use consentry_mail::{Dkim, Postman, Transport};
use consentry_policy::{Language, Policy};
use consentry_service::ports::{Mailer, SecretUrl};
use tracing_subscriber::fmt::MakeWriter;

use crate::double::{Act, Double};
use crate::samples::{letter, renderer};
use crate::smtp::relay_to;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_address_no_token_and_no_word_of_the_relay_is_logged() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let letter = letter(LetterKind::Confirmation, Language::En);
    let said = "550-5.1.1 <anna.berg@bücher.example> wörter\r\n550 5.1.1 https://x/k1.3q2\r\n";
    for verb in ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        let double =
            Double::start(move |point| (point.verb == verb).then_some(Act::Say(said))).await;
        let relay = relay_to(&format!(
            "smtp://postmaster:geheim@127.0.0.1:{}",
            double.port
        ));
        let transport = Transport::Smtp(Arc::new(relay));
        let postman = Postman::new(renderer(Policy::demo()), Dkim::default(), transport);
        postman.deliver(&letter).await;
        let mut unwritable = letter.clone();
        unwritable.unsubscribe_url = SecretUrl::new("k1.3q2 nowhere".to_owned());
        postman.deliver(&unwritable).await;
    }

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for stage in [
        "greeting and EHLO",
        "AUTH",
        "MAIL",
        "RCPT",
        "DATA",
        "final dot",
    ] {
        assert!(
            log.contains(&format!("the relay answered 550 (5.1.1), at {stage}")),
            "{log}"
        );
    }
    for secret in [
        "anna",
        "cher",
        "wörter",
        "k1.3q2",
        "geheim",
        "postmaster",
        "cG9zdG1hc3Rlcg",
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
