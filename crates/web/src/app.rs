//! What all requests share.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use consentry_policy::Policy;
use consentry_service::{MOST_BITS, Service, ports::LocalMailbox};
use ipnet::IpNet;
use url::Url;

use crate::{
    Draining, Options,
    client::Client,
    limits::{Cause, Limits},
    pace::Pace,
    problem::Problem,
};

/// The state of the router. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

struct Parts {
    service: Service,
    limits: Limits,
    pace: Pace,
    proof_of_work: Option<u8>,
    trusted_proxies: Vec<IpNet>,
    mailbox: Option<Arc<dyn LocalMailbox>>,
    static_dir: Option<PathBuf>,
    base_path: String,
    draining: Draining,
}

impl App {
    pub(crate) fn new(service: Service, options: Options) -> Self {
        let base_path = Url::parse(service.public_url().as_ref())
            .map(|url| url.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        Self(Arc::new(Parts {
            pace: Pace::new(),
            limits: Limits::new(options.limits, service.policy()),
            proof_of_work: options.proof_of_work.map(|bits| bits.min(MOST_BITS)),
            trusted_proxies: options.trusted_proxies,
            mailbox: options.mailbox,
            static_dir: options.static_dir,
            base_path,
            draining: options.draining,
            service,
        }))
    }

    pub(crate) fn service(&self) -> &Service {
        &self.0.service
    }

    pub(crate) fn policy(&self) -> &Policy {
        self.0.service.policy()
    }

    /// Counts a visitor's request against the limits.
    ///
    /// # Errors
    /// [`Problem::TooMany`] when one is reached: the same for addresses that are held and others.
    pub(crate) async fn admit(&self, client: Client, cause: Cause<'_>) -> Result<(), Problem> {
        let admitted = self.0.limits.admit_client(client);
        admitted.map_err(Problem::TooMany)?;
        let admitted = self.admit_on_behalf(cause).await;
        admitted.map_err(Problem::TooMany)
    }

    /// Counts a request that a program hands on, whose own client is not the visitor: everything
    /// but the limit per client holds.
    ///
    /// # Errors
    /// How long to wait when a limit is reached.
    pub(crate) async fn admit_on_behalf(&self, cause: Cause<'_>) -> Result<(), Duration> {
        let is_tripped = self.service().is_breaker_tripped().await;
        self.0.limits.admit(cause, is_tripped)
    }

    /// Counts a visitor who waited instead of working.
    ///
    /// # Errors
    /// [`Problem::TooMany`] when too many have.
    pub(crate) fn admit_ticket(&self, client: Client) -> Result<(), Problem> {
        let admitted = self.0.limits.admit_ticket(client);
        admitted.map_err(Problem::TooMany)
    }

    /// When sign-ups are answered.
    pub(crate) fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// How hard the work before a sign-up is, in bits, when there is any.
    pub(crate) fn proof_of_work(&self) -> Option<u8> {
        self.0.proof_of_work
    }

    pub(crate) fn trusted_proxies(&self) -> &[IpNet] {
        &self.0.trusted_proxies
    }

    pub(crate) fn mailbox(&self) -> Option<Arc<dyn LocalMailbox>> {
        self.0.mailbox.clone()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.has_begun()
    }

    pub(crate) fn static_dir(&self) -> Option<&Path> {
        self.0.static_dir.as_deref()
    }

    /// The path of a page, below the path of the public URL.
    pub(crate) fn path(&self, page: &str) -> String {
        format!("{}{page}", self.0.base_path)
    }
}
