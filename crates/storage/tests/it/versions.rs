//! Versions of the policy: published once, told of once, and earlier promises are kept.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{Channel, LetterKind, SignUp, SubjectId};
use consentry_policy::{Class, Language, Policy};
use consentry_service::{
    Job, Parts, PublicUrl, PublishError, Service, Standing,
    ports::{
        AnnouncementStep, Clock, Delivery, Letter, Mailer, MailerError, OpenAnnouncement,
        PurgeReason, Store, StoreError, WorkerId,
    },
};
use consentry_token::Tokens;
use jiff::{SignedDuration, Timestamp};

use crate::{
    fixtures::{acme, now, worker},
    support::{Numbers, TestDatabase, ring},
};

on_both! {
    a_fresh_installation_enters_its_first_version,
    a_version_is_published_once,
    a_version_that_says_too_little_is_refused,
    everybody_held_is_told_of_a_substantial_change_exactly_once,
    letters_of_a_version_are_noted_by_one_worker_alone,
    what_was_promised_earlier_is_kept,
}

const DEMO: &str = include_str!("../../../policy/policies/saas-portal.toml");

/// The demo policy as another version, changed by an edit and announced by mail.
fn version(name: &str, from: &str, to: &str, change: &str) -> Policy {
    let mut source = DEMO.to_owned();
    let change = format!("[change]\nreason = \"service\"\n{change}\n[mail]\n");
    for (from, to) in [
        (
            "version = \"2026-11-01\"",
            &*format!("version = \"{name}\""),
        ),
        ("[mail]\n", &change),
        (from, to),
    ] {
        assert!(source.contains(from), "{from}");
        source = source.replacen(from, to, 1);
    }
    Policy::parse(&source, "policy.toml").unwrap_or_else(|errors| panic!("{errors}"))
}

const PENDING: &str = "after = \"12 months\"";
const BOTH: &str = "announce = [\"mail\", \"banner\"]";

fn longer() -> Policy {
    version("2026-12-01", PENDING, "after = \"24 months\"", BOTH)
}

/// Days after noon of 22 November 2026.
#[derive(Default)]
struct Days(AtomicI64);

impl Clock for Days {
    fn now(&self) -> Timestamp {
        now() + SignedDuration::from_hours(24 * self.0.load(Ordering::SeqCst))
    }
}

/// Keeps what it was handed.
#[derive(Default)]
struct Kept(Mutex<Vec<(LetterKind, SubjectId, Option<String>)>>);

#[async_trait]
impl Mailer for Kept {
    async fn deliver(&self, letter: &Letter) -> Delivery {
        let change = letter.change.as_ref();
        let version = change.map(|version| version.publication.version.clone());
        let letter = (letter.kind, letter.subject, version);
        self.0.lock().unwrap().push(letter);
        Delivery::Accepted
    }

    fn concurrency(&self) -> usize {
        8
    }

    async fn forget(&self, _: &[SubjectId]) -> Result<(), MailerError> {
        Ok(())
    }
}

#[derive(Default)]
struct World {
    clock: Arc<Days>,
    mailer: Arc<Kept>,
}

impl World {
    /// A process that was started with a policy.
    async fn process(&self, database: &TestDatabase, policy: Policy) -> Service {
        let service = Service::new(Parts {
            policy,
            store: Arc::new(database.store().await),
            mailer: Arc::clone(&self.mailer) as Arc<dyn Mailer>,
            tokens: Tokens::new(Arc::new(ring())),
            public_url: PublicUrl::parse("https://portal.example").unwrap(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(Numbers),
        });
        service.adopt_policy().await.unwrap();
        service
    }

    fn on_day(&self, day: i64) {
        self.clock.0.store(day, Ordering::SeqCst);
    }
}

fn address(number: usize) -> EmailAddress {
    EmailAddress::parse(&format!("p{number}@example.org")).unwrap()
}

async fn sign_up(service: &Service, number: usize) {
    let topics = service.policy().default_topics();
    let sign_up = SignUp {
        address: address(number),
        topics: topics.map(|topic| topic.id.clone()).collect(),
        language: Language::En,
        channel: Channel::Form,
    };
    service.sign_up(sign_up).await.unwrap();
}

async fn a_fresh_installation_enters_its_first_version(database: &TestDatabase) {
    let world = World::default();
    let service = world.process(database, Policy::demo()).await;
    let versions = service.versions().await.unwrap();
    assert_eq!(versions.len(), 1);
    let first = &versions[0].publication;
    assert_eq!((first.number, &*first.source), (1, DEMO));
    assert_eq!(first.fingerprint, Policy::demo().fingerprint());
    // A consent event pins the version and the beginning of the fingerprint.
    let pinned = format!("{}+{}", first.version, &first.fingerprint[..8]);
    assert_eq!(service.policy().notice_version().as_str(), pinned);
    assert_eq!(service.standing().await, Ok(Some(Standing::InForce)));
    // Every process does; the first one has done it.
    world.process(database, Policy::demo()).await;
    assert_eq!(service.versions().await.unwrap().len(), 1);
}

/// S4-05: a published version never changes.
async fn a_version_is_published_once(database: &TestDatabase) {
    let world = World::default();
    let service = world.process(database, Policy::demo()).await;
    let published = service.publish(&longer()).await.unwrap();
    assert!(!published.is_known && published.publication.substantial);
    assert_eq!(
        published.publication.classes,
        [Class::Bookkeeping, Class::Longer]
    );
    assert!(service.publish(&longer()).await.unwrap().is_known);
    let other = version("2026-12-01", PENDING, "after = \"23 months\"", BOTH);
    let refused = service.publish(&other).await;
    assert!(
        matches!(refused, Err(PublishError::VersionTaken(_))),
        "{refused:?}"
    );
    // Two processes that publish different versions at once: one of them has to look again.
    let publication = service.versions().await.unwrap()[1].publication.clone();
    let store = database.store().await;
    let controller = service.policy().controller.id.clone();
    let again = store.add_publication(&controller, &publication).await;
    assert_eq!(again, Err(StoreError::Conflict));
    assert_eq!(
        store.publications(&controller, 1).await,
        Ok(vec![publication])
    );
    assert_eq!(store.publications(&acme(), 0).await, Ok(vec![]));
    let standing = service.standing().await.unwrap();
    assert_eq!(
        standing,
        Some(Standing::Superseded("2026-12-01".to_owned()))
    );
    // Banner: shown while the change is new.
    assert!(service.shown_change(world.clock.now()).is_some());
    world.on_day(31);
    assert!(service.shown_change(world.clock.now()).is_none());
}

/// S2-06, S4-08: the file says how its change is announced, and no less than what it is.
async fn a_version_that_says_too_little_is_refused(database: &TestDatabase) {
    let world = World::default();
    let service = world.process(database, Policy::demo()).await;
    let publish = async |to, change| {
        let policy = version("2026-12-01", PENDING, to, change);
        service.publish(&policy).await.unwrap_err()
    };
    let longer = "after = \"24 months\"";
    let understated = "announce = [\"mail\"]\nsubstantial = false";
    let refused = publish(longer, understated).await;
    assert!(matches!(&refused, PublishError::Understated(why) if why == &[Class::Longer]));
    let refused = publish(longer, "announce = [\"banner\"]").await;
    assert!(matches!(refused, PublishError::NotMailed));
    let refused = publish("after = \"11 months\"", "announce = [\"mail\"]").await;
    assert!(matches!(refused, PublishError::AnnouncedNowhere));
    let silent = DEMO.replacen("2026-11-01", "2026-12-01", 1);
    let refused = service
        .publish(&Policy::parse(&silent, "policy.toml").unwrap())
        .await;
    assert!(
        matches!(refused, Err(PublishError::NoChange)),
        "{refused:?}"
    );
    assert_eq!(service.versions().await.unwrap().len(), 1);
}

/// S4-08: unsubscribed people too, erased ones not, nobody twice, whatever is killed in between.
async fn everybody_held_is_told_of_a_substantial_change_exactly_once(database: &TestDatabase) {
    const PEOPLE: usize = 620;
    let world = World::default();
    let service = world.process(database, Policy::demo()).await;
    for number in 0..PEOPLE {
        sign_up(&service, number).await;
    }
    service.erase_for(&address(7)).await.unwrap();
    world.on_day(1);
    service.publish(&longer()).await.unwrap();
    sign_up(&service, PEOPLE).await;

    // The first worker is gone after its first batch.
    let turns = AtomicU32::new(0);
    let after_one = || turns.fetch_add(1, Ordering::SeqCst) > 0;
    let (a, b) = (worker("a"), worker("b"));
    service
        .run_job(Job::Announce, &a, &after_one)
        .await
        .unwrap();
    let never = || false;
    let (one, two) = tokio::join!(
        service.run_job(Job::Announce, &a, &never),
        service.run_job(Job::Announce, &b, &never),
    );
    assert!(one.is_ok() || two.is_ok());
    service.run_job(Job::Announce, &b, &never).await.unwrap();
    service.run_job(Job::Announce, &b, &never).await.unwrap();

    while service.dispatch(&a, &never).await.unwrap().sent > 0 {}
    let letters = world.mailer.0.lock().unwrap();
    let told: Vec<_> = letters
        .iter()
        .filter(|(kind, ..)| *kind == LetterKind::NoticeChange)
        .collect();
    assert!(
        told.iter()
            .all(|(_, _, version)| version.as_deref() == Some("2026-12-01"))
    );
    let people: BTreeSet<_> = told.iter().map(|(_, person, _)| person).collect();
    assert_eq!((told.len(), people.len()), (PEOPLE - 1, PEOPLE - 1));
}

async fn letters_of_a_version_are_noted_by_one_worker_alone(database: &TestDatabase) {
    let world = World::default();
    let service = world.process(database, Policy::demo()).await;
    service.publish(&longer()).await.unwrap();
    let store = database.store().await;
    let controller = service.policy().controller.id.clone();
    let open = store.open_announcement(&controller).await.unwrap().unwrap();
    let step = async |from: &OpenAnnouncement, to| {
        let mut unit = store.begin().await.unwrap();
        let noted = unit.advance_announcement(&controller, from, to).await;
        unit.commit().await.unwrap();
        noted
    };
    let told = AnnouncementStep::Told(SubjectId(u64::MAX));
    assert_eq!(step(&open, told).await, Ok(()));
    assert_eq!(step(&open, told).await, Err(StoreError::Conflict));
    let open = store.open_announcement(&controller).await.unwrap().unwrap();
    assert_eq!(open.told_to, Some(SubjectId(u64::MAX)));
    assert_eq!(step(&open, AnnouncementStep::Ended(now())).await, Ok(()));
    assert_eq!(store.open_announcement(&controller).await, Ok(None));
}

/// Issue 4: a longer period never reaches back to data collected under a shorter promise.
async fn what_was_promised_earlier_is_kept(database: &TestDatabase) {
    let world = World::default();
    let before = world.process(database, Policy::demo()).await;
    sign_up(&before, 1).await;
    world.on_day(1);
    before.publish(&longer()).await.unwrap();
    let after = world.process(database, longer()).await;
    sign_up(&after, 2).await;

    let purge = async |day| {
        world.on_day(day);
        let job = Job::Purge(PurgeReason::Unconfirmed);
        let worker = WorkerId("w".to_owned());
        after.run_job(job, &worker, &|| false).await.unwrap();
        database.count("consentry_subjects").await
    };
    assert_eq!(purge(364).await, 2);
    assert_eq!(purge(365).await, 1);
    // 24 months from the day after: 2028 is a leap year.
    assert_eq!(purge(731).await, 1);
    assert_eq!(purge(732).await, 0);
}
