//! The accept loop: bounded connections, bounded headers, graceful end.
//!
//! `axum::serve` never closes a client that sends its headers drop by drop, so the loop is our
//! own: HTTP/1.1 with a timer on the header, limits on connections, and a watch on lengths.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{
    Request,
    body::Incoming,
    header::{CONNECTION, HeaderValue, TRANSFER_ENCODING},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::{
    connections::{Connections, Place},
    wire::Watched,
};

/// For a whole request header, and for an idle connection between two requests.
const HEADER: Duration = Duration::from_secs(10);
/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For requests under way when the server stops.
const DRAIN: Duration = Duration::from_secs(20);
/// For both when connections are scarce.
const HASTE: Duration = Duration::from_secs(3);
/// Request head, in bytes.
const HEAD: usize = 16 * 1024;

/// Serves until `stop` is cancelled, then lets what is under way end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    trusted_proxies: Vec<IpNet>,
    stop: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(trusted_proxies);
    loop {
        let (stream, client, place) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &connections) => match accepted {
                Some(accepted) => accepted,
                None => continue,
            },
        };
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        let (header, handshake) = if connections.are_scarce() {
            (HASTE, HASTE)
        } else {
            (HEADER, HANDSHAKE)
        };
        tokio::spawn(async move {
            match tls {
                None => connection(stream, client, router, watcher, header).await,
                Some(tls) => {
                    let handshake = timeout(handshake, tls.accept(stream)).await;
                    if let Ok(Ok(stream)) = handshake {
                        connection(stream, client, router, watcher, header).await;
                    } else {
                        debug!("TLS handshake failed");
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        warn!("some requests did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Connections,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let slot = connections.slot().await?;
    match listener.accept().await {
        Ok((stream, client)) => {
            // Whoever holds too many gets no further: the socket is closed at once.
            let place = connections.place(client.ip(), slot)?;
            if let Err(error) = stream.set_nodelay(true) {
                debug!(%error, "TCP_NODELAY is not set");
            }
            Some((stream, client, place))
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
    header: Duration,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(client));
        // Where a chunked request ends is not watched, so nothing may follow it.
        let is_last = request.headers().contains_key(TRANSFER_ENCODING);
        let answered = router.clone().oneshot(request);
        async move {
            let mut answer = answered.await?;
            if is_last {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Watched::new(stream)), service);
    if let Err(error) = watcher.watch(connection).await {
        debug!(%error, "a connection ended early");
    }
}
