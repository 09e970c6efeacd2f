//! The dispatcher over a real store, with a mailer that does what a test says: one letter's trouble
//! is that letter's.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{Channel, LetterKind, SignUp, SubjectId};
use consentry_policy::{Language, Policy};
use consentry_service::{
    DispatchReport, Parts, PublicUrl, Service,
    ports::{
        Clock, Delivery, Letter, LetterChoice, LetterState, Mailer, MailerError, Reason, WorkerId,
    },
};
use consentry_token::Tokens;
use jiff::Timestamp;

use crate::{
    fixtures::now,
    support::{Numbers, TestDatabase, ring},
};

on_both! {
    a_letter_that_panics_is_put_aside_and_the_others_go,
    a_record_that_cannot_be_read_is_a_dead_letter_and_the_others_go,
    a_relay_that_takes_nothing_is_left_alone_and_asked_by_one_letter,
    what_the_operator_has_to_mend_waits_and_goes_when_it_is_mended,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Ends each hand-over as the script says; `None` is a panic.
struct Scripted {
    script: Mutex<Box<Script>>,
    asked: AtomicUsize,
}

type Script = dyn Fn(&Letter) -> Option<Delivery> + Send + Sync;

impl Scripted {
    fn now_does(&self, script: impl Fn(&Letter) -> Option<Delivery> + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Mailer for Scripted {
    async fn deliver(&self, letter: &Letter) -> Delivery {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let ended = (self.script.lock().unwrap())(letter);
        ended.expect("a letter that panics")
    }

    fn concurrency(&self) -> usize {
        4
    }

    async fn forget(&self, _: &[SubjectId]) -> Result<(), MailerError> {
        Ok(())
    }
}

struct House {
    service: Service,
    mailer: Arc<Scripted>,
}

impl House {
    /// A service in whose outbox as many confirmations wait.
    async fn with_letters(database: &TestDatabase, count: usize) -> Self {
        let mailer = Arc::new(Scripted {
            script: Mutex::new(Box::new(|_| Some(Delivery::Accepted))),
            asked: AtomicUsize::new(0),
        });
        let service = Service::new(Parts {
            policy: Policy::demo(),
            store: Arc::new(database.store().await),
            mailer: Arc::clone(&mailer) as Arc<dyn Mailer>,
            tokens: Tokens::new(Arc::new(ring())),
            public_url: PublicUrl::parse("https://portal.example").unwrap(),
            clock: Arc::new(Noon),
            random: Arc::new(Numbers),
        });
        for number in 0..count {
            let topics = service.policy().default_topics();
            let sign_up = SignUp {
                address: EmailAddress::parse(&format!("p{number}@example.org")).unwrap(),
                topics: topics.map(|topic| topic.id.clone()).collect(),
                language: Language::En,
                channel: Channel::Form,
            };
            service.sign_up(sign_up).await.unwrap();
        }
        Self { service, mailer }
    }

    async fn dispatch(&self) -> DispatchReport {
        let worker = WorkerId("a".to_owned());
        self.service.dispatch(&worker, &|| false).await.unwrap()
    }

    async fn troubles(&self) -> Vec<(LetterState, Reason, u64)> {
        let status = self.service.outbox_status().await.unwrap();
        let troubles = status.troubles.iter();
        troubles
            .map(|counted| (counted.state, counted.trouble.reason, counted.letters))
            .collect()
    }
}

async fn a_letter_that_panics_is_put_aside_and_the_others_go(database: &TestDatabase) {
    let house = House::with_letters(database, 6).await;
    house
        .mailer
        .now_does(|letter| (letter.to.expose() != "p3@example.org").then_some(Delivery::Accepted));
    let report = house.dispatch().await;
    assert_eq!((report.sent, report.uncertain), (5, 1));
    let panicked = [(LetterState::Uncertain, Reason::Panicked, 1)];
    assert_eq!(house.troubles().await, panicked);
    assert!(house.dispatch().await.is_empty(), "it is not met again");
}

async fn a_record_that_cannot_be_read_is_a_dead_letter_and_the_others_go(database: &TestDatabase) {
    let house = House::with_letters(database, 3).await;
    let damaged = "UPDATE consentry_subjects SET wrapped_key = sealed_address
                   WHERE id = (SELECT min(id) FROM consentry_subjects)";
    database.execute(damaged).await;
    let report = house.dispatch().await;
    assert_eq!((report.sent, report.failed), (2, 1));
    let unreadable = [(LetterState::Failed, Reason::Unreadable, 1)];
    assert_eq!(house.troubles().await, unreadable);
}

async fn a_relay_that_takes_nothing_is_left_alone_and_asked_by_one_letter(database: &TestDatabase) {
    let house = House::with_letters(database, 20).await;
    let down = |_: &Letter| Some(Delivery::Deferred(Reason::RelayDown.into()));
    house.mailer.now_does(down);
    let report = house.dispatch().await;
    assert!((1..=4).contains(&report.deferred), "{report:?}");
    let asked = house.mailer.asked();
    assert!(house.dispatch().await.is_empty());
    assert_eq!(house.mailer.asked(), asked, "it is left alone");

    // What the operator does is worth a look.
    let all = LetterChoice::AllMended;
    assert_eq!(house.service.retry_letters(&all).await.unwrap(), 20);
    house.mailer.now_does(|_| Some(Delivery::Accepted));
    assert_eq!(house.dispatch().await.sent, 20);
}

async fn what_the_operator_has_to_mend_waits_and_goes_when_it_is_mended(database: &TestDatabase) {
    let house = House::with_letters(database, 5).await;
    let refused = |_: &Letter| Some(Delivery::Deferred(Reason::Sender.into()));
    house.mailer.now_does(refused);
    let report = house.dispatch().await;
    assert_eq!((report.deferred, report.for_operator), (5, 5));
    let waiting = [(LetterState::Queued, Reason::Sender, 5)];
    assert_eq!(house.troubles().await, waiting);
    house
        .mailer
        .now_does(|letter| (letter.kind == LetterKind::Confirmation).then_some(Delivery::Accepted));
    let all = LetterChoice::AllMended;
    assert_eq!(house.service.retry_letters(&all).await.unwrap(), 5);
    assert_eq!(house.dispatch().await.sent, 5);
    assert_eq!(house.troubles().await, []);
}
