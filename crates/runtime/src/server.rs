//! The accept loop: bounded connections, bounded headers, graceful end.
//!
//! `axum::serve` never closes a client that sends its headers drop by drop, so the loop is our
//! own: HTTP/1.1 with a timer on the header, and a limit on connections.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, warn};

/// For a whole request header, and for an idle connection between two requests.
const HEADER: Duration = Duration::from_secs(10);
/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For requests under way when the server stops.
const DRAIN: Duration = Duration::from_secs(20);
/// Open connections; a client beyond waits in the listen queue.
const CONNECTIONS: usize = 10_000;
/// Request head, in bytes.
const HEAD: usize = 16 * 1024;

/// Serves until `stop` is cancelled, then lets what is under way end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (stream, client, slot) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &slots) => match accepted {
                Some(accepted) => accepted,
                None => continue,
            },
        };
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, client, router, watcher).await,
                Some(tls) => {
                    let handshake = timeout(HANDSHAKE, tls.accept(stream)).await;
                    if let Ok(Ok(stream)) = handshake {
                        connection(stream, client, router, watcher).await;
                    } else {
                        debug!("TLS handshake failed");
                    }
                }
            }
            drop(slot);
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        warn!("some requests did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, client)) => {
            if let Err(error) = stream.set_nodelay(true) {
                debug!(%error, "TCP_NODELAY is not set");
            }
            Some((stream, client, slot))
        }
        Err(error) => {
            // Out of file descriptors, mostly: give connections time to end.
            warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    client: SocketAddr,
    router: Router,
    watcher: Watcher,
) {
    let service = router.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(ConnectInfo(client));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        debug!(%error, "a connection ended early");
    }
}
