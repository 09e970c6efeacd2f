//! What letters say.

use consentry_domain::LetterKind;
use consentry_mail::{RenderError, render};
use consentry_policy::{Language, Policy};
use consentry_service::{ports::SecretUrl, record::HoldRecord};
use mail_parser::{MessageParser, MimeHeaders};

use crate::samples::{DEMO, address, every_letter, instant, letter, message, renderer};

#[test]
fn every_letter_reads_as_agreed() {
    for letter in every_letter() {
        let name = format!("{}-{}", letter.kind, letter.language);
        let words = render(&letter, &Policy::demo()).unwrap();
        insta::assert_snapshot!(
            format!("{name}-text"),
            format!("{}\n\n{}", words.subject, words.text)
        );
        insta::assert_snapshot!(format!("{name}-html"), words.html);
    }
}

/// S0-43: every e-mail carries an unsubscribe link at the bottom, service mail included.
#[test]
fn every_letter_ends_with_the_way_out() {
    for letter in every_letter() {
        let words = message(&letter).letter;
        let url = letter.preferences_url.expose();
        let (_, footer) = words.text.split_once("----").unwrap();
        assert!(footer.contains(url), "{}", letter.kind);
        assert_eq!(
            words
                .html
                .rsplit("<a href=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next(),
            Some(url),
            "{}",
            letter.kind
        );
    }
}

/// S0-43: the renderer refuses a letter whose footer links would not work.
#[test]
fn no_letter_is_written_without_its_footer_links() {
    for link in [
        "",
        "not a link",
        "/preferences/x",
        "http://portal.velmarin.example/preferences/x",
        "javascript:alert(1)",
        "mailto:leave@velmarin.example",
        "https://portal.velmarin.example/x>\r\nBcc: <eve@example.org",
        "https://portal.velmarin.example/a,b",
    ] {
        let bad = || SecretUrl::new(link.to_owned());
        let whole = letter(LetterKind::ErasureAnswer, Language::En);
        let mut no_preferences = whole.clone();
        no_preferences.preferences_url = bad();
        let mut no_unsubscribe = whole.clone();
        no_unsubscribe.unsubscribe_url = bad();
        for letter in [no_preferences, no_unsubscribe] {
            let refused = renderer(Policy::demo()).message(&letter);
            assert!(
                matches!(refused, Err(RenderError::FooterLink(_))),
                "{link:?}"
            );
        }
    }
}

#[test]
fn links_without_tls_are_for_this_machine_alone() {
    let mut letter = letter(LetterKind::PreferencesLink, Language::En);
    for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
        letter.preferences_url = SecretUrl::new(format!("http://{host}/preferences/x"));
        letter.unsubscribe_url = SecretUrl::new(format!("http://{host}/unsubscribe/x"));
        letter.home_url = format!("http://{host}/");
        assert!(renderer(Policy::demo()).message(&letter).is_ok(), "{host}");
    }
}

#[test]
fn a_letter_without_what_it_is_about_is_refused() {
    for kind in [
        LetterKind::Confirmation,
        LetterKind::Reminder,
        LetterKind::AddressConfirmation,
    ] {
        let mut letter = letter(kind, Language::En);
        letter.confirm_url = None;
        assert!(matches!(
            render(&letter, &Policy::demo()),
            Err(RenderError::Incomplete(refused)) if refused == kind
        ));
    }
    let mut answer = letter(LetterKind::ErasureAnswer, Language::En);
    answer.erasure = None;
    assert!(matches!(
        render(&answer, &Policy::demo()),
        Err(RenderError::Incomplete(LetterKind::ErasureAnswer))
    ));
}

/// S0-05: brand and legal entity are two names; every letter names the legal entity, its postal
/// address and its contact.
#[test]
fn every_letter_names_the_controller_and_not_just_the_brand() {
    let controller = Policy::demo().controller;
    assert_ne!(controller.name, controller.brand);
    for letter in every_letter() {
        let words = message(&letter).letter;
        for part in [&words.text, &words.html] {
            assert!(part.contains(&controller.name));
            assert!(part.contains(controller.contact.expose()));
            for line in &controller.address {
                assert!(part.contains(line));
            }
        }
    }
}

/// S0-24: what is agreed to stands beside the button: topic, description, purpose.
#[test]
fn a_confirmation_says_what_is_agreed_to() {
    let policy = Policy::demo();
    for language in Language::ALL {
        let letter = letter(LetterKind::Confirmation, language);
        let words = message(&letter).letter;
        for topic in &letter.topics {
            let topic = policy.topic(topic).unwrap();
            let purpose = policy.purpose(&topic.purpose).unwrap();
            for said in [&topic.name, &topic.description, &purpose.name] {
                assert!(words.text.contains(said.get(language)));
            }
        }
    }
}

/// S0-31, S0-32: the letter states the period of the policy, whatever it is.
#[test]
fn figures_come_from_the_policy() {
    let letter = letter(LetterKind::Confirmation, Language::En);
    assert!(
        message(&letter)
            .letter
            .text
            .contains("deleted 12 months after")
    );
    let edited = DEMO.replace("after = \"12 months\"", "after = \"6 weeks\"");
    let policy = Policy::parse(&edited, "test.toml").unwrap();
    assert!(
        render(&letter, &policy)
            .unwrap()
            .text
            .contains("deleted 6 weeks after")
    );
}

/// S0-31: the reminder says that it is the only one.
#[test]
fn the_reminder_says_that_it_is_the_only_one() {
    let words = message(&letter(LetterKind::Reminder, Language::En)).letter;
    assert!(words.text.contains("This is the only reminder"));
    let policy = Policy::parse(&DEMO.replace("\nreminder = ", "\n# "), "test.toml").unwrap();
    let letter = letter(LetterKind::Confirmation, Language::En);
    assert!(!render(&letter, &policy).unwrap().text.contains("reminder"));
}

/// S0-39: the mailbox in use learns of the change, not of the new address.
#[test]
fn the_old_mailbox_is_not_told_the_new_address() {
    let mut letter = letter(LetterKind::AddressChange, Language::En);
    letter.to = address("old@example.org");
    let message = message(&letter);
    let words = message.letter.text + &message.letter.html;
    assert!(!words.contains("old@example.org") && !words.contains("anna"));
}

/// S0-62: the answer gives both dates and announces no further mail.
#[test]
fn the_answer_to_an_erasure_gives_both_dates() {
    let text = message(&letter(LetterKind::ErasureAnswer, Language::En))
        .letter
        .text;
    for said in [
        "On 22 November 2026",
        "On 22 December 2026",
        "No other will follow",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

/// S3-26: what keeps the data beyond the day is named, and no day is promised that may not come.
#[test]
fn the_answer_to_an_erasure_says_what_keeps_the_data() {
    for (language, said) in [
        (
            Language::En,
            [
                "on 22 December 2026 at the earliest",
                "Reason: a dispute.",
                "by 1 May 2027",
            ],
        ),
        (
            Language::Fr,
            [
                "au plus tôt le 22 décembre 2026",
                "Motif\u{a0}: a dispute.",
                "le 1er mai 2027",
            ],
        ),
    ] {
        let mut letter = letter(LetterKind::ErasureAnswer, language);
        let erasure = letter.erasure.as_mut().unwrap();
        erasure.holds.push(HoldRecord {
            kind: "litigation".to_owned(),
            name: "a dispute".to_owned(),
            since: letter.date,
            review_at: instant("2027-05-01T10:00:00Z"),
        });
        let text = message(&letter).letter.text.replace(['\n', '\r'], " ");
        for said in said {
            assert!(text.contains(said), "{said} in {text}");
        }
        assert!(!text.contains("On 22 December") && !text.contains("Le 22 décembre"));
    }
}

/// No tracking: nothing is loaded, and every link is one that the service made.
#[test]
fn a_letter_loads_nothing_and_links_only_home() {
    for letter in every_letter() {
        let html = message(&letter).letter.html;
        for banned in [
            "<img", "<script", "<link", "<iframe", "url(", "@import", "src=",
        ] {
            assert!(!html.contains(banned), "{banned} in {}", letter.kind);
        }
        for link in html.split("href=\"").skip(1) {
            assert!(
                link.starts_with("https://portal.velmarin.example/"),
                "{}",
                letter.kind
            );
        }
    }
}

/// The same words in both parts: what differs, filters count as a disguise.
#[test]
fn text_and_html_say_the_same() {
    for letter in every_letter() {
        let message = message(&letter);
        let parsed = MessageParser::default().parse(&message.octets).unwrap();
        let html = parsed.html_part(0).unwrap();
        assert_eq!(html.content_type().unwrap().subtype(), Some("html"));
        let without_tags = mail_parser::decoders::html::html_to_text(html.text_contents().unwrap());
        // The addresses of links stand behind their words in HTML.
        let words = |text: &str| -> std::collections::BTreeSet<String> {
            text.lines()
                .filter(|line| !line.starts_with("https://"))
                .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
                .filter(|word| word.len() > 2)
                .map(str::to_lowercase)
                .collect()
        };
        let missing: Vec<_> = words(&message.letter.text)
            .difference(&words(&without_tags))
            .cloned()
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?}", letter.kind);
    }
}
