//! What the use cases need from the outside: a store, a mailer, a clock and random bytes.

mod api_keys;
mod import;
mod mailer;
mod notifier;
mod outbox;
mod publications;
mod recovery;
mod retention;
mod store;
mod trouble;
mod unit;
mod webhooks;

use jiff::Timestamp;

pub use api_keys::{ApiKey, ApiKeyId, ApiKeyStore, Scope, TokenHash, UnknownScope};
pub use import::{ImportProgress, Imports};
pub use mailer::{Delivery, Letter, LocalMailbox, MailboxLetter, Mailer, MailerError, SecretUrl};
pub use notifier::{Notification, Notifier, NotifyOutcome, Payload, PayloadData};
pub use outbox::{
    EndedHandOver, HandOver, LeasedLetter, LetterChoice, LetterId, LetterRecord, LetterState,
    NewLetter, OutboxStatus, Settlement, TroubleCount, WorkerId,
};
pub use publications::{AnnouncementStep, OpenAnnouncement, Publication};
pub use recovery::Recovery;
pub use retention::{
    Happening, HoldId, Identity, LegalHold, RetentionRun, RetentionStore, RunOutcome,
};
pub use store::{Candidates, Census, Confirmations, Filter, Group, JobStatus, Outlived, Store};
pub use trouble::{EnhancedStatus, NoStatus, Reason, Reply, Trouble, UnknownReason};
pub use unit::{Change, PurgeReason, StoreError, UnitOfWork};
pub use webhooks::{
    DeliveryRecord, DeliverySettlement, DeliveryState, EventKind, LeasedBatch, LeasedDelivery,
    MessageId, Notice, UnknownEvent, Webhook, WebhookId, WebhookSecret, WebhookStore, WebhookUrl,
    WebhookUrlError,
};

/// The time. The wall clock in a program, a fixed instant in a test. Yours to implement.
pub trait Clock: Send + Sync {
    /// The present instant, truncated to microseconds: what every store can hold.
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes. Yours to implement, for tests: tokens and keys are made of them.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}
