//! What all requests share.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use consentry_policy::Policy;
use consentry_service::{Service, ports::LocalMailbox};
use ipnet::IpNet;
use url::Url;

use crate::{Draining, Options, limits::Limits};

/// The state of the router. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

struct Parts {
    service: Service,
    limits: Limits,
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
            limits: Limits::new(options.per_client, options.total),
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

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
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
