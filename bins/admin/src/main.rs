//! `consentry-admin`: the operator's command line.

use std::process::ExitCode;

use clap::Parser;
use consentry_runtime::admin::{Cli, admin};

fn main() -> ExitCode {
    consentry_runtime::exit_code(admin(Cli::parse()))
}
