//! DKIM as a verifier sees it.

use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use consentry_mail::{Dkim, DkimKey, DkimKeyError};

use crate::samples::{confirmation, every_letter, instant, message};

// Keys made for these tests and used nowhere else.
pub(crate) const RSA: &str = include_str!("keys/rsa.pem");
const RSA_PKCS1: &str = include_str!("keys/rsa-pkcs1.pem");
const ED25519_PEM: &str = include_str!("keys/ed25519.pem");

fn rsa() -> DkimKey {
    DkimKey::from_pem(RSA, "s2026", "velmarin.example").unwrap()
}

fn ed25519() -> DkimKey {
    DkimKey::from_pem(ED25519_PEM, "e2026", "velmarin.example").unwrap()
}

fn signed(keys: Vec<DkimKey>, message: &[u8]) -> String {
    let signed = Dkim::new(keys)
        .sign(message, instant("2026-11-22T13:05:00Z"))
        .unwrap();
    String::from_utf8(signed).unwrap()
}

/// The tags of each `DKIM-Signature`, with the field as it stands.
fn signatures(message: &str) -> Vec<(String, Vec<(String, String)>)> {
    fields(message)
        .into_iter()
        .filter(|field| field.starts_with("DKIM-Signature:"))
        .map(|field| {
            let value = field.split_once(':').unwrap().1;
            let tags = value
                .split(';')
                .map(|tag| {
                    let (name, value) = tag.split_once('=').unwrap();
                    let value = value.split_whitespace().collect();
                    (name.trim().to_owned(), value)
                })
                .collect();
            (field, tags)
        })
        .collect()
}

fn tag<'a>(tags: &'a [(String, String)], name: &str) -> &'a str {
    &tags.iter().find(|(tag, _)| tag == name).unwrap().1
}

fn fields(message: &str) -> Vec<String> {
    let headers = message.split_once("\r\n\r\n").unwrap().0;
    let mut fields: Vec<String> = Vec::new();
    for line in headers.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let last = fields.last_mut().unwrap();
            last.push_str("\r\n");
            last.push_str(line);
        } else {
            fields.push(line.to_owned());
        }
    }
    fields
}

fn relaxed(field: &str) -> String {
    let (name, value) = field.split_once(':').unwrap();
    let value: Vec<&str> = value.split_whitespace().collect();
    format!("{}:{}", name.trim().to_lowercase(), value.join(" "))
}

/// An independent reading of RFC 6376 §3.7 and §6.1: is the signature good for this message?
fn verifies(message: &str, at: usize, key: &DkimKey) -> bool {
    let (field, tags) = signatures(message).swap_remove(at);
    let body = message.split_once("\r\n\r\n").unwrap().1;
    let lines: Vec<String> = body
        .split("\r\n")
        .map(|line| {
            let mut out = String::new();
            for c in line.trim_end_matches([' ', '\t']).chars() {
                let c = if c == '\t' { ' ' } else { c };
                if !(c == ' ' && out.ends_with(' ')) {
                    out.push(c);
                }
            }
            out
        })
        .collect();
    let body = lines.join("\r\n");
    let body = body.trim_end_matches("\r\n").to_owned() + "\r\n";
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes());
    if BASE64_STANDARD.encode(hash) != tag(&tags, "bh") {
        return false;
    }

    let mut available = fields(message);
    let mut input = String::new();
    for name in tag(&tags, "h").split(':') {
        let found = available
            .iter()
            .rposition(|field| field.split_once(':').unwrap().0.eq_ignore_ascii_case(name));
        if let Some(found) = found {
            input.push_str(&relaxed(&available.remove(found)));
            input.push_str("\r\n");
        }
    }
    let (without_value, _) = field.rsplit_once("b=").unwrap();
    input.push_str(&relaxed(&format!("{without_value}b=")));

    let signature = BASE64_STANDARD.decode(tag(&tags, "b")).unwrap();
    let record = key.dns_record().value;
    let public = BASE64_STANDARD
        .decode(record.rsplit_once("p=").unwrap().1)
        .unwrap();
    match tag(&tags, "a") {
        "rsa-sha256" => {
            // `SubjectPublicKeyInfo`: 24 octets before the PKCS#1 key of 2048 bits.
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public[24..])
                .verify(input.as_bytes(), &signature)
                .is_ok()
        }
        "ed25519-sha256" => {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, input.as_bytes());
            UnparsedPublicKey::new(&ED25519, &public)
                .verify(hash.as_ref(), &signature)
                .is_ok()
        }
        other => panic!("{other}"),
    }
}

/// S0-45: every letter is signed, both List-Unsubscribe fields covered.
#[test]
fn every_letter_verifies_with_both_keys() {
    for letter in every_letter() {
        let message = signed(vec![rsa(), ed25519()], &message(&letter).octets);
        assert_eq!(signatures(&message).len(), 2);
        assert!(verifies(&message, 0, &rsa()), "{}", letter.kind);
        assert!(verifies(&message, 1, &ed25519()), "{}", letter.kind);
        for (_, tags) in signatures(&message) {
            let covered = tag(&tags, "h").split(':').collect::<Vec<_>>();
            for name in ["List-Unsubscribe", "List-Unsubscribe-Post"] {
                assert_eq!(
                    covered.iter().filter(|covered| **covered == name).count(),
                    2
                );
            }
        }
    }
}

#[test]
fn a_signature_is_as_the_standards_ask() {
    let message = signed(vec![rsa()], &confirmation().octets);
    let (field, tags) = signatures(&message).swap_remove(0);
    assert_eq!(tag(&tags, "a"), "rsa-sha256");
    assert_eq!(tag(&tags, "c"), "relaxed/relaxed");
    assert_eq!(tag(&tags, "d"), "velmarin.example");
    assert_eq!(tag(&tags, "s"), "s2026");
    assert!(!tags.iter().any(|(name, _)| name == "l" || name == "x"));
    assert!(field.split("\r\n").all(|line| line.len() <= 78));
    assert_eq!(
        tag(&tags, "h"),
        "From:From:To:To:Subject:Subject:Date:Date:Reply-To:List-Unsubscribe:List-Unsubscribe:\
         List-Unsubscribe-Post:List-Unsubscribe-Post:Message-ID:List-Id:MIME-Version:Content-Type"
    );
}

/// RFC 6376 §8.15: a second field above the first, or one where there was none.
#[test]
fn a_field_added_on_the_way_breaks_the_signature() {
    let message = signed(vec![rsa()], &confirmation().octets);
    for added in [
        "From: <eve@example.org>",
        "To: <eve@example.org>",
        "Subject: Win",
        "Date: Mon, 23 Nov 2026 00:00:00 +0000",
        "Reply-To: <eve@example.org>",
        "List-Unsubscribe: <https://eve.example/>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert!(
            !verifies(&format!("{added}\r\n{message}"), 0, &rsa()),
            "{added}"
        );
    }
}

#[test]
fn a_changed_letter_does_not_verify() {
    let message = signed(vec![rsa(), ed25519()], &confirmation().octets);
    let (from, to) = (
        "portal.velmarin.example/unsubscribe",
        "portal.velmarin.exampel/unsubscribe",
    );
    let other_link = message.replacen(from, to, 1);
    let other_body = message.replacen("subscription", "subscribtion", 1);
    let more_body = format!("{message}more\r\n");
    for changed in [other_link, other_body, more_body] {
        assert_ne!(changed, message);
        assert!(!verifies(&changed, 0, &rsa()) && !verifies(&changed, 1, &ed25519()));
    }
}

#[test]
fn a_relay_that_folds_and_spaces_breaks_nothing() {
    let message = signed(vec![rsa()], &confirmation().octets);
    let refolded = message.replacen("Subject: ", "subject:\r\n\t  ", 1) + "\r\n\r\n";
    assert!(verifies(&refolded, 0, &rsa()));
}

#[test]
fn without_a_key_the_message_is_left_alone() {
    let octets = confirmation().octets;
    assert_eq!(signed(Vec::new(), &octets).as_bytes(), octets);
}

#[test]
fn both_pem_forms_of_an_rsa_key_are_read() {
    let pkcs1 = DkimKey::from_pem(RSA_PKCS1, "s2026", "velmarin.example").unwrap();
    assert_eq!(pkcs1.dns_record(), rsa().dns_record());
}

#[test]
fn dns_records_are_as_openssl_writes_the_public_key() {
    let record = rsa().dns_record();
    assert_eq!(record.name, "s2026._domainkey.velmarin.example");
    let public = include_str!("keys/rsa.pub.txt").trim();
    assert_eq!(record.value, format!("v=DKIM1; k=rsa; p={public}"));
    let public = include_str!("keys/ed25519.pub.txt").trim();
    assert_eq!(
        ed25519().dns_record().value,
        format!("v=DKIM1; k=ed25519; p={public}")
    );
}

#[test]
fn an_international_domain_is_signed_as_a_labels() {
    let key = DkimKey::from_pem(ED25519_PEM, "s", "Bücher.example").unwrap();
    assert_eq!(key.domain(), "xn--bcher-kva.example");
}

#[test]
fn what_cannot_sign_is_refused() {
    let weak = include_str!("keys/rsa-1024.pem");
    for (pem, selector, domain, error) in [
        ("", "s", "velmarin.example", DkimKeyError::NoKey),
        (weak, "s", "velmarin.example", DkimKeyError::Unsupported),
        (ED25519_PEM, "", "velmarin.example", DkimKeyError::Selector),
        (
            ED25519_PEM,
            "a b",
            "velmarin.example",
            DkimKeyError::Selector,
        ),
        (
            ED25519_PEM,
            "s;x",
            "velmarin.example",
            DkimKeyError::Selector,
        ),
        (ED25519_PEM, "s", "localhost", DkimKeyError::Domain),
    ] {
        assert_eq!(DkimKey::from_pem(pem, selector, domain).unwrap_err(), error);
    }
}

#[test]
fn debug_prints_no_key() {
    let printed = format!("{:?}", rsa());
    assert_eq!(
        printed,
        "DkimKey { algorithm: \"rsa-sha256\", selector: \"s2026\", domain: \"velmarin.example\", .. }"
    );
}
