//! Consentry in your own application.
//!
//! [`Consentry`] is what an application mounts: the pages as an axum router, the worker loop as a
//! future to spawn, the use cases to call, and the same use cases inside a transaction of your own.
//! It stands on your SeaORM connection; its tables begin with `consentry_` and lie beside yours.
//!
//! ```no_run
//! use axum::Router;
//! use consentry::{Consentry, Policy};
//!
//! # async fn mount(database: consentry::sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
//! # let stop = async {};
//! let public_url = "https://example.org/privacy-centre".parse()?;
//! let consentry = Consentry::builder(Policy::demo(), public_url, database)
//!     .keys_file("data/keys.toml")
//!     .smtp("smtp://user:password@mail.example.org:587")
//!     .build()
//!     .await?;
//! consentry.migrate().await?;
//! let worker = tokio::spawn(consentry.worker().run(stop));
//! let pages = consentry.router(consentry.options());
//! let app: Router = Router::new().nest_service("/privacy-centre", pages);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/embedding.md` says how to mount it, what a prefix needs, what holds inside a transaction,
//! how to test with it and what not to do; `cargo run --example embedded` is a whole application.
//!
//! The parts are crates of their own, re-exported here as modules: who needs another composition
//! builds a [`Service`] out of [`Parts`](service::Parts). What this crate adds to
//! them is the operating system: its clock, its random source and the file of the key ring have
//! their one home here.
//!
//! Architecture invariant: no settings, no environment, no signal and no global state.

mod builder;
mod key_file;
mod system;
mod within;

use std::sync::Arc;

use axum::Router;
use sea_orm::DatabaseTransaction;

pub use consentry_address as address;
pub use consentry_domain as domain;
pub use consentry_keys as keys;
pub use consentry_mail as mail;
pub use consentry_policy as policy;
pub use consentry_service as service;
pub use consentry_storage as storage;
pub use consentry_token as token;
pub use consentry_transfer as transfer;
pub use consentry_web as web;
pub use sea_orm;

pub use builder::{BuildError, Builder};
pub use consentry_address::EmailAddress;
pub use consentry_domain::{Channel, SignUp};
pub use consentry_policy::{Language, Policy, TopicId};
pub use consentry_service::{Error, PublicUrl, Service, Worker};
pub use consentry_storage::SeaOrmStore;
pub use consentry_web::Options;
pub use key_file::{KeyFile, KeyFileChange, KeyFileError, SEEN_BY_ALL, new_key_ring};
pub use system::{SystemClock, SystemRandom};
pub use within::Within;

use consentry_service::ports::StoreError;

/// One controller's Consentry in an application. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Consentry {
    service: Service,
    store: Arc<SeaOrmStore>,
}

impl Consentry {
    /// The use cases: sign up, confirm, leave, erase, export and the rest.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The store: migrations, keys, units of work.
    pub fn store(&self) -> &SeaOrmStore {
        &self.store
    }

    /// Brings the tables up to date. Safe to run in several processes at once; where several
    /// versions of an application overlap, run it once before they start.
    ///
    /// # Errors
    /// Whatever the database refuses.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.store.migrate().await?;
        self.service.adopt_policy().await.map(drop)
    }

    /// The options of the pages as the policy has them, to be changed and given to
    /// [`router`](Self::router).
    pub fn options(&self) -> Options {
        Options::of(self.service.policy())
    }

    /// The pages. Mount them where the public URL points: at the top with [`Router::merge`], under
    /// its path with [`Router::nest_service`]. See [`consentry_web`].
    pub fn router(&self, options: Options) -> Router {
        consentry_web::router(self.service.clone(), options)
    }

    /// The background jobs: letters, the reminder, the purges. Without one that runs somewhere,
    /// nobody gets a letter and nothing is purged. Any number may run beside each other.
    pub fn worker(&self) -> Worker {
        Worker::new(self.service.clone())
    }

    /// The use cases inside a transaction of your own, on the same database.
    pub fn within<'t>(&'t self, transaction: &'t DatabaseTransaction) -> Within<'t> {
        Within::new(self, transaction)
    }
}

/// The examples of the project's documents, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[doc = include_str!("../../../docs/embedding.md")]
struct Documents;
