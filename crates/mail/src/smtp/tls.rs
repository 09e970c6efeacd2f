//! TLS towards the relay: the certificate is always verified (ASVS 12.3.2).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{Fault, SmtpError, SmtpSetupError, Stage};

/// Makes TLS connections to one host.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// Trusts the public authorities, or those of `ca` alone.
    pub(super) fn new(host: &str, ca: Option<&Path>) -> Result<Self, SmtpSetupError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| SmtpSetupError::Host)?;
        let mut roots = RootCertStore::empty();
        match ca {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let unreadable = || SmtpSetupError::Ca {
                    path: path.to_owned(),
                };
                let certificates = CertificateDer::pem_file_iter(path).map_err(|_| unreadable())?;
                for certificate in certificates {
                    let certificate = certificate.map_err(|_| unreadable())?;
                    roots.add(certificate).map_err(|_| unreadable())?;
                }
                if roots.is_empty() {
                    return Err(unreadable());
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(SmtpSetupError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
        })
    }

    /// Secures a connection; says which version of TLS it speaks.
    pub(super) async fn handshake(
        &self,
        tcp: TcpStream,
        limit: Duration,
    ) -> Result<(TlsStream<TcpStream>, Option<&'static str>), SmtpError> {
        let failed = |fault| SmtpError {
            stage: Stage::Tls,
            fault,
        };
        let stream = timeout(limit, self.connector.connect(self.name.clone(), tcp))
            .await
            .map_err(|_| failed(Fault::Timeout))?
            .map_err(|error| failed(Fault::network(error)))?;
        let version = stream.get_ref().1.protocol_version();
        Ok((stream, version.and_then(|version| version.as_str())))
    }
}
