//! The mailer of the service.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use async_trait::async_trait;
use consentry_domain::SubjectId;
use consentry_service::ports::{Delivery, Letter, Mailer, MailerError, Reason};
use tokio::task::spawn_blocking;
use tracing::error;

use crate::dkim::Dkim;
use crate::mailbox::Mailbox;
use crate::memory::MemoryMailbox;
use crate::message::{LetterRenderer, Message};
use crate::smtp::SmtpRelay;

/// Files or letters in memory that are written at once.
const LOCAL_CONCURRENCY: usize = 4;

/// Where letters go.
#[derive(Debug, Clone)]
pub enum Transport {
    /// To a relay, which several controllers may share.
    Smtp(Arc<SmtpRelay>),
    /// To files on this machine.
    Mailbox(Mailbox),
    /// To memory.
    Memory(MemoryMailbox),
}

/// Writes, signs and hands over the letters of one controller.
#[derive(Debug)]
pub struct Postman {
    renderer: LetterRenderer,
    dkim: Dkim,
    transport: Transport,
    leftover: Option<Mailbox>,
}

impl Postman {
    /// A mailer. With a [`Dkim`] without keys, the relay signs (S0-45).
    pub fn new(renderer: LetterRenderer, dkim: Dkim, transport: Transport) -> Self {
        Self {
            renderer,
            dkim,
            transport,
            leftover: None,
        }
    }

    /// The same, which forgets people in this mailbox too: it holds letters from another time.
    #[must_use]
    pub fn forgetting(mut self, mailbox: Mailbox) -> Self {
        self.leftover = Some(mailbox);
        self
    }

    /// The message as it goes out; `None` for a letter that cannot be written, now or later.
    pub fn signed(&self, letter: &Letter) -> Option<Message> {
        let mut message = self
            .renderer
            .message(letter)
            .inspect_err(|error| error!(kind = %letter.kind, %error, "a letter cannot be written"))
            .ok()?;
        message.octets = self
            .dkim
            .sign(&message.octets, letter.date)
            .inspect_err(|error| error!(kind = %letter.kind, %error, "a letter cannot be signed"))
            .ok()?;
        Some(message)
    }
}

/// Runs work on files where it blocks nobody.
async fn on_files<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

#[async_trait]
impl Mailer for Postman {
    async fn deliver(&self, letter: &Letter) -> Delivery {
        // A panic in here is known to have come before anything was handed over.
        let message = match panic::catch_unwind(AssertUnwindSafe(|| self.signed(letter))) {
            Ok(Some(message)) => message,
            Ok(None) => return Delivery::Refused(Reason::Unwritable.into()),
            Err(_) => return Delivery::Refused(Reason::Panicked.into()),
        };
        match &self.transport {
            Transport::Smtp(relay) => relay.deliver(&message).await,
            Transport::Mailbox(mailbox) => {
                let (mailbox, letter) = (mailbox.clone(), letter.clone());
                match on_files(move || mailbox.store(&letter, &message.octets)).await {
                    Ok(()) => Delivery::Accepted,
                    Err(error) => {
                        error!(kind = ?error.kind(), "the local mailbox cannot be written");
                        Delivery::Deferred(Reason::RelayDown.into())
                    }
                }
            }
            Transport::Memory(memory) => {
                memory.store(letter, message);
                Delivery::Accepted
            }
        }
    }

    fn concurrency(&self) -> usize {
        match &self.transport {
            Transport::Smtp(relay) => relay.connections(),
            Transport::Mailbox(_) | Transport::Memory(_) => LOCAL_CONCURRENCY,
        }
    }

    fn cut_short(&self) {
        if let Transport::Smtp(relay) = &self.transport {
            relay.cut_short();
        }
    }

    async fn forget(&self, subjects: &[SubjectId]) -> Result<(), MailerError> {
        let mailbox = match &self.transport {
            Transport::Mailbox(mailbox) => Some(mailbox),
            Transport::Smtp(_) => self.leftover.as_ref(),
            Transport::Memory(memory) => {
                memory.forget(subjects);
                None
            }
        };
        let Some(mailbox) = mailbox.cloned() else {
            return Ok(());
        };
        let subjects = subjects.to_vec();
        on_files(move || mailbox.forget(&subjects))
            .await
            .map_err(MailerError)
    }
}
