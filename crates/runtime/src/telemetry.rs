//! Logs: to stderr, as text or JSON, without personal data.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::{Failure, settings::Settings};

/// Starts logging. Logs go to stderr: stdout belongs to what programs print.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| Failure::usage(format!("log: {error}")))?
        // Drivers print statements and values at their own levels; ours say what happened.
        .add_directive(directive("sqlx=off"))
        .add_directive(directive("sea_orm=off"))
        .add_directive(directive("sea_orm_migration=off"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let started = if settings.log_json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_target(false).try_init()
    };
    started.map_err(|error| Failure::usage(format!("log: {error}")))?;
    log_panics();
    Ok(())
}

/// The words of a panic may quote what it stumbled over, such as an address: its place is enough.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a defect of this program: it panicked");
    }));
}

fn directive(text: &str) -> tracing_subscriber::filter::Directive {
    text.parse().expect("a fixed directive is valid")
}
