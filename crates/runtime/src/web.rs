//! The server: pages and JSON, and on the embedded default the worker loop too.

use std::net::SocketAddr;

use consentry_service::Worker;
use consentry_web::Draining;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::{
    Failure, SettingsArgs, app::App, config::Config, metrics::Metrics, paths, retention::Retention,
    server, settings::Settings, shutdown, telemetry, tls::Certificates,
};

/// The server's program; ends on SIGTERM or SIGINT.
pub fn web(args: &SettingsArgs) -> Result<(), Failure> {
    let settings = Settings::new(&Config::read(args)?)?;
    telemetry::start(&settings)?;
    crate::app::block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    let stop = shutdown::on_signal()?;
    if let Some(public) = &settings.static_dir {
        paths::keep_apart(public, &settings.private_paths())?;
    }
    let metrics = Metrics::start(&settings).await?;
    let certificates = settings.tls.as_ref().map(Certificates::load).transpose()?;
    let app = App::open(&settings).await?;
    app.prepare_schema(&settings).await?;

    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| Failure::usage(format!("listen: {}: {error}", settings.listen)))?;
    let bound: SocketAddr = listener
        .local_addr()
        .map_err(|error| Failure::usage(format!("listen: {error}")))?;
    let service = app.service(&settings, bound)?;
    App::adopt_policy(&service).await?;
    let draining = Draining::default();
    let router = app.router(&settings, service.clone(), draining.clone())?;
    let metrics =
        metrics.map(|metrics| metrics.serve(&settings, &app, service.clone(), draining.clone()));
    let close = shutdown::drain(stop.clone(), draining, settings.drain_delay);
    let tls = match certificates {
        None => None,
        Some(certificates) => {
            let acceptor = certificates.acceptor()?;
            tokio::spawn(certificates.keep_current(close.clone()));
            Some(acceptor)
        }
    };

    let worker = settings.embedded_worker.then(|| {
        let worker = Worker::new(service.clone()).every(settings.job_interval);
        let stop = stop.clone();
        tokio::spawn(async move {
            // A server whose worker died would take sign-ups that nobody answers: it ends as well.
            let _ended = stop.clone().drop_guard();
            worker.run(stop.cancelled_owned()).await;
        })
    });
    let retention = Retention::new(&settings, &app, &service);
    retention.warn_of_unknown();
    let journal = tokio::spawn(app.keep_journal(&settings, stop.clone()));
    let scheme = if tls.is_some() { "https" } else { "http" };
    say(&format!("listening on {scheme}://{bound}"));
    if let Some(metrics) = &metrics {
        say(&format!("metrics on http://{}", metrics.address()));
    }
    shutdown::ready();
    info!(public_url = service.public_url().as_ref(), "ready");
    let proxies = settings.trusted_proxies.clone();
    let served = Box::pin(async {
        tokio::join!(
            server::serve(listener, tls, router, proxies, close.clone()),
            async {
                if !settings.embedded_worker {
                    return;
                }
                if retention.archives() {
                    warn!(
                        "the policy archives, and the server never opens the archive: run \
                         consentry-worker beside it for the daily pass"
                    );
                } else {
                    retention.keep(stop).await;
                }
            },
        );
        // Letters under way are settled before the process ends.
        let ended = match worker {
            Some(worker) => worker.await,
            None => Ok(()),
        };
        let _ = journal.await;
        ended.map_err(|_| Failure::Found("the embedded worker panicked".to_owned()))
    });
    let ended = shutdown::in_time(&close, served).await;
    app.close().await;
    ended.unwrap_or(Ok(()))
}

/// The line that the contract promises on stdout, and the one after it.
#[expect(clippy::print_stdout, reason = "the contract's line on stdout")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
