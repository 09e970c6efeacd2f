//! How many people there are, how many of them a job would find, and a job that has a defect.

use std::sync::Arc;

use async_trait::async_trait;
use consentry_domain::{LetterKind, Subject, SubjectId};
use consentry_policy::Policy;
use consentry_service::{
    Error, Job, JobOutcome, Parts, PublicUrl, Service,
    ports::{
        Candidates, Clock, Delivery, EndedHandOver, Letter, LetterState, Mailer, MailerError,
        PurgeReason, Settlement, Store,
    },
};
use consentry_storage::SeaOrmStore;
use consentry_token::Tokens;
use jiff::{SignedDuration, Timestamp};

use crate::{
    fixtures::{acme, full, insert, insert_with_letters, lease, now, other, pending, worker},
    support::{Numbers, TestDatabase, ring},
};

on_both! {
    people_and_candidates_are_counted_within_one_controller,
    a_job_that_panics_is_a_failed_run,
}

async fn people_and_candidates_are_counted_within_one_controller(database: &TestDatabase) {
    let store = database.store().await;
    let hour = SignedDuration::from_hours(1);
    let erased = Subject {
        erased_at: Some(now()),
        ..full("erased@example.org")
    };
    let early = Subject {
        first_submitted_at: now() - hour,
        ..pending("early@example.org")
    };
    for person in [early, pending("late@example.org"), erased] {
        insert(&store, &person).await;
    }
    let asked = [
        Candidates::UnconfirmedSince((now() - hour).into()),
        Candidates::UnconfirmedSince(now().into()),
        Candidates::ToRemind(now()),
        Candidates::UnsubscribedSince(now().into()),
        Candidates::ErasedSince(now().into()),
        Candidates::ErasedSince((now() - hour).into()),
    ];
    let letters = [
        LetterKind::Confirmation,
        LetterKind::Reminder,
        LetterKind::PreferencesLink,
    ];
    for (name, kind) in ["b", "c", "d"].into_iter().zip(letters) {
        insert_with_letters(&store, &format!("{name}@example.org"), &[kind]).await;
    }
    let a = worker("a");
    let leased = lease(&store, &a).await;
    for (letter, settlement) in leased.iter().zip([Settlement::Sent, Settlement::Failed]) {
        let begun = store.begin_hand_overs(&acme(), &a, &[letter.id]).await;
        begun.unwrap();
        let ended = EndedHandOver {
            letter: letter.id,
            settlement,
            trouble: None,
        };
        store.settle(&acme(), &a, &[ended], now()).await.unwrap();
    }
    let census = store.census(&acme(), &asked, now()).await.unwrap();
    let mut counts = census.letters.counts;
    counts.sort_unstable();
    let waiting = [(LetterState::Leased, 1), (LetterState::Failed, 1)];
    assert_eq!(counts, waiting, "one was sent");
    assert_eq!(census.letters.oldest_due, Some(now()));
    assert_eq!(census.candidates, [1, 5, 5, 0, 1, 0]);
    assert_eq!(census.held, 6);
    let recent: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    assert!(census.clock > recent, "the clock of a real machine");
    let elsewhere = store.census(&other(), &asked, now()).await.unwrap();
    assert_eq!(
        (elsewhere.held, elsewhere.candidates.iter().sum()),
        (0, 0_u64)
    );
}

/// Forgets nobody.
struct Defect(bool);

#[async_trait]
impl Mailer for Defect {
    async fn deliver(&self, _: &Letter) -> Delivery {
        Delivery::Accepted
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn forget(&self, _: &[SubjectId]) -> Result<(), MailerError> {
        assert!(!self.0, "a defect");
        Ok(())
    }
}

struct InTwoYears;

impl Clock for InTwoYears {
    fn now(&self) -> Timestamp {
        now() + SignedDuration::from_hours(2 * 365 * 24)
    }
}

fn service(store: SeaOrmStore, has_defect: bool) -> Service {
    let mut policy = Policy::demo();
    policy.controller.id = acme();
    Service::new(Parts {
        policy,
        store: Arc::new(store),
        mailer: Arc::new(Defect(has_defect)),
        tokens: Tokens::new(Arc::new(ring())),
        public_url: PublicUrl::parse("https://example.org").unwrap(),
        clock: Arc::new(InTwoYears),
        random: Arc::new(Numbers),
    })
}

/// What it had not committed is undone, its lease is given back, and the next run does the work.
async fn a_job_that_panics_is_a_failed_run(database: &TestDatabase) {
    let store = database.store().await;
    insert(&store, &pending("anna@example.org")).await;
    let job = Job::Purge(PurgeReason::Unconfirmed);
    let broken = service(store.clone(), true);
    let ended = broken.run_job(job, &worker("a"), &|| false).await;
    assert!(matches!(ended, Err(Error::Panicked)), "{ended:?}");
    assert_eq!(database.count("consentry_subjects").await, 1);
    let statuses = broken.job_statuses().await.unwrap();
    assert!(statuses[0].failed);
    assert_eq!(statuses[0].outcome.as_deref(), Some("the job panicked"));

    let mended = service(store, false);
    let ended = mended.run_job(job, &worker("b"), &|| false).await.unwrap();
    assert_eq!(ended, JobOutcome::Done("1 purged".to_owned()));
    assert_eq!(database.count("consentry_subjects").await, 0);
}
