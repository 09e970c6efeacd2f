//! `metrics_listen`: Prometheus metrics and health on a second, private address.
//!
//! Counters say what this process did since it started; gauges are asked of the database, so that
//! all processes say the same. No label and no value is about a person.

mod database;
mod process;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use consentry_service::Service;
use consentry_web::Draining;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{Failure, app::App, server, settings::Settings};

use database::Figures;
pub(crate) use process::open_files;

/// From a page out of memory to a relay that thinks for minutes, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0,
];

/// How often the samples of histograms are put into their buckets while nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// A bound address, and what is counted from now on.
pub(crate) struct Metrics {
    listener: TcpListener,
    recorder: PrometheusHandle,
    bound: SocketAddr,
}

/// Serves until it is dropped.
pub(crate) struct Serving {
    bound: SocketAddr,
    _stop: DropGuard,
}

impl Serving {
    /// Where metrics are served.
    pub(crate) fn address(&self) -> SocketAddr {
        self.bound
    }
}

impl Metrics {
    /// Binds the address and begins to count; `None` where no address is set.
    pub(crate) async fn start(settings: &Settings) -> Result<Option<Self>, Failure> {
        let Some(address) = settings.metrics_listen else {
            return Ok(None);
        };
        let wrong = |error: String| Failure::usage(format!("metrics_listen: {address}: {error}"));
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| wrong(error.to_string()))?;
        let bound = listener
            .local_addr()
            .map_err(|error| wrong(error.to_string()))?;
        let suffix = Matcher::Suffix("_duration_seconds".to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(suffix, &BUCKETS)
            .map_err(|error| wrong(error.to_string()))?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| wrong(error.to_string()))?;
        consentry_service::describe_metrics();
        consentry_mail::describe_metrics();
        consentry_web::describe_metrics();
        database::describe();
        process::describe();
        Ok(Some(Self {
            listener,
            recorder: handle,
            bound,
        }))
    }

    /// Begins to serve.
    pub(crate) fn serve(
        self,
        settings: &Settings,
        app: &App,
        service: Service,
        draining: Draining,
    ) -> Serving {
        let watched = Watched {
            figures: Arc::new(Figures::new(settings, app, service.clone())),
            service,
            draining,
            recorder: self.recorder.clone(),
        };
        let router = Router::new()
            .route("/metrics", get(scrape))
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .with_state(watched);
        let stop = CancellationToken::new();
        tokio::spawn(upkeep(self.recorder, stop.clone()));
        tokio::spawn(server::serve(
            self.listener,
            None,
            router,
            Vec::new(),
            stop.clone(),
        ));
        Serving {
            bound: self.bound,
            _stop: stop.drop_guard(),
        }
    }
}

#[derive(Clone)]
struct Watched {
    figures: Arc<Figures>,
    service: Service,
    draining: Draining,
    recorder: PrometheusHandle,
}

async fn upkeep(recorder: PrometheusHandle, stop: CancellationToken) {
    while !stop.is_cancelled() {
        recorder.run_upkeep();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(UPKEEP) => {}
        }
    }
}

/// `GET /metrics`: the text format, version 0.0.4.
async fn scrape(State(watched): State<Watched>) -> Response {
    process::measure();
    watched.figures.refresh().await;
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, watched.recorder.render()).into_response()
}

/// `GET /readyz`: as on the public address.
async fn ready(State(watched): State<Watched>) -> (StatusCode, &'static str) {
    if watched.draining.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    match tokio::time::timeout(database::PATIENCE, watched.service.check()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database is not ready\n",
        ),
    }
}
