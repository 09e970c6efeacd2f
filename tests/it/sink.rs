//! The SMTP server double itself: what the mail tests conclude from it must be true.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use consentry_tests::smtp::{Fault, Options, Outcome, Sink, Stage, Tls};

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(sink: &Sink) -> Self {
        let url = sink.url();
        let address = url.trim_start_matches("smtp://");
        Self(BufReader::new(
            TcpStream::connect(address).expect("the sink listens"),
        ))
    }

    /// The last line of the next answer; nothing when the connection has ended.
    fn answer(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).expect("the sink answers") == 0 {
                return None;
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return Some(line.trim_end().to_owned());
            }
        }
    }

    fn say(&mut self, bytes: &str) -> Option<String> {
        self.0
            .get_mut()
            .write_all(bytes.as_bytes())
            .expect("the sink reads");
        self.answer()
    }

    fn send(&mut self, body: &str) -> Option<String> {
        for command in [
            "MAIL FROM:<a@example.org> BODY=8BITMIME\r\n",
            "RCPT TO:<b@example.net>\r\n",
            "DATA\r\n",
        ] {
            let answer = self.say(command).expect("the sink answers");
            if !answer.starts_with(['2', '3']) {
                return Some(answer);
            }
        }
        self.say(&format!("{body}\r\n.\r\n"))
    }
}

fn connect(sink: &Sink) -> Client {
    let mut client = Client::connect(sink);
    assert_eq!(client.answer().as_deref(), Some("220 sink.example ESMTP"));
    assert!(client.say("EHLO me\r\n").is_some());
    client
}

#[test]
fn the_sink_records_the_exact_bytes_and_the_envelope() {
    let sink = Sink::start(Options::default());
    let mut client = connect(&sink);
    assert_eq!(
        client
            .send("Subject: x\r\n\r\n..dot\r\nbare\n.lf\r\né")
            .as_deref(),
        Some("250 2.0.0 queued")
    );
    let messages = sink.accepted();
    let message = messages.first().expect("one message was accepted");
    let text = String::from_utf8_lossy(&message.bytes);
    assert_eq!(text, "Subject: x\r\n\r\n.dot\r\nbare\n.lf\r\né\r\n");
    assert_eq!(message.from.address, "a@example.org");
    assert_eq!(message.from.parameters, "BODY=8BITMIME");
    assert_eq!(message.to[0].address, "b@example.net");
    assert_eq!((message.encrypted, message.connection), (false, 1));
}

#[test]
fn a_fault_strikes_at_its_stage_and_only_as_often_as_asked() {
    let sink = Sink::start(Options::default());
    for (stage, code) in [
        (Stage::Mail, "451"),
        (Stage::Rcpt, "550"),
        (Stage::Data, "452"),
        (Stage::Dot, "554"),
    ] {
        sink.once(stage, Fault::reply(&format!("{code} no")));
        let mut client = connect(&sink);
        assert_eq!(client.send("x"), Some(format!("{code} no")));
        assert_eq!(client.say("RSET\r\n").as_deref(), Some("250 2.0.0 ok"));
        assert_eq!(client.send("x").as_deref(), Some("250 2.0.0 queued"));
    }
    assert_eq!(sink.accepted().len(), 4);
    assert_eq!(sink.messages()[3].outcome, Outcome::Refused);
    assert_eq!(sink.connections(), 4);
}

#[test]
fn a_message_whose_answer_is_lost_is_recorded_as_unanswered() {
    let sink = Sink::start(Options::default());
    sink.always(Stage::Dot, Fault::Close);
    assert_eq!(connect(&sink).send("x"), None);
    assert_eq!(connect(&sink).send("x"), None);
    assert!(
        sink.messages()
            .iter()
            .all(|message| message.outcome == Outcome::Unanswered)
    );
    sink.recover();
    assert!(connect(&sink).send("x").is_some());
    assert_eq!((sink.messages().len(), sink.accepted().len()), (3, 1));
}

#[test]
fn a_connection_can_be_refused_and_421_closes_it() {
    let sink = Sink::start(Options::default());
    sink.once(Stage::Connect, Fault::reply("421 4.3.2 busy"));
    let mut client = Client::connect(&sink);
    assert_eq!(client.answer().as_deref(), Some("421 4.3.2 busy"));
    assert_eq!(client.answer(), None);
}

#[test]
fn starttls_is_announced_only_where_it_is_offered() {
    for (tls, offered) in [(Tls::None, false), (Tls::StartTls, true)] {
        let sink = Sink::start(Options {
            tls,
            ..Options::default()
        });
        let answer = connect(&sink).say("STARTTLS\r\n").expect("an answer");
        assert_eq!(answer.starts_with("220"), offered, "{answer}");
    }
}
