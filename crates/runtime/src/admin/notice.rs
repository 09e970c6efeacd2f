//! `notice render`: the notice as it is served, on stdout.

use clap::{Args, Subcommand, ValueEnum};
use consentry_notice::Places;
use consentry_policy::{Language, Policy};

use crate::{Failure, app, settings::Settings};

use super::output::print_line;

#[derive(Debug, Subcommand)]
pub(super) enum NoticeCommand {
    /// Print the privacy notice of the policy in force; no database is needed
    Render(RenderArgs),
}

#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// In which of the policy's languages; its default when left out
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    /// As what
    #[arg(long, value_enum, default_value_t = PrintFormat::Html)]
    format: PrintFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PrintFormat {
    /// A complete page with its style, to publish elsewhere or to print
    Html,
    /// `CommonMark` with tables
    Markdown,
}

/// The language that was asked for, or the policy's default.
pub(super) fn spoken(policy: &Policy, asked: Option<Language>) -> Result<Language, Failure> {
    let language = asked.unwrap_or(policy.languages.default);
    if !policy.languages.offered.contains(&language) {
        return Err(Failure::usage(format!(
            "--lang: the policy is not written in `{language}`"
        )));
    }
    Ok(language)
}

pub(super) fn run(settings: &Settings, command: &NoticeCommand) -> Result<(), Failure> {
    let NoticeCommand::Render(args) = command;
    let policy = app::policy(settings)?;
    let language = spoken(&policy, args.lang)?;
    // Links lead to the site; without its address they are relative to wherever the page is put.
    let base = settings.public_url.as_ref().map(AsRef::<str>::as_ref);
    let places = Places {
        base: base.unwrap_or_default().trim_end_matches('/').to_owned(),
        query: format!("?lang={language}"),
    };
    let notice = consentry_notice::privacy(&policy, language, &places, &[]);
    let printed = match args.format {
        PrintFormat::Html => notice.standalone_html(),
        PrintFormat::Markdown => notice.markdown(),
    };
    print_line(printed.trim_end())
}
