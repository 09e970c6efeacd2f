//! `consentry-worker`: the background jobs.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use consentry_runtime::SettingsArgs;

/// Hand letters over, remind, purge. Any number of workers may run side by side.
///
/// Settings come from a TOML file (--config), CONSENTRY_… variables and the flags below; the
/// later wins. `--help` lists them all.
#[derive(Parser)]
#[command(name = "consentry-worker", version)]
struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run until SIGTERM or SIGINT (the default)
    Run,
    /// Make one pass of every job that is due, then exit
    Once,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let once = matches!(cli.command, Some(Command::Once));
    consentry_runtime::exit_code(consentry_runtime::worker(&cli.settings, once))
}
