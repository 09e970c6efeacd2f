//! The ports in memory: a store that forgets what is not committed, a clock that is set by hand.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU8, Ordering},
};

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{ConsentEvent, LetterKind, PersonState, Subject, SubjectId};
use consentry_policy::ControllerId;
use consentry_service::ports::{
    AnnouncementStep, Candidates, Census, Change, Clock, Confirmations, Delivery, EndedHandOver,
    Filter, Group, HandOver, Imports, JobStatus, LeasedLetter, Letter, LetterChoice, LetterId,
    LetterRecord, LetterState, LocalMailbox, MailboxLetter, Mailer, MailerError, OpenAnnouncement,
    OutboxStatus, Publication, PurgeReason, Random, Store, StoreError, UnitOfWork, WorkerId,
};
use jiff::Timestamp;

/// Everything that is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) people: Vec<Subject>,
    pub(crate) events: Vec<(SubjectId, ConsentEvent)>,
    pub(crate) letters: Vec<(SubjectId, LetterKind)>,
    pub(crate) published: Vec<Publication>,
}

impl Rows {
    fn by_address(&self, address: &EmailAddress) -> Option<Subject> {
        let key = address.comparison_key();
        let is_live =
            |held: &&Subject| held.erased_at.is_none() && held.address.comparison_key() == key;
        self.people.iter().find(is_live).cloned()
    }

    fn by_id(&self, id: SubjectId) -> Option<Subject> {
        self.people.iter().find(|held| held.id == id).cloned()
    }

    fn apply(&mut self, change: &Change) {
        let id = change.subject.id;
        self.people.retain(|held| held.id != id);
        self.people.push(change.subject.clone());
        let events = change.events.iter().map(|event| (id, event.clone()));
        self.events.extend(events);
        self.letters
            .retain(|(whose, kind)| *whose != id || !change.cancelled.contains(kind));
        let letters = change.letters.iter().map(|letter| (id, letter.kind));
        self.letters.extend(letters);
    }
}

/// A database that can be taken away.
#[derive(Clone, Default)]
pub(crate) struct MemoryStore {
    rows: Arc<Mutex<Rows>>,
    health: Arc<Mutex<Health>>,
}

/// How the database fares.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Health {
    #[default]
    Up,
    /// It says that it does not work.
    Down,
    /// It does not answer.
    Silent,
    /// A defect in our own program.
    Panics,
}

impl MemoryStore {
    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    pub(crate) fn becomes(&self, health: Health) {
        *self.health.lock().unwrap() = health;
    }

    fn reach(&self) -> Result<MutexGuard<'_, Rows>, StoreError> {
        match *self.health.lock().unwrap() {
            Health::Up => Ok(self.rows()),
            Health::Panics => panic!("a defect"),
            Health::Down | Health::Silent => Err(StoreError::Unavailable {
                reason: "it was taken down".to_owned(),
            }),
        }
    }
}

fn not_for_pages() -> ! {
    panic!("no page asks for this")
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        drop(self.reach()?);
        Ok(Box::new(Unit {
            store: self.clone(),
            changes: Vec::new(),
        }))
    }

    async fn subject(
        &self,
        _: &ControllerId,
        id: SubjectId,
    ) -> Result<Option<Subject>, StoreError> {
        Ok(self.reach()?.by_id(id))
    }

    async fn subject_by_address(
        &self,
        _: &ControllerId,
        address: &EmailAddress,
    ) -> Result<Option<Subject>, StoreError> {
        Ok(self.reach()?.by_address(address))
    }

    async fn events(
        &self,
        _: &ControllerId,
        id: SubjectId,
    ) -> Result<Vec<ConsentEvent>, StoreError> {
        let rows = self.reach()?;
        let of_person = rows.events.iter().filter(|(whose, _)| *whose == id);
        Ok(of_person.map(|(_, event)| event.clone()).collect())
    }

    async fn check(&self) -> Result<(), StoreError> {
        let health = *self.health.lock().unwrap();
        if health == Health::Silent {
            std::future::pending::<()>().await;
        }
        self.reach().map(drop)
    }

    async fn list(
        &self,
        _: &ControllerId,
        _: &Filter,
        _: Option<SubjectId>,
        _: u64,
    ) -> Result<Vec<Subject>, StoreError> {
        not_for_pages()
    }

    async fn groups(&self, _: &ControllerId) -> Result<Vec<Group>, StoreError> {
        not_for_pages()
    }

    async fn candidates(
        &self,
        _: &ControllerId,
        _: Candidates,
        _: u64,
    ) -> Result<Vec<SubjectId>, StoreError> {
        not_for_pages()
    }

    async fn census(
        &self,
        _: &ControllerId,
        _: &[Candidates],
        _: Timestamp,
    ) -> Result<Census, StoreError> {
        not_for_pages()
    }

    async fn confirmations(
        &self,
        _: &ControllerId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Confirmations, StoreError> {
        let rows = self.reach()?;
        let count = |state| {
            let is_counted = |held: &&Subject| {
                let at = held.first_submitted_at;
                held.state() == state && held.erased_at.is_none() && after < at && at <= until
            };
            rows.people.iter().filter(is_counted).count() as u64
        };
        Ok(Confirmations {
            confirmed: count(PersonState::Confirmed),
            unconfirmed: count(PersonState::Pending),
        })
    }

    async fn clean_purged_bytes(&self) -> Result<bool, StoreError> {
        not_for_pages()
    }

    async fn lease_letters(
        &self,
        _: &ControllerId,
        _: &WorkerId,
        _: Timestamp,
        _: u64,
    ) -> Result<Vec<LeasedLetter>, StoreError> {
        not_for_pages()
    }

    async fn abandoned_letters(
        &self,
        _: &ControllerId,
        _: &WorkerId,
        _: u64,
    ) -> Result<Vec<LeasedLetter>, StoreError> {
        not_for_pages()
    }

    async fn renew_letters(
        &self,
        _: &ControllerId,
        _: &WorkerId,
        _: &[LetterId],
    ) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn list_letters(
        &self,
        _: &ControllerId,
        _: Option<LetterState>,
        _: Option<LetterId>,
        _: u64,
    ) -> Result<Vec<LetterRecord>, StoreError> {
        not_for_pages()
    }

    async fn retry_letters(
        &self,
        _: &ControllerId,
        _: &LetterChoice,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        not_for_pages()
    }

    async fn remove_settled_letters(
        &self,
        _: &ControllerId,
        _: Timestamp,
        _: u64,
    ) -> Result<u64, StoreError> {
        not_for_pages()
    }

    async fn release_letters(&self, _: &ControllerId, _: &WorkerId) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn begin_hand_overs(
        &self,
        _: &ControllerId,
        _: &WorkerId,
        _: &[LetterId],
    ) -> Result<Vec<HandOver>, StoreError> {
        not_for_pages()
    }

    async fn settle(
        &self,
        _: &ControllerId,
        _: &WorkerId,
        _: &[EndedHandOver],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn outbox_status(
        &self,
        _: &ControllerId,
        _: Timestamp,
    ) -> Result<OutboxStatus, StoreError> {
        not_for_pages()
    }

    async fn lease_job(&self, _: &ControllerId, _: &str, _: &WorkerId) -> Result<bool, StoreError> {
        not_for_pages()
    }

    async fn finish_job(
        &self,
        _: &ControllerId,
        _: &WorkerId,
        _: &JobStatus,
    ) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn job_statuses(&self, _: &ControllerId) -> Result<Vec<JobStatus>, StoreError> {
        not_for_pages()
    }

    async fn publications(
        &self,
        _: &ControllerId,
        after: u32,
    ) -> Result<Vec<Publication>, StoreError> {
        let rows = self.reach()?;
        let published = rows.published.iter().filter(|one| one.number > after);
        Ok(published.cloned().collect())
    }

    async fn add_publication(
        &self,
        _: &ControllerId,
        publication: &Publication,
    ) -> Result<(), StoreError> {
        self.reach()?.published.push(publication.clone());
        Ok(())
    }

    async fn open_announcement(
        &self,
        _: &ControllerId,
    ) -> Result<Option<OpenAnnouncement>, StoreError> {
        not_for_pages()
    }

    async fn prune_journal(&self, _: &ControllerId, _: Timestamp) -> Result<u64, StoreError> {
        not_for_pages()
    }
}

struct Unit {
    store: MemoryStore,
    changes: Vec<Change>,
}

#[async_trait]
impl UnitOfWork for Unit {
    async fn live_by_address(
        &mut self,
        _: &ControllerId,
        addresses: &[EmailAddress],
    ) -> Result<Vec<Option<Subject>>, StoreError> {
        let rows = self.store.reach()?;
        Ok(addresses.iter().map(|one| rows.by_address(one)).collect())
    }

    async fn by_id(
        &mut self,
        _: &ControllerId,
        ids: &[SubjectId],
    ) -> Result<Vec<Option<Subject>>, StoreError> {
        let rows = self.store.reach()?;
        Ok(ids.iter().map(|id| rows.by_id(*id)).collect())
    }

    async fn save(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.changes.extend_from_slice(changes);
        Ok(())
    }

    async fn purge(
        &mut self,
        _: &ControllerId,
        ids: &[SubjectId],
        _: PurgeReason,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let mut rows = self.store.reach()?;
        rows.people.retain(|held| !ids.contains(&held.id));
        Ok(())
    }

    async fn advance_announcement(
        &mut self,
        _: &ControllerId,
        _: &OpenAnnouncement,
        _: AnnouncementStep,
    ) -> Result<(), StoreError> {
        not_for_pages()
    }

    fn imports(&mut self) -> &mut dyn Imports {
        unreachable!("no page imports anything")
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let mut rows = self.store.reach()?;
        for change in &self.changes {
            rows.apply(change);
        }
        Ok(())
    }
}

/// A clock that stands still until it is set.
#[derive(Clone)]
pub(crate) struct HandSetClock(Arc<Mutex<Timestamp>>);

impl HandSetClock {
    pub(crate) fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }
}

impl Clock for HandSetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// 1, 2, 3 …: the same links in every run.
#[derive(Default)]
pub(crate) struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        }
    }
}

/// Nobody hands letters over in these tests.
pub(crate) struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    async fn deliver(&self, _: &Letter) -> Delivery {
        not_for_pages()
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn forget(&self, _: &[SubjectId]) -> Result<(), MailerError> {
        not_for_pages()
    }
}

/// A mailbox with one letter.
pub(crate) struct OneLetter;

impl OneLetter {
    pub(crate) const NAME: &str = "20261122T100000Z-one.eml";

    fn letter() -> MailboxLetter {
        MailboxLetter {
            name: Self::NAME.to_owned(),
            date: "2026-11-22T10:00:00Z".parse().unwrap(),
            to: "anna@example.org".to_owned(),
            subject: "Please confirm your subscription <now>".to_owned(),
            text: "Hello,\n\nopen https://portal.example/confirm/abc.\n".to_owned(),
            html: "<!DOCTYPE html><p style=\"color:green\">Hello</p>".to_owned(),
        }
    }
}

impl LocalMailbox for OneLetter {
    fn list(&self) -> std::io::Result<Vec<MailboxLetter>> {
        Ok(vec![Self::letter()])
    }

    fn read(&self, name: &str) -> std::io::Result<Option<MailboxLetter>> {
        Ok((name == Self::NAME).then(Self::letter))
    }
}
