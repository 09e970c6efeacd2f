//! The object graph: settings become a store, a mailer, a service and a router.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use consentry::{KeyFile, SystemClock, SystemRandom, new_key_ring};
use consentry_keys::{KeyRing, KeySource};
use consentry_policy::Policy;
use consentry_service::{Parts, PublicUrl, Service, Standing, ports::Store};
use consentry_storage::SeaOrmStore;
use consentry_token::Tokens;
use consentry_web::{Draining, Options};
use consentry_webhook::HttpNotifier;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    Failure,
    journal::{self, Kept},
    mailing, paths, policy_file,
    settings::Settings,
};

/// What every program has open.
pub(crate) struct App {
    policy: Policy,
    keys: Arc<KeyFile>,
    store: SeaOrmStore,
}

impl App {
    /// Reads the policy and the keys, and connects to the database.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        paths::private_folder(&settings.data_dir)?;
        if settings.is_sqlite {
            Self::make_keys(settings).await?;
        }
        Self::with_keys(settings).await
    }

    /// The same with a key ring that is there.
    pub(crate) async fn with_keys(settings: &Settings) -> Result<Self, Failure> {
        let policy = policy(settings)?;
        paths::private_folder(&settings.data_dir)?;
        let keys = Arc::new(KeyFile::open(&settings.keys_file)?);
        let store = connect(settings, keys.clone()).await?;
        Ok(Self {
            policy,
            keys,
            store,
        })
    }

    /// Makes the key ring where there is none. Not beside a database that holds people: their ring
    /// is lost or elsewhere, and a new one could not read them.
    pub(crate) async fn make_keys(settings: &Settings) -> Result<(), Failure> {
        if settings.keys_file.exists() {
            return Ok(());
        }
        let store = connect(settings, Arc::new(new_key_ring())).await?;
        let holds_people = store.holds_people().await;
        store.close().await?;
        if holds_people? {
            return Err(Failure::usage(format!(
                "{}: there is no key ring, and the database holds people that only theirs can \
                 read; restore it from its backup, or set keys_file to where it is",
                settings.keys_file.display()
            )));
        }
        Ok(KeyFile::create(&settings.keys_file)?)
    }

    /// Brings the schema up to date on the embedded database; elsewhere it must be current.
    pub(crate) async fn prepare_schema(&self, settings: &Settings) -> Result<(), Failure> {
        self.store.attend().await?;
        if settings.is_sqlite {
            self.store.migrate().await?;
        }
        self.require_schema().await
    }

    /// Ends the program when the schema is not the one it was built for, or a restore is under way
    /// or unfinished. Keeps restores away for as long as the program runs.
    pub(crate) async fn require_schema(&self) -> Result<(), Failure> {
        self.store.attend().await?;
        Ok(self.store.check().await?)
    }

    /// Applies what is missing; answers with how many migrations that were.
    pub(crate) async fn migrate(&self) -> Result<usize, Failure> {
        self.store.attend().await?;
        Ok(self.store.migrate().await?)
    }

    /// The use cases; `listen` is the base of links where no public URL is set.
    pub(crate) fn service(
        &self,
        settings: &Settings,
        listen: SocketAddr,
    ) -> Result<Service, Failure> {
        let store = Arc::new(self.store.clone());
        let notifier = Arc::new(notifier(settings)?);
        let service = Service::new(Parts {
            policy: self.policy.clone(),
            store: store.clone(),
            mailer: Arc::new(mailing::postman(settings, &self.policy)?),
            tokens: Tokens::new(self.keys.clone()),
            public_url: public_url(settings, listen)?,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        });
        Ok(service
            .with_api_keys(store.clone())
            .with_retention(store.clone())
            .with_webhooks(store, notifier))
    }

    /// Enters a first version, and says when the policy of this process is not the version in force.
    pub(crate) async fn adopt_policy(service: &Service) -> Result<(), Failure> {
        let own = service.policy().version.clone();
        match service.adopt_policy().await? {
            Standing::InForce => {}
            Standing::NotYet(from) => {
                warn!(version = %own, %from, "the policy is not in force yet");
            }
            Standing::Superseded(in_force) => warn!(
                version = %own, %in_force,
                "a later version of the policy is in force: start this process with it"
            ),
            Standing::Unpublished(in_force) => warn!(
                version = %own, %in_force,
                "the policy is not published: run `consentry-admin policy publish`"
            ),
        }
        Ok(())
    }

    /// The pages.
    pub(crate) fn router(
        &self,
        settings: &Settings,
        service: Service,
        draining: Draining,
    ) -> Result<Router, Failure> {
        // A proxy in front makes every visitor look local.
        let is_local = service.public_url().is_loopback() && settings.trusted_proxies.is_empty();
        let options = Options {
            trusted_proxies: settings.trusted_proxies.clone(),
            limits: settings.limits(&self.policy),
            proof_of_work: settings.proof_of_work,
            mailbox: if is_local {
                mailing::mailbox(settings)?
            } else {
                None
            },
            static_dir: settings.static_dir.clone(),
            draining,
        };
        Ok(consentry_web::router(service, options))
    }

    /// The key ring in force.
    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys).ring()
    }

    /// Keeps the journal file until `stop`.
    pub(crate) fn keep_journal(
        &self,
        settings: &Settings,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let kept = Kept::of(&self.policy);
        journal::keep(
            self.store.clone(),
            settings.journal_file.clone(),
            kept,
            stop,
        )
    }

    /// Brings the journal file to where the database is.
    pub(crate) async fn look_into_journal(&self, settings: &Settings) {
        let kept = Kept::of(&self.policy);
        journal::look_once(&self.store, &settings.journal_file, &kept).await;
    }

    /// The store, for what concerns keys and no person.
    pub(crate) fn store(&self) -> &SeaOrmStore {
        &self.store
    }

    /// Closes the database in order.
    pub(crate) async fn close(self) {
        if let Err(error) = self.store.close().await {
            warn!(%error, "the database was not closed in order");
        }
    }
}

/// The policy in force: the file's, with the sender that the operator names.
pub(crate) fn policy(settings: &Settings) -> Result<Policy, Failure> {
    let mut policy = policy_file::load(settings.policy.as_deref())?;
    if let Some(from) = &settings.mail_from {
        policy.mail.from = from.clone();
    }
    Ok(policy)
}

/// Who tells the endpoints of webhooks.
fn notifier(settings: &Settings) -> Result<HttpNotifier, Failure> {
    match &settings.webhook_ca_file {
        None => HttpNotifier::new(),
        Some(path) => HttpNotifier::trusting(path),
    }
    .map_err(|error| Failure::usage(format!("webhook_ca_file: {error}")))
}

fn public_url(settings: &Settings, listen: SocketAddr) -> Result<PublicUrl, Failure> {
    if let Some(url) = &settings.public_url {
        return Ok(url.clone());
    }
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let leads_nowhere = mailing::relay_is_remote(settings)? || listen.ip().is_unspecified();
    let url = PublicUrl::parse(&format!("{scheme}://{listen}")).ok();
    url.filter(|_| !leads_nowhere).ok_or_else(|| {
        Failure::usage("public_url: set it to the https address under which visitors see the site")
    })
}

async fn connect(settings: &Settings, keys: Arc<dyn KeySource>) -> Result<SeaOrmStore, Failure> {
    let url = settings.database_url.expose_secret();
    Ok(SeaOrmStore::connect(url, keys, Arc::new(SystemRandom)).await?)
}

/// Runs a program on a runtime of its own.
pub(crate) fn block_on(program: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("no runtime: {error}")))?;
    let ended = runtime.block_on(program);
    runtime.shutdown_timeout(Duration::from_secs(5));
    ended
}
