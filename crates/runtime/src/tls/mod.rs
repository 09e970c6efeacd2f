//! TLS in the server, by rustls; certificates are renewed without a restart.

mod validity;

use std::{
    fmt,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use consentry::SystemClock;
use consentry_service::ports::Clock as _;
use jiff::Timestamp;
use metrics::{describe_gauge, gauge};
use rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Failure, settings::TlsFiles};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(10);

const EXPIRY: &str = "consentry_tls_certificate_expiry_timestamp_seconds";

/// The certificate and key in force.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// A certificate chain with its key, and until when it is good.
pub(crate) struct Loaded {
    key: CertifiedKey,
    /// The end of the first certificate of the chain.
    pub(crate) not_after: Timestamp,
}

impl Certificates {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Files that cannot be read, do not belong together or are out of their time.
    pub(crate) fn load(files: &TlsFiles) -> Result<Arc<Self>, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let loaded = load(files, &provider).map_err(Failure::usage)?;
        describe_gauge!(EXPIRY, "When the certificate of the server ends");
        Ok(Arc::new(Self {
            files: files.clone(),
            provider,
            current: RwLock::new(loaded.in_force()),
        }))
    }

    /// Accepts TLS 1.2 and later, HTTP/1.1, with whatever certificate is in force then.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, Failure> {
        let mut config = rustls::ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::usage(format!("TLS: {error}")))?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again when they have changed, or at SIGHUP. What cannot be used is left, with
    /// a warning: the certificate may have been replaced a moment before its key.
    pub(crate) async fn keep_current(self: Arc<Self>, stop: CancellationToken) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            warn!("SIGHUP is not heard");
            return;
        };
        let mut seen = Stamp::of(&self.files);
        let mut complained = None;
        loop {
            let is_asked = tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
            let stamp = Stamp::of(&self.files);
            if stamp == seen && !is_asked {
                continue;
            }
            match load(&self.files, &self.provider) {
                Ok(loaded) => {
                    info!(until = %loaded.not_after, "the certificate was read again");
                    let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                    *current = loaded.in_force();
                    seen = stamp;
                    complained = None;
                }
                Err(problem) if complained.as_ref() != Some(&stamp) || is_asked => {
                    warn!("the certificate in force stays: {problem}");
                    complained = Some(stamp);
                }
                Err(_) => {}
            }
        }
    }
}

impl Loaded {
    fn in_force(self) -> Arc<CertifiedKey> {
        gauge!(EXPIRY).set(self.not_after.as_duration().as_secs_f64());
        Arc::new(self.key)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(current.clone())
    }
}

/// Until when the certificate in the files is good.
pub(crate) fn ends(files: &TlsFiles) -> Result<Timestamp, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(load(files, &provider)?.not_after)
}

fn load(files: &TlsFiles, provider: &CryptoProvider) -> Result<Loaded, String> {
    let at = |path: &Path, problem: &dyn fmt::Display| format!("{}: {problem}", path.display());
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| at(&files.certificate, &error))?;
    let Some(first) = certificates.first() else {
        return Err(at(&files.certificate, &"holds no certificate in PEM form"));
    };
    let unreadable = || at(&files.certificate, &"the certificate cannot be read");
    let (not_before, not_after) = validity::of(first).ok_or_else(unreadable)?;
    let now = SystemClock.now();
    if now > not_after {
        let problem = format!("the certificate expired at {not_after}; renew it");
        return Err(at(&files.certificate, &problem));
    }
    if now < not_before {
        let problem =
            format!("the certificate begins at {not_before}; is this machine's clock right?");
        return Err(at(&files.certificate, &problem));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| at(&files.key, &error))?;
    let key = CertifiedKey::from_der(certificates, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => at(
            &files.key,
            &format!("is not the key of {}", files.certificate.display()),
        ),
        error => at(&files.key, &error),
    })?;
    Ok(Loaded { key, not_after })
}

/// What tells one state of the files from another.
#[derive(PartialEq, Eq)]
struct Stamp([Option<(u64, i64, i64, u64)>; 2]);

impl Stamp {
    fn of(files: &TlsFiles) -> Self {
        let stamp = |found: io::Result<Metadata>| {
            let found = found.ok()?;
            Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
        };
        Self([&files.certificate, &files.key].map(|path| stamp(fs::metadata(path))))
    }
}
