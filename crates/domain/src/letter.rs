//! The letters that people get, and when each is still owed.

use consentry_address::EmailAddress;

use crate::{PersonState, Subject, text_enum};

text_enum! {
    /// A kind of letter. All of them are service mail: news is another matter.
    LetterKind {
        /// "Please confirm": the double opt-in (S0-26).
        Confirmation => "confirmation",
        /// The one reminder to somebody who has not confirmed (S0-31).
        Reminder => "reminder",
        /// The answer to a sign-up by somebody who is subscribed already.
        AlreadySubscribed => "already-subscribed",
        /// "Mail me my link": a fresh link to the preference centre.
        PreferencesLink => "preferences-link",
        /// To a new address: please confirm the change (S0-39).
        AddressConfirmation => "address-confirmation",
        /// To the address in use: a change was asked for.
        AddressChange => "address-change",
        /// The one answer to a request for erasure (S0-62).
        ErasureAnswer => "erasure-answer",
        /// The notice has changed substantially (S4-08).
        NoticeChange => "notice-change",
    }
}

impl LetterKind {
    /// Whether a second copy is better than none when the relay's answer was lost.
    ///
    /// The reminder is promised once, so an uncertain one counts as sent.
    pub fn repeats_when_uncertain(self) -> bool {
        self != Self::Reminder
    }

    /// Whether a letter that waited when a backup was taken is sent after its restore, although it
    /// may have been sent in between. The answer to an erasure is owed by law and nobody can ask
    /// for it again; its second copy has the Message-ID of the first. So is the word of a change
    /// of the notice. Everything else a person can ask for, and the reminder is promised once.
    pub fn is_sent_after_a_restore(self) -> bool {
        matches!(self, Self::ErasureAnswer | Self::NoticeChange)
    }

    /// Whether this letter is still owed to this person. Asked right before each hand-over
    /// to the relay (S0-53, S0-62).
    pub fn is_owed_to(self, subject: &Subject) -> bool {
        if subject.erased_at.is_some() {
            return self == Self::ErasureAnswer;
        }
        match self {
            Self::Confirmation => subject.awaits_confirmation(),
            Self::Reminder => {
                subject.state() == PersonState::Pending && subject.restricted_at.is_none()
            }
            Self::AlreadySubscribed => subject.state() == PersonState::Confirmed,
            // Whoever is held is told, whatever they left or object to.
            Self::PreferencesLink | Self::NoticeChange => true,
            Self::AddressConfirmation | Self::AddressChange => subject.requested_address.is_some(),
            // A living person is not told that they were erased.
            Self::ErasureAnswer => false,
        }
    }

    /// Where this letter goes; `None` when the address it was meant for is no longer held.
    pub fn recipient(self, subject: &Subject) -> Option<&EmailAddress> {
        match self {
            Self::AddressConfirmation => subject.requested_address.as_ref().map(|new| &new.address),
            _ => Some(&subject.address),
        }
    }
}
