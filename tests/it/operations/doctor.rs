//! What keeps a mail provider from showing its unsubscribe button, and the rest of what the doctor
//! finds.

use std::{fs, os::unix::fs::PermissionsExt as _};

use consentry_tests::{
    binaries::{binaries, root},
    database::Engine,
    dkim::{Algorithm, Key},
    mail::Letter,
    site::Site,
    smtp::{Options, Sink},
};
use serde_json::Value;

use crate::steps::site;

/// What the doctor said: check, result, text.
struct Findings(Vec<[String; 3]>);

impl Findings {
    fn of(site: &Site) -> Self {
        let output = site.admin(&["doctor", "--format", "json"]);
        let all: Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", output.stderr));
        let all = all.as_array().expect("findings are an array").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let findings =
            all.map(|finding| ["check", "result", "finding"].map(|key| text(&finding[key])));
        Self(findings.collect())
    }

    /// Result and text of every finding of a check; there is one at least.
    fn on(&self, wanted: &str) -> Vec<(&str, &str)> {
        let found = self.0.iter().filter(|[check, ..]| check == wanted);
        let found: Vec<_> = found
            .map(|[_, result, text]| (result.as_str(), text.as_str()))
            .collect();
        assert!(!found.is_empty(), "{wanted} is not looked at");
        found
    }
}

fn signed(site: Site, domain: &str) -> Site {
    let key = Key::generate(site.folder(), Algorithm::Rsa);
    let path = key.file.to_str().expect("paths are UTF-8").to_owned();
    site.with("CONSENTRY_DKIM_KEY_FILE", path)
        .with("CONSENTRY_DKIM_SELECTOR", "s1")
        .with("CONSENTRY_DKIM_DOMAIN", domain)
}

/// S0-44, S0-45: with keys, an https address and an aligned domain nothing is found; the records to
/// publish are printed as a zone file takes them, with the way to look at them.
#[test]
fn an_installation_that_is_in_order_is_told_what_to_publish() {
    let relay = Sink::start(Options {
        extensions: ["8BITMIME", "SMTPUTF8", "SIZE 10240000"]
            .map(str::to_owned)
            .to_vec(),
        ..Options::default()
    });
    let site =
        signed(site(Engine::Sqlite), "velmarin.example").with("CONSENTRY_SMTP_URL", relay.url());
    site.admin(&["migrate"]).succeed();
    site.worker_once().succeed();
    let found = Findings::of(&site);
    let relay = found.on("relay");
    assert_eq!(relay.len(), 1, "{relay:?}");
    for word in ["8BITMIME", "SMTPUTF8", "10240000"] {
        assert!(relay[0].1.contains(word), "{relay:?}");
    }
    for check in [
        "one-click",
        "dkim",
        "spf",
        "dmarc",
        "clock",
        "overdue",
        "files",
        "disk",
    ] {
        let found = found.on(check);
        assert!(
            found.iter().all(|(result, _)| *result == "ok"),
            "{check}: {found:?}"
        );
    }
    let table = site.admin(&["doctor"]).succeed();
    for line in [
        "s1._domainkey.velmarin.example. IN TXT \"v=DKIM1; k=rsa; p=",
        "velmarin.example. IN TXT \"v=spf1 ",
        "_dmarc.velmarin.example. IN TXT \"v=DMARC1; p=none",
        "dig +short TXT s1._domainkey.velmarin.example",
    ] {
        assert!(table.contains(line), "no {line} in\n{table}");
    }
    let strings = table.split('"').skip(1).step_by(2);
    assert!(
        strings.map(str::len).max() <= Some(255),
        "a string of DNS is too long"
    );
}

/// A real letter to the operator's own mailbox, as people get it.
#[test]
fn the_doctor_sends_a_letter_to_look_at() {
    let relay = Sink::start(Options::default());
    let site =
        signed(site(Engine::Sqlite), "velmarin.example").with("CONSENTRY_SMTP_URL", relay.url());
    site.admin(&["migrate"]).succeed();
    site.worker_once().succeed();
    let probed = site.admin(&["doctor", "--probe", "postmaster@betrieb.example"]);
    let printed = probed.succeed();
    assert!(printed.contains("Authentication-Results"), "{printed}");
    let messages = relay.accepted();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].to[0].address, "postmaster@betrieb.example");
    let letter = Letter::parse(&messages[0].bytes);
    let signature = letter
        .header("DKIM-Signature")
        .replace(char::is_whitespace, "");
    assert!(signature.contains("List-Unsubscribe:"), "{signature}");
    assert!(signature.contains("List-Unsubscribe-Post"), "{signature}");
    assert!(letter.header("List-Unsubscribe").starts_with("<https://"));
    assert_eq!(
        site.query("SELECT count(*) FROM consentry_letters").trim(),
        "0"
    );
    let wrong = site.admin(&["doctor", "--probe", "nobody"]);
    assert_eq!(wrong.code, Some(2));
}

#[test]
fn what_hides_the_unsubscribe_button_is_found() {
    let relay = Sink::start(Options::default());
    let elsewhere = signed(site(Engine::Sqlite), "relay.example")
        .with("CONSENTRY_SMTP_URL", relay.url())
        .with("CONSENTRY_PUBLIC_URL", "http://127.0.0.1:8080");
    elsewhere.admin(&["migrate"]).succeed();
    let found = Findings::of(&elsewhere);
    let dkim = found.on("dkim");
    assert!(
        dkim.iter()
            .any(|(result, text)| *result == "problem" && text.contains("DMARC"))
    );
    let button = found.on("one-click");
    assert_eq!(button[0].0, "problem");
    assert!(button[0].1.contains("https"), "{button:?}");

    let sibling = signed(elsewhere, "mail.velmarin.example")
        .with("CONSENTRY_MAIL_FROM", "hello@news.velmarin.example");
    let found = Findings::of(&sibling);
    let dkim = found.on("dkim");
    let warned = |(result, text): &(&str, &str)| {
        *result == "warning" && text.contains("only if velmarin.example")
    };
    assert!(dkim.iter().any(warned), "{dkim:?}");
}

#[test]
fn open_secrets_and_blind_proxies_are_found() {
    let site = signed(site(Engine::Sqlite), "velmarin.example");
    site.admin(&["migrate"]).succeed();
    let key = site.folder().join("RSA.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a mode can be set");
    let found = Findings::of(&site);
    let files = found.on("files");
    assert_eq!(files[0].0, "problem");
    assert!(files[0].1.contains("RSA.pem"), "{files:?}");
    let proxies = found.on("proxies");
    assert_eq!(proxies[0].0, "warning", "{proxies:?}");
    let site = site.with("CONSENTRY_TRUSTED_PROXIES", "0.0.0.0/0");
    assert_eq!(Findings::of(&site).on("proxies")[0].0, "problem");
    let site = site.with("CONSENTRY_TRUSTED_PROXIES", "127.0.0.1/32");
    assert_eq!(Findings::of(&site).on("proxies")[0].0, "ok");
}

/// What the package installs starts as it is.
#[test]
fn the_packaged_configuration_is_valid() {
    let site = Site::new(Engine::Sqlite);
    let packaged = root().join("bins/web/debian/consentry.toml");
    let text = fs::read_to_string(&packaged).expect("the package has a configuration");
    // Every key that is shown is one that exists, the commented ones too.
    let all: String = text
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let keys: toml::Table = all
        .parse()
        .expect("it is TOML with every comment taken away");
    assert!(keys.len() > 10, "{keys:?}");
    let path = packaged.to_str().expect("paths are UTF-8");
    let output = site.run(
        &binaries().admin,
        &["--config", path, "doctor", "--format", "json"],
    );
    assert!(
        output.code == Some(0) || output.code == Some(1),
        "{}",
        output.stderr
    );
    for key in keys.keys() {
        let flag = format!("--{}", key.replace('_', "-"));
        let help = site.run(&binaries().web, &["--help"]).stdout;
        let variable = format!("CONSENTRY_{}", key.to_uppercase());
        assert!(
            help.contains(&flag) || help.contains(&variable),
            "{key} is unknown"
        );
    }
}
