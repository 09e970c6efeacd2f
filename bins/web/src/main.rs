//! `consentry-web`: the server.

use std::process::ExitCode;

use clap::Parser;
use consentry_runtime::SettingsArgs;

/// Serve the subscription pages; on the embedded default, run the background jobs too.
///
/// Settings come from a TOML file (--config), CONSENTRY_… variables and the flags below; the
/// later wins. `--help` lists them all.
#[derive(Parser)]
#[command(name = "consentry-web", version)]
struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    consentry_runtime::exit_code(consentry_runtime::web(&cli.settings))
}
