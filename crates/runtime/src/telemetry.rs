//! Logs: to stderr, as text or JSON, without personal data.

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
};

use tracing::error;
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
        let json = builder.json().flatten_event(true).with_span_list(false);
        json.try_init()
    } else {
        builder.with_target(false).try_init()
    };
    started.map_err(|error| Failure::usage(format!("log: {error}")))?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A panic is one line of the log like any other. Of its message only fixed text is written: a
/// formatted one may name a person.
fn log_panic(panicked: &PanicHookInfo<'_>) {
    let place = panicked.location().map(ToString::to_string);
    let message = panicked.payload().downcast_ref::<&'static str>();
    error!(
        place = place.as_deref().unwrap_or("unknown"),
        said = message
            .copied()
            .unwrap_or("a message that is not repeated here"),
        "a defect: the program panicked"
    );
}

fn directive(text: &str) -> tracing_subscriber::filter::Directive {
    text.parse().expect("a fixed directive is valid")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io,
        panic::{catch_unwind, set_hook, take_hook},
        sync::{Arc, Mutex},
    };

    use super::log_panic;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// S0-11: a panic is one line, which does not repeat what was formatted into its message.
    #[test]
    fn a_panic_is_a_line_of_the_log_that_names_nobody() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_writer(move || writer.clone())
            .finish();
        let address = "anna@kunde.example";
        let usual = take_hook();
        set_hook(Box::new(log_panic));
        tracing::subscriber::with_default(subscriber, || {
            let _ = catch_unwind(|| panic!("cannot write to {address}"));
            let _ = catch_unwind(|| panic!("a fixed text"));
        });
        set_hook(usual);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(
            log.contains("telemetry.rs") && log.contains("a fixed text"),
            "{log}"
        );
        assert!(!log.contains("kunde"), "{log}");
    }
}
