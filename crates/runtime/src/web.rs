//! The server: pages and JSON, and on the embedded default the worker loop too.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tracing::info;

use crate::{
    Failure, SettingsArgs, app::App, config::Config, paths, server, settings::Settings, shutdown,
    telemetry, tls, worker,
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
    let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
    let app = App::open(&settings).await?;
    app.prepare_schema(&settings).await?;

    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| Failure::usage(format!("listen: {}: {error}", settings.listen)))?;
    let bound: SocketAddr = listener
        .local_addr()
        .map_err(|error| Failure::usage(format!("listen: {error}")))?;
    let service = app.service(&settings, bound)?;
    let router = app.router(&settings, service.clone())?;

    let worker = settings.embedded_worker.then(|| {
        let (service, interval, stop) = (service.clone(), settings.job_interval, stop.clone());
        tokio::spawn(async move { worker::run(&service, interval, stop).await })
    });
    let scheme = if tls.is_some() { "https" } else { "http" };
    say_ready(&format!("listening on {scheme}://{bound}"));
    info!(public_url = service.public_url().as_ref(), "ready");
    let proxies = settings.trusted_proxies.clone();
    server::serve(listener, tls, router, proxies, stop).await;
    if let Some(worker) = worker {
        // Letters under way are settled before the process ends.
        let _ = worker.await;
    }
    app.close().await;
    Ok(())
}

/// The line that the contract promises on stdout.
#[expect(clippy::print_stdout, reason = "the contract's line on stdout")]
fn say_ready(line: &str) {
    println!("{line}");
}
