//! The object graph: settings become a store, a mailer, a service and a router.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use consentry_keys::KeyRing;
use consentry_policy::Policy;
use consentry_service::{Parts, PublicUrl, Service, ports::Store};
use consentry_storage::SeaOrmStore;
use consentry_token::Tokens;
use consentry_web::Options;
use secrecy::ExposeSecret;
use tracing::warn;

use crate::{
    Failure, key_file, mailing, paths, policy_file,
    settings::Settings,
    system::{SystemClock, SystemRandom},
};

/// What every program has open.
pub(crate) struct App {
    policy: Policy,
    keys: Arc<KeyRing>,
    store: SeaOrmStore,
}

impl App {
    /// Reads the policy and the keys, and connects to the database.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let policy = policy(settings)?;
        paths::private_folder(&settings.data_dir)?;
        let keys = Arc::new(key_file::load(&settings.keys_file, settings.is_sqlite)?);
        let url = settings.database_url.expose_secret();
        let store = SeaOrmStore::connect(url, keys.clone(), Arc::new(SystemRandom)).await?;
        Ok(Self {
            policy,
            keys,
            store,
        })
    }

    /// Brings the schema up to date on the embedded database; elsewhere it must be current.
    pub(crate) async fn prepare_schema(&self, settings: &Settings) -> Result<(), Failure> {
        if settings.is_sqlite {
            self.store.migrate().await?;
        }
        self.require_schema().await
    }

    /// Ends the program when the schema is not the one it was built for.
    pub(crate) async fn require_schema(&self) -> Result<(), Failure> {
        Ok(self.store.check().await?)
    }

    /// Applies what is missing; answers with how many migrations that were.
    pub(crate) async fn migrate(&self) -> Result<usize, Failure> {
        let before = self.store.migration_status().await?.applied;
        self.store.migrate().await?;
        let after = self.store.migration_status().await?.applied;
        Ok(after.saturating_sub(before))
    }

    /// The use cases; `listen` is the base of links where no public URL is set.
    pub(crate) fn service(
        &self,
        settings: &Settings,
        listen: SocketAddr,
    ) -> Result<Service, Failure> {
        Ok(Service::new(Parts {
            policy: self.policy.clone(),
            store: Arc::new(self.store.clone()),
            mailer: Arc::new(mailing::postman(settings, &self.policy)?),
            tokens: Tokens::new(self.keys.clone()),
            public_url: public_url(settings, listen)?,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }))
    }

    /// The pages.
    pub(crate) fn router(&self, settings: &Settings, service: Service) -> Result<Router, Failure> {
        let (per_client, total) = settings.limits(&self.policy);
        let options = Options {
            trusted_proxies: settings.trusted_proxies.clone(),
            per_client,
            total,
            mailbox: mailing::mailbox(settings)?,
            static_dir: settings.static_dir.clone(),
        };
        Ok(consentry_web::router(service, options))
    }

    /// The key ring.
    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
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

fn public_url(settings: &Settings, listen: SocketAddr) -> Result<PublicUrl, Failure> {
    if let Some(url) = &settings.public_url {
        return Ok(url.clone());
    }
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    PublicUrl::parse(&format!("{scheme}://{listen}")).map_err(|_| {
        Failure::usage("public_url: set it to the https address under which visitors see the site")
    })
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
