//! The composition root: settings, tracing, the object graph, worker loops, shutdown and the
//! command line. The one home of the environment.
//!
//! The binaries call [`web`], [`worker`] and [`admin`]; everything else is theirs to share.
//! Embedders do not need this crate: theirs is `consentry`.
//!
//! ```no_run
//! use clap::Parser;
//! use consentry_runtime::{SettingsArgs, exit_code, web};
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(flatten)]
//!     settings: SettingsArgs,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     exit_code(web(&Cli::parse().settings))
//! }
//! ```

pub mod admin;
mod app;
mod archive;
mod config;
mod connections;
mod doctor;
mod exit;
mod journal;
mod mailing;
mod metrics;
mod paths;
mod policy_file;
mod private_file;
mod remedy;
mod retention;
mod server;
mod settings;
mod shutdown;
mod telemetry;
mod tls;
mod web;
mod wire;
mod worker;

pub use config::SettingsArgs;
pub use exit::{Failure, exit_code};
pub use web::web;
pub use worker::worker;
