//! The worker's program: the loop of the service, until a signal.

use std::time::Duration;

use consentry_service::Worker;
use consentry_web::Draining;
use tracing::info;

use crate::{
    Failure, SettingsArgs, app::App, config::Config, metrics::Metrics, retention::Retention,
    settings::Settings, shutdown, telemetry, web,
};

/// The worker's program: `once` makes one pass of every job, otherwise it runs until a signal.
///
/// # Errors
/// By the contract's exit codes; with `once`, a job that failed is an unreachable dependency.
pub fn worker(args: &SettingsArgs, once: bool) -> Result<(), Failure> {
    let settings = Settings::new(&Config::read(args)?)?;
    telemetry::start(&settings)?;
    crate::app::block_on(async move {
        let stop = shutdown::on_signal()?;
        let metrics = if once {
            None
        } else {
            Metrics::start(&settings).await?
        };
        let app = App::open(&settings).await?;
        app.prepare_schema(&settings).await?;
        let service = app.service(&settings, settings.listen)?;
        App::adopt_policy(&service).await?;
        let retention = Retention::new(&settings, &app, &service);
        retention.warn_of_unknown();
        let worker = Worker::new(service.clone()).every(settings.job_interval);
        if once {
            let passes = Box::pin(async {
                let ended = worker.run_once(stop.clone().cancelled_owned()).await;
                let passed = retention.pass().await;
                app.look_into_journal(&settings).await;
                ended?;
                passed
            });
            let ended = shutdown::in_time(&stop, passes).await;
            app.close().await;
            return ended.unwrap_or(Ok(()));
        }
        let draining = Draining::default();
        let metrics = metrics
            .map(|metrics| metrics.serve(&settings, &app, service.clone(), draining.clone()));
        shutdown::drain(stop.clone(), draining, Duration::ZERO);
        if let Some(metrics) = &metrics {
            web::say(&format!("metrics on http://{}", metrics.address()));
        }
        shutdown::ready();
        info!("worker running");
        let work = Box::pin(async {
            tokio::join!(
                worker.run(stop.clone().cancelled_owned()),
                retention.keep(stop.clone()),
                app.keep_journal(&settings, stop.clone()),
            )
        });
        shutdown::in_time(&stop, work).await;
        app.close().await;
        Ok(())
    })
}
