//! The local mailbox and memory, through the mailer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use consentry_domain::{LetterKind, SubjectId};
use consentry_mail::{Dkim, DkimKey, Mailbox, MemoryMailbox, Postman, Transport};
use consentry_policy::{Language, Policy};
use consentry_service::ports::{Delivery, LetterId, LocalMailbox, Mailer, Reason, SecretUrl};
use tempfile::TempDir;

use crate::samples::{every_letter, letter, renderer};
use crate::signatures::RSA;

fn postman(transport: Transport) -> Postman {
    Postman::new(renderer(Policy::demo()), Dkim::default(), transport)
}

fn mailbox() -> (TempDir, Mailbox, Postman) {
    let home = TempDir::new().unwrap();
    let mailbox = Mailbox::open(home.path().join("mailbox")).unwrap();
    let postman = postman(Transport::Mailbox(mailbox.clone()));
    (home, mailbox, postman)
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_letter_is_one_file_for_its_owner_alone() {
    let (_home, mailbox, postman) = mailbox();
    let letter = letter(LetterKind::Confirmation, Language::Fr);
    assert_eq!(postman.deliver(&letter).await, Delivery::Accepted);
    let names = files(mailbox.directory());
    assert_eq!(
        names,
        ["20261122T130500.000000Z-00a1b2c3d4e5f607-confirmation-00c0ffee01234567.eml"]
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(mailbox.directory()), 0o700);
    assert_eq!(mode(&mailbox.directory().join(&names[0])), 0o600);
}

#[tokio::test]
async fn letters_are_listed_newest_first_and_read_back() {
    let (_home, mailbox, postman) = mailbox();
    for (n, mut letter) in (0..).zip(every_letter()) {
        letter.id = LetterId(n);
        letter.date = format!("2026-11-22T13:05:{n:02}Z").parse().unwrap();
        assert_eq!(postman.deliver(&letter).await, Delivery::Accepted);
    }
    fs::write(mailbox.directory().join("notes.txt"), "not a letter").unwrap();
    let all = mailbox.list().unwrap();
    assert_eq!(all.len(), every_letter().len());
    assert!(all.is_sorted_by(|a, b| a.date > b.date));
    for (entry, letter) in all.iter().rev().zip(every_letter()) {
        assert_eq!(entry.to, "anna.berg@xn--bcher-kva.example");
        assert!(entry.text.contains(letter.preferences_url.expose()));
        assert!(entry.html.contains("<!DOCTYPE html>"));
        assert!(entry.subject.contains("Velmarin Portal"));
        assert_eq!(mailbox.read(&entry.name).unwrap().as_ref(), Some(entry));
    }
}

#[tokio::test]
async fn no_name_leads_out_of_the_mailbox() {
    let (home, mailbox, postman) = mailbox();
    postman
        .deliver(&letter(LetterKind::Confirmation, Language::En))
        .await;
    let name = files(mailbox.directory()).remove(0);
    fs::copy(mailbox.directory().join(&name), home.path().join(&name)).unwrap();
    for other in [
        format!("../{name}"),
        format!("../mailbox/{name}"),
        format!("./{name}"),
        format!("{}/{name}", home.path().display()),
        name.replace(".eml", ".txt"),
        name.replace("-confirmation", "-../../x"),
        String::new(),
        "..".to_owned(),
        name.replace("0123", "9999"),
    ] {
        assert_eq!(mailbox.read(&other).unwrap(), None, "{other}");
    }
}

/// S0-64: nothing of a purged person stays in the mailbox, not even a file that a crash left
/// unfinished.
#[tokio::test]
async fn a_forgotten_person_leaves_no_file() {
    let (_home, mailbox, postman) = mailbox();
    let theirs = letter(LetterKind::Confirmation, Language::En);
    let mut others = theirs.clone();
    others.subject = SubjectId(7);
    for letter in [&theirs, &others] {
        assert_eq!(postman.deliver(letter).await, Delivery::Accepted);
    }
    let finished = files(mailbox.directory());
    let unfinished = format!(
        ".{}.part",
        finished
            .iter()
            .find(|name| name.contains("00a1b2"))
            .unwrap()
    );
    fs::write(mailbox.directory().join(&unfinished), "To: anna").unwrap();
    assert_eq!(mailbox.list().unwrap().len(), 2);

    postman.forget(&[theirs.subject]).await.unwrap();
    assert_eq!(
        files(mailbox.directory()),
        [finished
            .iter()
            .find(|name| name.contains("-0000000000000007-"))
            .unwrap()
            .as_str()]
    );
}

#[tokio::test]
async fn a_mailbox_that_cannot_be_written_defers_the_letter() {
    let (home, _, postman) = mailbox();
    fs::remove_dir_all(home.path().join("mailbox")).unwrap();
    let letter = letter(LetterKind::Confirmation, Language::En);
    assert_eq!(
        postman.deliver(&letter).await,
        Delivery::Deferred(Reason::RelayDown.into())
    );
    assert!(postman.forget(&[letter.subject]).await.is_err());
}

#[tokio::test]
async fn memory_keeps_signed_letters_until_told_to_forget() {
    let memory = MemoryMailbox::default();
    let key = DkimKey::from_pem(RSA, "s2026", "velmarin.example").unwrap();
    let postman = Postman::new(
        renderer(Policy::demo()),
        Dkim::new(vec![key]),
        Transport::Memory(memory.clone()),
    );
    let letter = letter(LetterKind::Reminder, Language::En);
    assert_eq!(postman.deliver(&letter).await, Delivery::Accepted);
    let kept = memory.letters().remove(0);
    assert_eq!(kept.letter.id, letter.id);
    assert!(kept.message.octets.starts_with(b"DKIM-Signature: "));
    assert!(
        kept.message
            .letter
            .text
            .contains(letter.confirm_url.unwrap().expose())
    );

    postman.forget(&[SubjectId(1)]).await.unwrap();
    assert_eq!(memory.letters().len(), 1);
    postman.forget(&[letter.subject]).await.unwrap();
    assert!(memory.letters().is_empty());
}

/// S0-43: what cannot be written is never handed over, now or later.
#[tokio::test]
async fn a_letter_without_its_way_out_is_never_handed_over() {
    let memory = MemoryMailbox::default();
    let postman = postman(Transport::Memory(memory.clone()));
    let mut letter = letter(LetterKind::Confirmation, Language::En);
    letter.unsubscribe_url = SecretUrl::new(String::new());
    assert_eq!(
        postman.deliver(&letter).await,
        Delivery::Refused(Reason::Unwritable.into())
    );
    assert!(memory.letters().is_empty());
}
