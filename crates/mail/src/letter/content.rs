//! What each kind of letter says, in order.

use consentry_domain::LetterKind;
use consentry_i18n::{Arg, Messages};
use consentry_policy::{Class, Difference, Language, Policy, TopicId};
use consentry_service::ports::Letter;
use jiff::Timestamp;

use super::RenderError;

/// One piece of a letter.
pub(super) enum Block {
    /// A paragraph.
    Text(String),
    /// A paragraph of lesser weight.
    Note(String),
    /// What a confirmation is about.
    Topics(Vec<TopicLine>),
    /// What changed, point by point.
    List(Vec<String>),
    /// The one thing to do.
    Button { label: String, url: String },
}

/// A topic as a letter shows it (S0-24).
pub(super) struct TopicLine {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) purpose: Option<String>,
}

/// Everything of a letter above its footer, and why it was sent.
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) heading: String,
    pub(super) blocks: Vec<Block>,
    pub(super) reason: String,
}

/// Looks texts up in one language for one letter.
pub(super) struct Words<'a> {
    pub(super) policy: &'a Policy,
    pub(super) language: Language,
}

impl Words<'_> {
    pub(super) fn say(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        Messages::embedded().text(self.language, id, args)
    }

    /// A text that mentions the brand or nothing.
    fn branded(&self, id: &str) -> String {
        self.say(id, &[("brand", (&self.policy.controller.brand).into())])
    }

    fn text(&self, id: &str) -> Block {
        Block::Text(self.say(id, &[]))
    }

    fn note(&self, id: &str) -> Block {
        Block::Note(self.say(id, &[]))
    }

    fn button(&self, id: &str, url: &str) -> Block {
        Block::Button {
            label: self.say(id, &[]),
            url: url.to_owned(),
        }
    }

    fn date(&self, at: Timestamp) -> String {
        Messages::embedded().date(self.language, at, self.policy.calendar.zone())
    }

    fn until(&self, at: Timestamp) -> Block {
        let date = Messages::embedded().date_time(self.language, at, self.policy.calendar.zone());
        Block::Note(self.say("mail-link-until", &[("date", (&date).into())]))
    }

    /// Topics that the policy still has; one that it dropped has no name any more.
    fn topics(&self, ids: &[TopicId]) -> Option<Block> {
        let lines: Vec<TopicLine> = ids
            .iter()
            .filter_map(|id| self.policy.topic(id))
            .map(|topic| TopicLine {
                name: topic.name.get(self.language).to_owned(),
                description: topic.description.get(self.language).to_owned(),
                purpose: self.policy.purpose(&topic.purpose).map(|purpose| {
                    let purpose = purpose.name.get(self.language);
                    self.say("mail-topic-purpose", &[("purpose", purpose.into())])
                }),
            })
            .collect();
        (!lines.is_empty()).then_some(Block::Topics(lines))
    }

    /// A note on how long an address that is never confirmed is kept (S0-32).
    fn pending(&self, id: &str) -> Block {
        let pending = self.policy.retention().pending;
        let period = Messages::embedded().period(self.language, pending);
        Block::Note(self.say(id, &[("period", (&period).into())]))
    }
}

/// The link of a letter that asks for a confirmation, and until when it works.
fn confirmation(letter: &Letter) -> Result<(&str, Timestamp), RenderError> {
    match (&letter.confirm_url, letter.confirm_until) {
        (Some(url), Some(until)) => Ok((url.expose(), until)),
        _ => Err(RenderError::Incomplete(letter.kind)),
    }
}

pub(super) fn of(letter: &Letter, words: &Words<'_>) -> Result<Content, RenderError> {
    match letter.kind {
        LetterKind::Confirmation => subscription(letter, words),
        LetterKind::Reminder => reminder(letter, words),
        LetterKind::AlreadySubscribed => Ok(subscribed(letter, words)),
        LetterKind::PreferencesLink => Ok(link(letter, words)),
        LetterKind::AddressConfirmation => new_address(letter, words),
        LetterKind::AddressChange => Ok(old_address(letter, words)),
        LetterKind::ErasureAnswer => erasure(letter, words),
        LetterKind::NoticeChange => notice_change(letter, words),
    }
}

fn subscription(letter: &Letter, words: &Words<'_>) -> Result<Content, RenderError> {
    let (url, until) = confirmation(letter)?;
    let pending = match words.policy.subscription.reminder {
        Some(_) => "mail-pending-with-reminder",
        None => "mail-pending",
    };
    let mut blocks = vec![words.text("mail-confirmation-intro")];
    blocks.extend(words.topics(&letter.topics));
    blocks.extend([
        words.button("mail-confirmation-button", url),
        words.until(until),
        words.note("mail-confirmation-ignored"),
        words.pending(pending),
    ]);
    Ok(Content {
        subject: words.branded("mail-confirmation-subject"),
        heading: words.branded("mail-confirmation-heading"),
        blocks,
        reason: words.branded("mail-reason-form"),
    })
}

fn reminder(letter: &Letter, words: &Words<'_>) -> Result<Content, RenderError> {
    let (url, until) = confirmation(letter)?;
    let mut blocks = vec![words.text("mail-reminder-intro")];
    blocks.extend(words.topics(&letter.topics));
    blocks.extend([
        words.button("mail-confirmation-button", url),
        words.until(until),
        words.note("mail-reminder-only"),
        words.pending("mail-pending"),
    ]);
    Ok(Content {
        subject: words.branded("mail-reminder-subject"),
        heading: words.branded("mail-reminder-heading"),
        blocks,
        reason: words.branded("mail-reason-form"),
    })
}

fn subscribed(letter: &Letter, words: &Words<'_>) -> Content {
    let mut blocks = vec![words.text("mail-subscribed-intro")];
    if let Some(topics) = words.topics(&letter.topics) {
        blocks.extend([words.text("mail-subscribed-topics"), topics]);
    }
    blocks.extend([
        words.button("mail-preferences-button", letter.preferences_url.expose()),
        words.note("mail-subscribed-ignored"),
    ]);
    Content {
        subject: words.branded("mail-subscribed-subject"),
        heading: words.branded("mail-subscribed-heading"),
        blocks,
        reason: words.branded("mail-reason-form"),
    }
}

fn link(letter: &Letter, words: &Words<'_>) -> Content {
    let sensitive = words.policy.links.sensitive;
    let period = Messages::embedded().period(words.language, sensitive);
    let mut blocks = vec![
        words.text("mail-link-intro"),
        words.button("mail-preferences-button", letter.preferences_url.expose()),
    ];
    if let Some(preferences) = words.policy.links.preferences {
        blocks.push(words.until(preferences.after(letter.date, &words.policy.calendar)));
    }
    blocks.extend([
        Block::Note(words.say("mail-link-sensitive", &[("period", (&period).into())])),
        words.note("mail-link-caution"),
        words.note("mail-link-ignored"),
    ]);
    Content {
        subject: words.branded("mail-link-subject"),
        heading: words.branded("mail-link-heading"),
        blocks,
        reason: words.branded("mail-reason-link"),
    }
}

fn new_address(letter: &Letter, words: &Words<'_>) -> Result<Content, RenderError> {
    let (url, until) = confirmation(letter)?;
    Ok(Content {
        subject: words.branded("mail-address-subject"),
        heading: words.branded("mail-address-heading"),
        blocks: vec![
            words.text("mail-address-intro"),
            words.button("mail-address-button", url),
            words.until(until),
            words.note("mail-address-ignored"),
        ],
        reason: words.branded("mail-reason-address"),
    })
}

/// Names no new address: this mailbox may not be its owner's any more.
fn old_address(letter: &Letter, words: &Words<'_>) -> Content {
    let contact = words.policy.controller.contact.expose();
    Content {
        subject: words.branded("mail-change-subject"),
        heading: words.branded("mail-change-heading"),
        blocks: vec![
            words.text("mail-change-intro"),
            Block::Text(words.say("mail-change-ignored", &[("contact", contact.into())])),
            words.button("mail-preferences-button", letter.preferences_url.expose()),
        ],
        reason: words.branded("mail-reason-address"),
    }
}

fn erasure(letter: &Letter, words: &Words<'_>) -> Result<Content, RenderError> {
    let erasure = letter.erasure.as_ref();
    let erasure = erasure.ok_or(RenderError::Incomplete(letter.kind))?;
    let dated = |id, at| Block::Text(words.say(id, &[("date", (&words.date(at)).into())]));
    let purge = if erasure.holds.is_empty() {
        "mail-erasure-purge"
    } else {
        "mail-erasure-purge-earliest"
    };
    let mut blocks = vec![
        dated("mail-erasure-asked", erasure.asked_at),
        dated(purge, erasure.purged_after),
    ];
    blocks.extend(erasure.holds.iter().map(|hold| {
        let date = words.date(hold.review_at);
        let named = [
            ("name", hold.name.as_str().into()),
            ("date", (&date).into()),
        ];
        Block::Text(words.say("mail-erasure-kept", &named))
    }));
    blocks.push(words.text("mail-erasure-last"));
    Ok(Content {
        subject: words.branded("mail-erasure-subject"),
        heading: words.branded("mail-erasure-heading"),
        blocks,
        reason: words.branded("mail-reason-erasure"),
    })
}

/// Tells of the new version, in the controller's words where there are some, and of each change
/// beside mere wording (S4-08).
fn notice_change(letter: &Letter, words: &Words<'_>) -> Result<Content, RenderError> {
    let version = letter.change.as_deref();
    let version = version.ok_or(RenderError::Incomplete(letter.kind))?;
    let from = words.date(version.publication.in_force_from);
    let named = [
        ("brand", (&words.policy.controller.brand).into()),
        ("version", (&version.publication.version).into()),
        ("date", (&from).into()),
    ];
    let mut blocks = vec![Block::Text(words.say("mail-notice-intro", &named))];
    if let Some(summary) = version.summary() {
        let paragraphs = summary.get(words.language).split("\n\n");
        blocks.extend(paragraphs.map(|text| Block::Text(text.trim().to_owned())));
    }
    let told = version.differences.iter();
    let mut changes: Vec<String> = told
        .filter(|difference| difference.class != Class::Editorial)
        .filter_map(|difference| Messages::embedded().difference(words.language, difference))
        .collect();
    changes.dedup();
    if !changes.is_empty() {
        blocks.extend([words.text("mail-notice-changes"), Block::List(changes)]);
    }
    let is_longer = |difference: &Difference| {
        difference.class == Class::Longer && difference.key.contains(".stages[")
    };
    if version.differences.iter().any(is_longer) && !version.policy.engine.longer_reaches_back {
        blocks.push(words.text("mail-notice-kept"));
    }
    let notice = format!("{}/privacy", letter.home_url.trim_end_matches('/'));
    blocks.extend([
        words.button("mail-notice-button", &notice),
        words.note("mail-notice-choices"),
    ]);
    Ok(Content {
        subject: words.branded("mail-notice-subject"),
        heading: words.branded("mail-notice-heading"),
        blocks,
        reason: words.branded("mail-reason-notice"),
    })
}
