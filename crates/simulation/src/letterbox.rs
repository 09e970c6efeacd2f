//! The mailboxes of the simulated subscribers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use consentry_domain::{LetterKind, SubjectId};
use consentry_service::ports::{Delivery, Letter, Mailer, MailerError, SecretUrl};

/// What somebody has from the letters that they got.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) subject: SubjectId,
    pub(crate) confirm: Option<String>,
    pub(crate) unsubscribe: String,
    /// How many reminders there were.
    pub(crate) reminders: u32,
}

/// Takes every letter, and keeps its links by the address.
#[derive(Debug, Default)]
pub(crate) struct Letterbox(Mutex<HashMap<String, Links>>);

impl Letterbox {
    pub(crate) fn links(&self, address: &str) -> Option<Links> {
        self.lock().get(address).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Links>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for Letterbox {
    async fn deliver(&self, letter: &Letter) -> Delivery {
        let mut all = self.lock();
        let links = all
            .entry(letter.to.expose().to_owned())
            .or_insert_with(|| Links {
                subject: letter.subject,
                confirm: None,
                unsubscribe: token(&letter.unsubscribe_url),
                reminders: 0,
            });
        if let Some(url) = &letter.confirm_url {
            links.confirm = Some(token(url));
        }
        links.reminders += u32::from(letter.kind == LetterKind::Reminder);
        Delivery::Accepted
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn forget(&self, subjects: &[SubjectId]) -> Result<(), MailerError> {
        self.lock()
            .retain(|_, links| !subjects.contains(&links.subject));
        Ok(())
    }
}

fn token(url: &SecretUrl) -> String {
    let url = url.expose();
    url.rsplit_once('/')
        .map_or(url, |(_, token)| token)
        .to_owned()
}
