//! Letters kept in memory: for the tests of whoever embeds the service.

use std::sync::{Arc, Mutex, PoisonError};

use consentry_domain::SubjectId;
use consentry_service::ports::Letter;

use crate::Message;

/// A letter that was handed over to memory.
#[derive(Debug, Clone)]
pub struct MemoryLetter {
    /// What was to be said.
    pub letter: Letter,
    /// How it was written; its octets are signed.
    pub message: Message,
}

/// Keeps letters. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryMailbox {
    letters: Arc<Mutex<Vec<MemoryLetter>>>,
}

impl MemoryMailbox {
    /// The letters so far, oldest first.
    pub fn letters(&self) -> Vec<MemoryLetter> {
        self.lock().clone()
    }

    pub(crate) fn store(&self, letter: &Letter, message: Message) {
        self.lock().push(MemoryLetter {
            letter: letter.clone(),
            message,
        });
    }

    pub(crate) fn forget(&self, subjects: &[SubjectId]) {
        self.lock()
            .retain(|kept| !subjects.contains(&kept.letter.subject));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<MemoryLetter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
