//! Published versions of the policy, as a store keeps them.

use consentry_domain::SubjectId;
use consentry_policy::{Announcement, ChangeReason, Class};
use jiff::Timestamp;

/// A published version: never changed, never removed (S4-05).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Which one it is: 1 for the first of its controller.
    pub number: u32,
    /// What the file calls itself; no other publication of the controller is called so.
    pub version: String,
    /// SHA-256 of the file's values, 64 hexadecimal digits. A consent event pins the version and
    /// the first eight of them.
    pub fingerprint: String,
    /// The file itself.
    pub source: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// From when on it is the version in force.
    pub in_force_from: Timestamp,
    /// Why it differs from the one before (S2-61).
    pub reason: ChangeReason,
    /// How it is announced (S2-06).
    pub announce: Vec<Announcement>,
    /// Whether everybody concerned is written to (S4-08).
    pub substantial: bool,
    /// What changed for people; empty for the first.
    pub classes: Vec<Class>,
}

/// A published version whose letters are not all queued yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAnnouncement {
    /// Which version.
    pub number: u32,
    /// When it was published: whoever came later has seen it.
    pub published_at: Timestamp,
    /// Everybody up to this number has their letter.
    pub told_to: Option<SubjectId>,
}

/// How far the letters of a version are queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnouncementStep {
    /// Up to this person.
    Told(SubjectId),
    /// All of them, at this instant.
    Ended(Timestamp),
}
