//! Graceful stop on SIGTERM and SIGINT.

use std::time::Duration;

use consentry_web::Draining;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::Failure;

/// How long what is under way may take to end: a little longer than requests and hand-overs have,
/// which end by themselves where the database answers.
const END: Duration = Duration::from_secs(25);

/// A token that is cancelled by the first signal; the second one ends the process at once.
pub(crate) fn on_signal() -> Result<CancellationToken, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::usage(format!("signals: {error}")));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        for is_last in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if is_last {
                std::process::exit(130);
            }
            info!("stopping");
            stop.cancel();
        }
    });
    Ok(token)
}

/// From the stop on, `/readyz` says no; the token that is returned, which closes the door, is
/// cancelled `delay` later. Meanwhile a load balancer notices, and whoever comes is served.
pub(crate) fn drain(
    stop: CancellationToken,
    draining: Draining,
    delay: Duration,
) -> CancellationToken {
    let close = CancellationToken::new();
    let closing = close.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        draining.begin();
        tell_manager(NotifyState::Stopping);
        tokio::time::sleep(delay).await;
        closing.cancel();
    });
    close
}

/// Waits for the end of `work`, for a limited time once the stop has come: nobody waits for a
/// database that has gone silent. What is given up is as after a crash: transactions are undone, and
/// leases run out.
pub(crate) async fn in_time<T>(
    stop: &CancellationToken,
    work: impl Future<Output = T>,
) -> Option<T> {
    let limit = async {
        stop.cancelled().await;
        tokio::time::sleep(END).await;
    };
    tokio::select! {
        ended = work => Some(ended),
        () = limit => {
            warn!("some work did not end in time; it is taken up again later");
            None
        }
    }
}

/// Tells systemd, where it started this process and waits for a word (`Type=notify`).
pub(crate) fn ready() {
    tell_manager(NotifyState::Ready);
}

fn tell_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        debug!(%error, "the service manager was not told");
    }
}
