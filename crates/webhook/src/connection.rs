//! One request over one connection.

use std::{io, path::Path, sync::Arc};

use consentry_service::ports::Notification;
use http_body_util::Full;
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, IpAddr, ServerName, pem::PemObject},
};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

use crate::{WebhookSetupError, signature::sign};

/// The most that the head of an answer may take, in octets.
const HEAD: usize = 16 * 1024;

/// Why there is no answer. Names no host and quotes nothing.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("connection: {}", .0.kind())]
    Network(#[from] io::Error),
    #[error("the answer is no HTTP")]
    Http(#[from] hyper::Error),
    #[error("the URL has no host that can be asked")]
    Url,
}

pub(crate) struct Client {
    tls: TlsConnector,
}

impl Client {
    pub(crate) fn new(authorities: Option<&Path>) -> Result<Self, WebhookSetupError> {
        let mut roots = RootCertStore::empty();
        match authorities {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let unusable = |_| WebhookSetupError::Authorities;
                for certificate in CertificateDer::pem_file_iter(path).map_err(unusable)? {
                    let added = roots.add(certificate.map_err(unusable)?);
                    added.map_err(|_| WebhookSetupError::Authorities)?;
                }
                if roots.is_empty() {
                    return Err(WebhookSetupError::Authorities);
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(WebhookSetupError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Sends a message; the status of the answer.
    pub(crate) async fn post(&self, notification: &Notification) -> Result<StatusCode, Fault> {
        let url = notification.url.expose();
        let request = request(url, notification)?;
        let port = url.port_or_known_default().ok_or(Fault::Url)?;
        let (stream, name) = match url.host().ok_or(Fault::Url)? {
            Host::Domain(name) => (
                TcpStream::connect((name, port)).await?,
                ServerName::try_from(name.to_owned()).map_err(|_| Fault::Url)?,
            ),
            Host::Ipv4(address) => (
                TcpStream::connect((address, port)).await?,
                ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V4(address))),
            ),
            Host::Ipv6(address) => (
                TcpStream::connect((address, port)).await?,
                ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V6(address))),
            ),
        };
        stream.set_nodelay(true)?;
        if url.scheme() == "https" {
            exchange(self.tls.connect(name, stream).await?, request).await
        } else {
            exchange(stream, request).await
        }
    }
}

fn request(url: &Url, notification: &Notification) -> Result<Request<Full<Bytes>>, Fault> {
    let body = serde_json::to_vec(&notification.payload).map_err(|_| Fault::Url)?;
    let timestamp = notification.sent_at.as_second();
    let signature = sign(
        &notification.secrets,
        notification.message,
        timestamp,
        &body,
    );
    Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(USER_AGENT, "consentry")
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .header("webhook-id", notification.message.to_string())
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(Full::new(body.into()))
        .map_err(|_| Fault::Url)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, Fault> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await?;
    // Ends with this function, whatever the endpoint still has to say.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    Ok(sender.send_request(request).await?.status())
}
