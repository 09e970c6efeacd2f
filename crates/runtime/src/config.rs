//! Where settings come from: a TOML file, the environment, flags; the later wins.
//!
//! One table names every key; the file, the variables and the flags follow from it.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::Failure;

/// A setting.
struct Key {
    /// As in the file; `CONSENTRY_` and upper case as a variable, dashes as a flag.
    name: &'static str,
    /// Also read from the file that `CONSENTRY_…_FILE` names, and not offered as a flag.
    secret: bool,
    /// For `--help`.
    help: &'static str,
}

const fn key(name: &'static str, help: &'static str) -> Key {
    Key {
        name,
        secret: false,
        help,
    }
}

const fn secret(name: &'static str, help: &'static str) -> Key {
    Key {
        name,
        secret: true,
        help,
    }
}

#[rustfmt::skip]
const KEYS: &[Key] = &[
    key("data_dir", "Folder of the embedded database, the keys and the local mailbox [./data]"),
    secret("database_url", "sqlite://… or postgres://… [a SQLite file in the data folder]"),
    key("listen", "Address and port of the server; port 0 picks a free one [127.0.0.1:8080]"),
    key("public_url", "Base of every link; https unless loopback [http:// and the listen address]"),
    key("policy", "A policy file, or a folder that holds one [the built-in demo policy]"),
    key("keys_file", "The key ring [keys.toml in the data folder]"),
    secret("archive_url", "sqlite://… or postgres://… of the archive [archive.db in the data folder]"),
    key("archive_keys_file", "The key ring of the archive [archive-keys.toml in the data folder]"),
    key("journal_file", "Copy of the journal of erasures, for a restore [journal.jsonl in the data folder]"),
    secret("smtp_url", "smtp://… or smtps://… [none: letters go to the local mailbox]"),
    key("mail_from", "Sender of every letter [the policy's]"),
    key("dkim_key_file", "PEM key for DKIM; several separated by commas [none: letters are not signed]"),
    key("dkim_selector", "DKIM selector; as many as keys"),
    key("dkim_domain", "DKIM domain [the sender's]"),
    key("embedded_worker", "Whether the server runs the worker loop too [true on SQLite]"),
    key("job_interval", "Seconds between two runs of the purges and the reminder [3600]"),
    key("tls_cert_file", "PEM certificate chain for TLS in the server"),
    key("tls_key_file", "PEM private key for TLS in the server"),
    key("trusted_proxies", "Networks whose forwarding headers are believed, separated by commas"),
    key("limit_per_client", "Sign-ups per client: N/second, N/minute, N/hour or off [the policy's]"),
    key("limit_total", "Sign-ups in all: N/second, N/minute, N/hour or off [the policy's]"),
    key("webhook_ca_file", "PEM certificate authorities that endpoints of webhooks are verified by [the public ones]"),
    key("metrics_listen", "Private address and port of metrics and health; port 0 picks a free one [none]"),
    key("drain_delay", "Seconds between a stop and the last new connection, for load balancers [0]"),
    key("limit_per_domain", "Sign-ups per recipient domain: as above [the policy's; off when limit_per_client is off]"),
    key("proof_of_work", "Bits of work before a sign-up, 1 to 26, or off; 18 take a browser a second [off]"),
    key("static_dir", "Folder of public files to serve [none]"),
    key("log", "Tracing filter [info]"),
    key("log_format", "text or json [text]"),
];

/// The URL of a database that the policy names is a setting of its own: this and the database's id.
const SOURCE: &str = "source_";

/// Where a value was found: said in every error about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A key of the configuration file.
    File(PathBuf, String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File(path, key) => write!(f, "key `{key}` in {}", path.display()),
        }
    }
}

/// The settings as they were found, still text.
#[derive(Default)]
pub(crate) struct Config {
    file: Option<String>,
    values: BTreeMap<&'static str, (String, Origin)>,
    /// URLs of databases that the policy names, by id.
    sources: BTreeMap<String, (String, Origin)>,
}

impl Config {
    /// Reads the file, the environment and the flags.
    pub(crate) fn read(args: &SettingsArgs) -> Result<Self, Failure> {
        #[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::merge(args, environment)
    }

    fn merge(
        args: &SettingsArgs,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let variables: BTreeMap<_, _> = environment
            .filter_map(|(name, value)| Some((name.strip_prefix("CONSENTRY_")?.to_owned(), value)))
            .collect();
        let mut config = Self::default();
        if let Some(path) = args.config.as_ref().or(variables.get("CONFIG")) {
            config.read_file(Path::new(path))?;
            config.file = Some(path.clone());
        }
        for (name, value) in &variables {
            config.read_variable(name, value)?;
        }
        for (name, value) in &args.flags {
            let origin = Origin::Flag(name.replace('_', "-"));
            config.values.insert(name, (value.clone(), origin));
        }
        Ok(config)
    }

    /// The configuration file, where one was named.
    pub(crate) fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The text of a setting and where it was found.
    pub(crate) fn get(&self, name: &str) -> Option<(&str, &Origin)> {
        debug_assert!(KEYS.iter().any(|key| key.name == name), "{name} is a key");
        let (value, origin) = self.values.get(name)?;
        Some((value, origin))
    }

    /// The databases that URLs are set for: ids with underscores for dashes, URLs, and where these
    /// were found.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str, &Origin)> {
        let sources = self.sources.iter();
        sources.map(|(id, (url, origin))| (id.as_str(), url.as_str(), origin))
    }

    fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        let table: toml::Table = text
            .parse()
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        for (name, value) in table {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(choice) => choice.to_string(),
                toml::Value::Array(parts) => joined(&parts).ok_or_else(|| {
                    let path = path.display();
                    Failure::usage(format!("{path}: `{name}` takes a list of texts"))
                })?,
                _ => {
                    let path = path.display();
                    let problem = format!("{path}: `{name}` takes one value, not a table");
                    return Err(Failure::usage(problem));
                }
            };
            if let Some(id) = name.strip_prefix(SOURCE).map(str::to_owned) {
                let origin = Origin::File(path.to_owned(), name);
                self.sources.insert(id, (value, origin));
                continue;
            }
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                let problem = format!("{}: unknown key `{name}`", path.display());
                return Err(Failure::usage(unknown(&problem, &name, str::to_owned)));
            };
            let origin = Origin::File(path.to_owned(), name);
            self.values.insert(key.name, (value, origin));
        }
        Ok(())
    }

    fn read_variable(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let lower = name.to_ascii_lowercase();
        let variable = format!("CONSENTRY_{name}");
        let origin = Origin::Variable(variable.clone());
        let named = |wanted: &str| KEYS.iter().find(|key| key.name == wanted);
        if let Some(key) = named(&lower) {
            self.values.insert(key.name, (value.to_owned(), origin));
            return Ok(());
        }
        let secret = || {
            let text = fs::read_to_string(value)
                .map_err(|error| Failure::usage(format!("{variable}: {value}: {error}")))?;
            Ok::<_, Failure>(text.trim_end_matches(['\r', '\n']).to_owned())
        };
        if let Some(id) = lower.strip_prefix(SOURCE) {
            let (id, url) = match id.strip_suffix("_file") {
                Some(id) => (id, secret()?),
                None => (id, value.to_owned()),
            };
            self.sources.insert(id.to_owned(), (url, origin));
            return Ok(());
        }
        let in_file = lower.strip_suffix("_file").and_then(named);
        if let Some(key) = in_file.filter(|key| key.secret) {
            let text = secret()?;
            let previous = self.values.insert(key.name, (text, origin));
            if let Some((_, Origin::Variable(other))) = previous {
                return Err(Failure::usage(format!(
                    "{other} and {variable} are both set"
                )));
            }
            return Ok(());
        }
        // What the project's own tests are told has its own prefix.
        if lower == "config" || lower.starts_with("test_") {
            return Ok(());
        }
        let problem = format!("unknown variable {variable}");
        Err(Failure::usage(unknown(&problem, &lower, variable_of)))
    }
}

/// A key as an environment variable.
fn variable_of(name: &str) -> String {
    format!("CONSENTRY_{}", name.to_ascii_uppercase())
}

fn joined(parts: &[toml::Value]) -> Option<String> {
    let parts: Option<Vec<&str>> = parts.iter().map(toml::Value::as_str).collect();
    parts.map(|parts| parts.join(","))
}

/// Adds the nearest key, or all of them, to an error about an unknown one.
fn unknown(problem: &str, name: &str, written: fn(&str) -> String) -> String {
    let nearest = KEYS
        .iter()
        .find(|key| key.name.contains(name) || name.contains(key.name) || one_edit(key.name, name));
    if let Some(key) = nearest {
        return format!("{problem}; did you mean `{}`?", written(key.name));
    }
    let names: Vec<_> = KEYS.iter().map(|key| written(key.name)).collect();
    format!("{problem}; the keys are {}", names.join(", "))
}

/// Whether two names differ by at most two letters in the same place.
fn one_edit(left: &str, right: &str) -> bool {
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    let front = common(left, right);
    let back = common(&reversed(left), &reversed(right));
    front + back + 2 >= left.len().max(right.len())
}

/// The flags that all programs share.
#[derive(Debug, Clone, Default)]
pub struct SettingsArgs {
    config: Option<String>,
    flags: BTreeMap<&'static str, String>,
}

fn flags() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| !key.secret)
}

impl Args for SettingsArgs {
    fn augment_args(command: Command) -> Command {
        let secrets: Vec<_> = KEYS
            .iter()
            .filter(|key| key.secret)
            .map(|key| format!("  {0}, {0}_FILE: {1}", variable_of(key.name), key.help))
            .collect();
        let command = command.after_long_help(format!(
            "Secrets come from the configuration file or the environment alone:\n{}\n  \
             CONSENTRY_SOURCE_…, CONSENTRY_SOURCE_…_FILE: sqlite:… or postgres:… of a database that \
             the policy names",
            secrets.join("\n")
        ));
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help("Configuration file (TOML); also CONSENTRY_CONFIG")
            .help_heading("Settings")
            .global(true);
        flags().fold(command.arg(config), |command, key| {
            command.arg(
                Arg::new(key.name)
                    .long(key.name.replace('_', "-"))
                    .value_name("VALUE")
                    .help(key.help)
                    .help_heading("Settings")
                    .hide_short_help(true)
                    .global(true),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.config = matches.get_one::<String>("config").cloned();
        for key in flags() {
            if let Some(value) = matches.get_one::<String>(key.name) {
                self.flags.insert(key.name, value.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;

    use super::*;

    fn merged(args: &SettingsArgs, variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::merge(args, variables).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other => format!("{other:?}"),
        })
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn flags_win_over_variables_and_variables_over_the_file() {
        let file = file("listen = \"a\"\nlog = \"a\"\nlog_format = \"a\"\n");
        let mut args = SettingsArgs {
            config: Some(file.path().to_str().unwrap().to_owned()),
            ..SettingsArgs::default()
        };
        args.flags.insert("log_format", "c".to_owned());
        let variables = [("CONSENTRY_LOG", "b"), ("CONSENTRY_LOG_FORMAT", "b")];
        let config = merged(&args, &variables).unwrap();
        let text = |name| config.get(name).unwrap().0;
        assert_eq!(
            [text("listen"), text("log"), text("log_format")],
            ["a", "b", "c"]
        );
    }

    #[test]
    fn unknown_keys_are_errors_that_name_the_key_and_its_place() {
        let file = file("listne = \"a\"\n");
        let path = file.path().to_str().unwrap().to_owned();
        let args = SettingsArgs {
            config: Some(path.clone()),
            ..SettingsArgs::default()
        };
        let error = merged(&args, &[]).err().unwrap();
        assert!(error.contains(&path) && error.contains("`listne`") && error.contains("`listen`"));
        let args = SettingsArgs::default();
        let error = merged(&args, &[("CONSENTRY_SMPT_URL", "x")]).err().unwrap();
        assert!(error.contains("CONSENTRY_SMPT_URL") && error.contains("`CONSENTRY_SMTP_URL`"));
    }

    #[test]
    fn secrets_come_from_files_too_and_other_settings_do_not() {
        let secret = file("smtp://user:secret@mail.example\n");
        let path = secret.path().to_str().unwrap();
        let args = SettingsArgs::default();
        let config = merged(&args, &[("CONSENTRY_SMTP_URL_FILE", path)]).unwrap();
        let (value, _) = config.get("smtp_url").unwrap();
        assert_eq!(value, "smtp://user:secret@mail.example");
        assert!(merged(&args, &[("CONSENTRY_LISTEN_FILE", path)]).is_err());
        let variables = [
            ("CONSENTRY_SOURCE_CRM", "sqlite:crm.db"),
            ("CONSENTRY_SOURCE_BACK_OFFICE_FILE", path),
        ];
        let config = merged(&args, &variables).unwrap();
        let url = "smtp://user:secret@mail.example";
        let sources = config.sources().map(|(id, url, _)| (id, url));
        let sources: Vec<_> = sources.collect();
        assert_eq!(sources, [("back_office", url), ("crm", "sqlite:crm.db")]);
    }
}
