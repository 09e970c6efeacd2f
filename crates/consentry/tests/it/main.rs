//! An application's view of the crate, and how it tests with it: a SQLite file, letters in memory,
//! a clock of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use consentry::{
    BuildError, Builder, Channel, Consentry, EmailAddress, Error, Language, Policy, SeaOrmStore,
    Service, SignUp, Worker,
    keys::KeySource,
    mail::MemoryMailbox,
    new_key_ring,
    policy::Period,
    sea_orm::{ConnectOptions, Database, DatabaseConnection, TransactionTrait},
    service::ports::{Clock, StoreError},
};
use jiff::Timestamp;
use tempfile::TempDir;

/// A clock that is set by hand.
struct SetClock(Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// An application under test.
struct Application {
    folder: TempDir,
    database: DatabaseConnection,
    clock: Arc<SetClock>,
    letters: MemoryMailbox,
    consentry: Consentry,
}

async fn open(folder: &Path) -> DatabaseConnection {
    let url = format!("sqlite://{}", folder.join("app.db").display());
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(true));
    Database::connect(options).await.unwrap()
}

fn builder(database: &DatabaseConnection) -> Builder {
    let public_url = "https://example.org/privacy-centre".parse().unwrap();
    Consentry::builder(Policy::demo(), public_url, database.clone())
}

impl Application {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = open(folder.path()).await;
        let start = "2026-11-22T10:00:00Z".parse().unwrap();
        let clock = Arc::new(SetClock(Mutex::new(start)));
        let letters = MemoryMailbox::default();
        let consentry = builder(&database)
            .keys(Arc::new(new_key_ring()))
            .memory(letters.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        consentry.migrate().await.unwrap();
        Self {
            folder,
            database,
            clock,
            letters,
            consentry,
        }
    }

    /// Lets a period pass.
    fn pass(&self, period: Period) {
        let zone = &self.consentry.service().policy().calendar;
        let mut now = self.clock.0.lock().unwrap();
        *now = period.after(*now, zone);
    }

    /// One pass of every job.
    async fn work(&self) {
        let never = std::future::pending();
        self.consentry.worker().run_once(never).await.unwrap();
    }

    fn request(&self, address: &EmailAddress) -> SignUp {
        let topics = self.consentry.service().policy().default_topics();
        SignUp {
            address: address.clone(),
            topics: topics.map(|topic| topic.id.clone()).collect(),
            language: Language::En,
            channel: Channel::Form,
        }
    }

    /// The token behind the button of the newest letter that has one.
    fn newest_confirmation(&self) -> String {
        let letters = self.letters.letters().into_iter().rev();
        let mut urls = letters.filter_map(|kept| kept.letter.confirm_url);
        let url = urls.next().unwrap();
        let (base, token) = url.expose().rsplit_once('/').unwrap();
        assert_eq!(base, "https://example.org/privacy-centre/confirm");
        token.to_owned()
    }

    async fn state(&self, address: &EmailAddress) -> Result<&'static str, Error> {
        let shown = self.consentry.service().show(address).await;
        shown.map(|person| person.state)
    }
}

fn anna() -> EmailAddress {
    EmailAddress::parse("anna@example.org").unwrap()
}

#[tokio::test]
async fn a_subscription_is_tested_with_letters_in_memory_and_a_clock_that_is_set() {
    let application = Application::new().await;
    let service = application.consentry.service();
    service.sign_up(application.request(&anna())).await.unwrap();
    application.work().await;
    let token = application.newest_confirmation();
    service.confirm(&token).await.unwrap();
    assert_eq!(application.state(&anna()).await.unwrap(), "confirmed");

    service.erase_for(&anna()).await.unwrap();
    let grace = service.policy().retention().erased;
    application.pass(grace);
    application.work().await;
    assert!(!application.consentry.store().holds_people().await.unwrap());
    assert!(
        application.letters.letters().is_empty(),
        "forgotten as well"
    );
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the application's own transactions"
)]
async fn use_cases_run_inside_a_transaction_of_the_application() {
    let application = Application::new().await;
    let (consentry, database) = (&application.consentry, &application.database);
    let anna = anna();

    let transaction = database.begin().await.unwrap();
    let within = consentry.within(&transaction);
    within.sign_up(application.request(&anna)).await.unwrap();
    // Somebody who is unknown is an error of that use case alone.
    let bert = EmailAddress::parse("bert@example.org").unwrap();
    let unknown = within.unsubscribe(&bert, Channel::Form).await;
    assert!(matches!(unknown, Err(Error::UnknownPerson)));
    transaction.commit().await.unwrap();
    assert_eq!(application.state(&anna).await.unwrap(), "pending");

    let transaction = database.begin().await.unwrap();
    let within = consentry.within(&transaction);
    within.erase(&anna, Channel::Form).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(application.state(&anna).await.unwrap(), "pending");

    application.work().await;
    let token = application.newest_confirmation();
    consentry.service().confirm(&token).await.unwrap();
    let transaction = database.begin().await.unwrap();
    let within = consentry.within(&transaction);
    within.rectify(&anna, &bert, Channel::Form).await.unwrap();
    transaction.commit().await.unwrap();
    application.work().await;
    let token = application.newest_confirmation();
    consentry.service().confirm(&token).await.unwrap();
    assert_eq!(application.state(&bert).await.unwrap(), "confirmed");

    let transaction = database.begin().await.unwrap();
    let within = consentry.within(&transaction);
    within.unsubscribe(&bert, Channel::Form).await.unwrap();
    within.erase(&bert, Channel::Form).await.unwrap();
    transaction.commit().await.unwrap();
    let hidden = application.state(&bert).await;
    assert!(matches!(hidden, Err(Error::UnknownPerson)));
}

#[tokio::test]
async fn a_key_ring_is_made_once_and_never_beside_people() {
    let application = Application::new().await;
    let path = application.folder.path().join("keys.toml");
    let build = async || {
        builder(&application.database)
            .keys_file(&path)
            .memory(MemoryMailbox::default())
            .build()
            .await
    };
    let first = build().await.unwrap();
    let made = std::fs::read(&path).unwrap();
    build().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), made);

    let request = application.request(&anna());
    first.service().sign_up(request).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(build().await, Err(BuildError::KeysLost { .. })));
    assert!(!path.exists());
}

#[tokio::test]
async fn what_is_missing_is_said_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path()).await;
    let keys = folder.path().join("keys.toml");
    let no_mailer = builder(&database).keys_file(&keys).build().await;
    assert!(matches!(no_mailer, Err(BuildError::NoMailer)));
    assert!(!keys.exists());
    let no_keys = builder(&database).memory(MemoryMailbox::default());
    assert!(matches!(no_keys.build().await, Err(BuildError::NoKeys)));
    let secret = "smtp://anna:pass-phrase@";
    let wrong = builder(&database).keys_file(&keys).smtp(secret);
    assert!(!format!("{wrong:?}").contains("pass-phrase"));
    let wrong = wrong.build().await.unwrap_err();
    assert!(matches!(wrong, BuildError::SmtpUrl(_)));
    assert!(!format!("{wrong} {wrong:?}").contains("pass-phrase"));
}

/// Without migrations nothing is written, and the error says what is missing.
#[tokio::test]
async fn a_schema_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path()).await;
    let keys: Arc<dyn KeySource> = Arc::new(new_key_ring());
    let consentry = builder(&database)
        .keys(keys)
        .memory(MemoryMailbox::default())
        .build()
        .await
        .unwrap();
    let missing = consentry.service().check().await;
    assert!(matches!(missing, Err(StoreError::Schema { found: 0, .. })));
}

/// Handles go where an application needs them: into the state of handlers, and into tasks.
#[test]
fn handles_are_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    fn moved<T: Send + Sync + std::fmt::Debug + 'static>() {}
    shared::<Consentry>();
    shared::<Service>();
    shared::<SeaOrmStore>();
    moved::<Worker>();
    moved::<BuildError>();
    moved::<Error>();
}
