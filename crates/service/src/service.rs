//! The handle that everybody calls, and how a use case becomes one commit.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use consentry_domain::{ConsentEvent, Effects, Receipt, SignUp, Subject, SubjectId};
use consentry_policy::{ControllerId, Policy};
use consentry_token::Tokens;
use jiff::Timestamp;

use crate::{
    Error, Job, PublicUrl,
    breaker::Watch,
    decision::Decision,
    dispatch::ToSettle,
    ports::{
        ApiKeyStore, Change, Clock, LetterId, Mailer, NewLetter, Random, RetentionStore, Store,
        StoreError, UnitOfWork,
    },
    rest::Rest,
    together::Together,
    versions::Versions,
    webhooks::WebhookParts,
    work::Spent,
};

/// What a [`Service`] is made of. A part that is added breaks whoever puts one together, on purpose:
/// each has to be decided about. The crate `consentry` has a builder with defaults.
pub struct Parts {
    /// The policy in force.
    pub policy: Policy,
    /// Where people and letters are kept.
    pub store: Arc<dyn Store>,
    /// Who hands letters over.
    pub mailer: Arc<dyn Mailer>,
    /// Who mints and verifies links.
    pub tokens: Tokens,
    /// The base of every link.
    pub public_url: PublicUrl,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("controller", &self.policy.controller.id)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// The use cases of one controller. Cheap to clone; no global state.
#[derive(Clone)]
pub struct Service {
    parts: Arc<Parts>,
    shared: Arc<SharedCommits>,
    /// Whether the last run of each job that runs all the time failed.
    failed: Arc<[AtomicBool; Job::ALL.len()]>,
    watch: Arc<Watch>,
    spent: Arc<Spent>,
    rest: Arc<Rest>,
    last_number: Arc<AtomicU64>,
    /// The policy with what earlier versions promised, once they are known.
    adopted: Arc<OnceLock<Policy>>,
    versions: Arc<Versions>,
    pub(crate) extensions: Extensions,
}

/// What an installation may do without.
#[derive(Clone, Default)]
pub(crate) struct Extensions {
    pub(crate) api_keys: Option<Arc<dyn ApiKeyStore>>,
    pub(crate) webhooks: Option<WebhookParts>,
    pub(crate) retention: Option<Arc<dyn RetentionStore>>,
}

/// Those who wait for the next commit, one queue for each kind of request.
#[derive(Default)]
pub(crate) struct SharedCommits {
    pub(crate) sign_ups: Together<SignUp>,
    pub(crate) decisions: Together<Decision>,
    pub(crate) settlements: Together<ToSettle>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.parts).finish()
    }
}

/// How often a use case is tried again when another process changed the same person.
const CONFLICT_RETRIES: u32 = 8;

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            shared: Arc::default(),
            failed: Arc::default(),
            watch: Arc::default(),
            spent: Arc::default(),
            rest: Arc::default(),
            last_number: Arc::default(),
            adopted: Arc::default(),
            versions: Arc::default(),
            extensions: Extensions::default(),
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        self.adopted.get().unwrap_or(&self.parts.policy)
    }

    pub(crate) fn adopted(&self) -> &OnceLock<Policy> {
        &self.adopted
    }

    pub(crate) fn read_versions(&self) -> &Versions {
        &self.versions
    }

    /// The base of every link.
    pub fn public_url(&self) -> &PublicUrl {
        &self.parts.public_url
    }

    /// Whether the database answers and its schema is current.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.parts.store.check().await
    }

    pub(crate) fn controller(&self) -> &ControllerId {
        &self.parts.policy.controller.id
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.parts.store.as_ref()
    }

    /// Remembers whether the last run of a job failed; answers with how the one before ended.
    pub(crate) fn note_run(&self, job: Job, failed: bool) -> bool {
        let place = Job::ALL.iter().position(|one| *one == job).unwrap_or(0);
        self.failed[place].swap(failed, Relaxed)
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn spent(&self) -> &Spent {
        &self.spent
    }

    /// Whether the relay is left alone just now.
    pub(crate) fn rest(&self) -> &Rest {
        &self.rest
    }

    pub(crate) fn shared(&self) -> &SharedCommits {
        &self.shared
    }

    pub(crate) fn mailer(&self) -> &dyn Mailer {
        self.parts.mailer.as_ref()
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.parts.tokens
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.parts.random.fill(&mut bytes);
        bytes
    }

    pub(crate) fn new_subject_id(&self) -> SubjectId {
        SubjectId(self.new_number(self.now()))
    }

    /// A number for a new row: the time in milliseconds and 22 random bits, or the next one that
    /// this process has not given. Rows that are written at the same time lie side by side in the
    /// tables and their indexes, so that a commit writes few pages. Where two processes give the
    /// same, the store refuses the second one as a [`StoreError::Conflict`], and the use case runs
    /// again.
    fn new_number(&self, now: Timestamp) -> u64 {
        let random = u64::from(u32::from_be_bytes(self.random()) >> 10);
        let fresh = (now.as_millisecond().cast_unsigned() << 22) | random;
        let next = |last: u64| fresh.max(last.wrapping_add(1));
        let last = self.last_number.update(Relaxed, Relaxed, next);
        next(last)
    }

    /// Turns a decision into what is stored: evidence gets receipts, letters get numbers.
    pub(crate) fn change(
        &self,
        mut subject: Subject,
        is_new: bool,
        effects: Effects,
        now: Timestamp,
    ) -> Change {
        subject.note_interaction(&effects.evidence);
        Change {
            subject,
            is_new,
            events: effects
                .evidence
                .into_iter()
                .map(|evidence| ConsentEvent {
                    receipt: Receipt::from_random(self.random()),
                    evidence,
                })
                .collect(),
            cancelled: effects.cancelled,
            letters: effects
                .letters
                .into_iter()
                .map(|kind| NewLetter {
                    id: LetterId(self.new_number(now)),
                    kind,
                    due_at: now,
                })
                .collect(),
        }
    }

    /// Runs a use case on one live, visible person in a transaction of its own, again when
    /// another process was faster.
    ///
    /// `decide` sees the locked record; `Ok` is stored, `Err` undoes everything.
    pub(crate) async fn with_person<T>(
        &self,
        id: SubjectId,
        missing: Error,
        decide: impl Fn(&mut Subject, Timestamp) -> Result<(T, Effects), Error> + Send + Sync,
    ) -> Result<T, Error> {
        let mut missing = Some(missing);
        for _ in 0..CONFLICT_RETRIES {
            let mut unit = self.begin().await?;
            let now = self.now();
            let loaded = unit.by_id(self.controller(), &[id]).await?.pop().flatten();
            let Some(mut subject) = loaded.filter(|held| held.is_visible(self.policy(), now))
            else {
                return Err(missing.take().unwrap_or(Error::UnknownPerson));
            };
            let (answer, effects) = decide(&mut subject, now)?;
            match self
                .save(unit, self.change(subject, false, effects, now))
                .await
            {
                Err(StoreError::Conflict) => {}
                saved => return saved.map(|()| answer).map_err(Error::from),
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn save(&self, mut unit: Box<dyn UnitOfWork>, change: Change) -> Result<(), StoreError> {
        unit.save(&[change]).await?;
        unit.commit().await
    }

    /// Runs a commit again for as long as other processes change the same people.
    pub(crate) async fn retry_conflicts<T, F>(&self, run: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        for _ in 1..CONFLICT_RETRIES {
            match run().await {
                Err(Error::Store(StoreError::Conflict)) => {}
                ended => return ended,
            }
        }
        run().await
    }
}
