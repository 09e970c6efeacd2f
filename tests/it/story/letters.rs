//! What every letter of the story must be.

use consentry_tests::{dkim, mail::Letter};

use super::Story;
use crate::steps::PUBLIC_URL;

/// The domain of the demo policy's sender, which signs.
const SIGNER: &str = "velmarin.example";

impl Story {
    /// S0-43 to S0-45, S0-37: headers, footer, form and signatures of a letter as it came over the wire.
    pub(super) fn assert_is_proper(&self, letter: &Letter) {
        assert_headers(letter, self.language);
        assert_body(letter);
        assert_octets(&letter.raw);
        self.assert_signatures(letter);
    }

    /// S0-45: two signatures, both good to two independent verifiers, both over what RFC 8058 asks for.
    fn assert_signatures(&self, letter: &Letter) {
        let names = ["rsa1", "ed1"].map(|selector| format!("{selector}._domainkey.{SIGNER}"));
        let records: Vec<(&str, &str)> = names
            .iter()
            .zip(&self.keys)
            .map(|(name, key)| (name.as_str(), key.record.as_str()))
            .collect();
        let verdicts = dkim::verify(&letter.raw, &records, self.stage.site.clock());
        assert!(verdicts.accept(), "{verdicts:?}");
        let signatures = letter.headers("DKIM-Signature");
        assert_eq!(signatures.len(), 2);
        for signature in signatures {
            let signed = signature.to_ascii_lowercase().replace(' ', "");
            let fields = signed
                .split(';')
                .find_map(|tag| tag.strip_prefix("h="))
                .expect("a signature names its fields");
            let fields: Vec<&str> = fields.split(':').collect();
            for name in [
                "from",
                "list-unsubscribe",
                "list-unsubscribe-post",
                "message-id",
            ] {
                assert!(fields.contains(&name), "{name} is not signed: {signature}");
            }
        }
    }
}

fn assert_headers(letter: &Letter, language: &str) {
    let raw = String::from_utf8_lossy(&letter.raw);
    let (head, _) = raw.split_once("\r\n\r\n").expect("a header ends");
    // RFC 8058: one https URL, on one line; the second field exactly so.
    let unsubscribe: Vec<&str> = head
        .split("\r\n")
        .filter(|line| line.to_ascii_lowercase().starts_with("list-unsubscribe:"))
        .collect();
    assert_eq!(unsubscribe.len(), 1);
    assert!(unsubscribe[0].ends_with('>'), "folded: {}", unsubscribe[0]);
    assert!(letter.one_click_path().starts_with("/unsubscribe/"));
    let url = letter.header("List-Unsubscribe");
    assert!(url.starts_with(&format!("<{PUBLIC_URL}/")), "{url}");
    assert!(head.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));

    assert!(letter.header("List-Id").contains("<news.velmarin.example>"));
    assert!(
        letter
            .header("Message-ID")
            .ends_with(&format!("@{SIGNER}>"))
    );
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.header("MIME-Version"), "1.0");
    assert_eq!(letter.header("Content-Language"), language);
    assert!(
        letter
            .header("Content-Type")
            .starts_with("multipart/alternative")
    );
    for name in ["Date", "From", "To", "Subject"] {
        assert!(!letter.header(name).is_empty());
    }
}

/// S0-01, S0-05, S0-43: both parts say the same at the bottom; nothing is loaded, nobody is counted.
fn assert_body(letter: &Letter) {
    let preferences = letter.link("/preferences/");
    for part in [&letter.text, &letter.html] {
        assert!(part.contains(&preferences), "no way out: {part}");
        assert!(part.contains("Velmarin Logiciels"), "no controller: {part}");
        assert!(part.contains("Roubaix"), "no postal address: {part}");
    }
    let html = letter.html.to_ascii_lowercase();
    for foreign in ["<img", "<script", "<link", "url(", "@import", "src="] {
        assert!(!html.contains(foreign), "{foreign} in the letter");
    }
    for link in letter.links() {
        assert!(link.starts_with(PUBLIC_URL), "a link to elsewhere: {link}");
        let rest = link.to_ascii_lowercase();
        assert!(
            !rest.contains("kunde") && !rest.contains("%40"),
            "an address in a link"
        );
    }
}

/// RFC 5321 section 2.3.8 and RFC 5322 section 2.1.1.
fn assert_octets(raw: &[u8]) {
    let text = String::from_utf8_lossy(raw);
    assert!(raw.is_ascii(), "a relay without 8BITMIME could not take it");
    assert!(
        !text.replace("\r\n", "").contains(['\r', '\n']),
        "a bare CR or LF"
    );
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
}
