//! The settings as types, each checked once, at the start.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use consentry_address::EmailAddress;
use consentry_policy::{Limits, Policy, Rate, Slug};
use consentry_service::{MOST_BITS, PublicUrl};
use ipnet::IpNet;
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::{
    Failure,
    archive::Place,
    config::{Config, Origin},
};

/// Everything a program can be told.
pub(crate) struct Settings {
    /// The folder of everything that is ours.
    pub(crate) data_dir: PathBuf,
    /// The database.
    pub(crate) database_url: SecretString,
    /// Whether it is the embedded one.
    pub(crate) is_sqlite: bool,
    /// The file of the embedded database.
    database_file: Option<PathBuf>,
    /// The configuration file, which may hold secrets.
    config_file: Option<PathBuf>,
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The base of links; `None` follows the address that is bound.
    pub(crate) public_url: Option<PublicUrl>,
    /// The policy: a file or a folder.
    pub(crate) policy: Option<PathBuf>,
    /// The key ring.
    pub(crate) keys_file: PathBuf,
    /// The archive.
    pub(crate) archive: Place,
    /// Its file, where it is one.
    archive_file: Option<PathBuf>,
    /// The copy of the journal.
    pub(crate) journal_file: PathBuf,
    /// The relay.
    pub(crate) smtp_url: Option<SecretString>,
    /// The sender, instead of the policy's.
    pub(crate) mail_from: Option<EmailAddress>,
    /// The DKIM keys.
    pub(crate) dkim: Option<DkimSettings>,
    /// Whether the server runs the worker loop too.
    pub(crate) embedded_worker: bool,
    /// Between two runs of the purges and the reminder.
    pub(crate) job_interval: Duration,
    /// TLS in the server.
    pub(crate) tls: Option<TlsFiles>,
    /// Whose forwarding headers are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Where metrics and health are served, on a private address.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// From a stop until no new connection is accepted.
    pub(crate) drain_delay: Duration,
    /// Sign-ups per client.
    limit_per_client: Limit,
    /// Sign-ups in all.
    limit_total: Limit,
    /// Who vouches for the endpoints of webhooks, instead of the public authorities.
    pub(crate) webhook_ca_file: Option<PathBuf>,
    /// Sign-ups per recipient domain.
    limit_per_domain: Limit,
    /// The work before a sign-up, in bits.
    pub(crate) proof_of_work: Option<u8>,
    /// Public files.
    pub(crate) static_dir: Option<PathBuf>,
    /// The tracing filter.
    pub(crate) log: String,
    /// Whether logs are JSON.
    pub(crate) log_json: bool,
    /// The databases that the policy names: ids with underscores for dashes, URLs, and where these
    /// were found.
    sources: BTreeMap<String, (SecretString, Origin)>,
}

/// A limit that the operator may set instead of the policy.
#[derive(Clone, Copy)]
enum Limit {
    /// What the policy says.
    OfThePolicy,
    /// This one; `None` is no limit.
    Set(Option<Rate>),
}

impl Limit {
    fn or(self, policys: Option<Rate>) -> Option<Rate> {
        match self {
            Self::OfThePolicy => policys,
            Self::Set(rate) => rate,
        }
    }
}

/// Where the DKIM keys are and what they are called.
pub(crate) struct DkimSettings {
    /// Key files and their selectors.
    pub(crate) keys: Vec<(PathBuf, String)>,
    /// The signing domain; `None` is the sender's.
    pub(crate) domain: Option<String>,
}

/// The files of TLS in the server.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    /// PEM certificate chain.
    pub(crate) certificate: PathBuf,
    /// PEM private key.
    pub(crate) key: PathBuf,
}

impl Settings {
    /// Checks every setting; the first wrong one ends the program.
    pub(crate) fn new(config: &Config) -> Result<Self, Failure> {
        let data_dir = PathBuf::from(text(config, "data_dir").unwrap_or("./data"));
        let database_url = text(config, "database_url").map_or_else(
            || format!("sqlite://{}", data_dir.join("consentry.db").display()),
            str::to_owned,
        );
        let is_sqlite = database_url.starts_with("sqlite:");
        if !is_sqlite && !is_postgres(&database_url) {
            return Err(wrong(
                config,
                "database_url",
                "expected sqlite://… or postgres://…",
            ));
        }
        let in_data = |name: &str| data_dir.join(name);
        let archive_url = text(config, "archive_url").map_or_else(
            || format!("sqlite://{}", in_data("archive.db").display()),
            str::to_owned,
        );
        if !archive_url.starts_with("sqlite:") && !is_postgres(&archive_url) {
            return Err(wrong(
                config,
                "archive_url",
                "expected sqlite://… or postgres://…",
            ));
        }
        if archive_url == database_url {
            return Err(wrong(
                config,
                "archive_url",
                "this is database_url; the archive needs a database of its own",
            ));
        }
        let settings = Self {
            database_file: sqlite_file(&database_url),
            archive_file: sqlite_file(&archive_url),
            archive: Place {
                url: archive_url.into(),
                keys_file: text(config, "archive_keys_file")
                    .map_or_else(|| in_data("archive-keys.toml"), Into::into),
            },
            config_file: config.file().map(PathBuf::from),
            database_url: database_url.into(),
            is_sqlite,
            listen: parsed(config, "listen")?.unwrap_or(([127, 0, 0, 1], 8080).into()),
            public_url: text(config, "public_url")
                .map(PublicUrl::parse)
                .transpose()
                .map_err(|error| wrong(config, "public_url", error))?,
            policy: text(config, "policy").map(PathBuf::from),
            keys_file: text(config, "keys_file").map_or_else(|| in_data("keys.toml"), Into::into),
            journal_file: text(config, "journal_file")
                .map_or_else(|| in_data("journal.jsonl"), Into::into),
            smtp_url: text(config, "smtp_url").map(Into::into),
            mail_from: text(config, "mail_from")
                .map(EmailAddress::parse)
                .transpose()
                .map_err(|error| wrong(config, "mail_from", error))?,
            dkim: dkim(config)?,
            embedded_worker: parsed(config, "embedded_worker")?.unwrap_or(is_sqlite),
            job_interval: Duration::from_secs(parsed(config, "job_interval")?.unwrap_or(3600)),
            tls: tls(config)?,
            trusted_proxies: list(config, "trusted_proxies")?,
            metrics_listen: parsed(config, "metrics_listen")?,
            drain_delay: Duration::from_secs(parsed(config, "drain_delay")?.unwrap_or(0)),
            limit_per_client: limit(config, "limit_per_client")?,
            limit_total: limit(config, "limit_total")?,
            webhook_ca_file: text(config, "webhook_ca_file").map(PathBuf::from),
            limit_per_domain: limit(config, "limit_per_domain")?,
            proof_of_work: proof_of_work(config)?,
            static_dir: text(config, "static_dir").map(PathBuf::from),
            log: text(config, "log").unwrap_or("info").to_owned(),
            log_json: match text(config, "log_format") {
                None | Some("text") => false,
                Some("json") => true,
                Some(_) => return Err(wrong(config, "log_format", "expected text or json")),
            },
            sources: config
                .sources()
                .map(|(id, url, origin)| (id.to_owned(), (url.into(), origin.clone())))
                .collect(),
            data_dir,
        };
        settings.check_exposure()?;
        Ok(settings)
    }

    /// The limits in force: what the operator says, else what the policy says. Whoever switches the
    /// limit per client off takes those of the domains into their own hands too.
    pub(crate) fn limits(&self, policy: &Policy) -> Limits {
        let limits = &policy.limits;
        let per_client = self.limit_per_client.or(limits.per_client);
        let (per_domain, per_large_domain) = match self.limit_per_domain {
            Limit::Set(rate) => (rate, rate),
            Limit::OfThePolicy if matches!(self.limit_per_client, Limit::Set(None)) => (None, None),
            Limit::OfThePolicy => (limits.per_domain, limits.per_large_domain),
        };
        let mut merged = limits.clone();
        merged.per_client = per_client;
        merged.total = self.limit_total.or(limits.total);
        merged.per_domain = per_domain;
        merged.per_large_domain = per_large_domain;
        merged
    }

    /// From when on a job that did not run is late: after two of its intervals and some minutes.
    pub(crate) fn late(&self) -> SignedDuration {
        SignedDuration::try_from(self.job_interval)
            .unwrap_or(SignedDuration::MAX)
            .saturating_mul(2)
            .saturating_add(SignedDuration::from_mins(5))
    }

    /// Where a database is that the policy names.
    pub(crate) fn source(&self, id: &Slug) -> Option<&SecretString> {
        let (url, _) = self.sources.get(&underscored(id))?;
        Some(url)
    }

    /// Where URLs are set of databases that the policy does not name: a misspelt id, most likely.
    pub(crate) fn unknown_sources<'a>(
        &'a self,
        policy: &Policy,
    ) -> impl Iterator<Item = &'a Origin> {
        let sources = policy.datasets.iter().filter_map(|set| set.source.as_ref());
        let named: BTreeSet<_> = sources.map(|one| underscored(&one.database)).collect();
        let set = self.sources.iter();
        set.filter_map(move |(id, (_, origin))| (!named.contains(id)).then_some(origin))
    }

    /// The environment variable that says so.
    pub(crate) fn source_variable(id: &Slug) -> String {
        format!("CONSENTRY_SOURCE_{}", underscored(id).to_ascii_uppercase())
    }

    /// Addresses and links must not travel in the clear: without TLS of our own and without
    /// a proxy that speaks it, only loopback is bound.
    fn check_exposure(&self) -> Result<(), Failure> {
        if self.listen.ip().is_loopback() || self.tls.is_some() || !self.trusted_proxies.is_empty()
        {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "listen: {} is not a loopback address; set tls_cert_file and tls_key_file, or \
             trusted_proxies when a proxy in front speaks TLS",
            self.listen
        )))
    }

    /// The local mailbox.
    pub(crate) fn mailbox_dir(&self) -> PathBuf {
        self.data_dir.join("mailbox")
    }

    /// The octets of the embedded database.
    pub(crate) fn database_size(&self) -> Option<u64> {
        let file = std::fs::metadata(self.database_file.as_deref()?).ok()?;
        Some(file.len())
    }

    /// Every folder that must never be served.
    pub(crate) fn private_paths(&self) -> Vec<&Path> {
        let mut paths = vec![
            self.data_dir.as_path(),
            self.keys_file.as_path(),
            self.journal_file.as_path(),
            self.archive.keys_file.as_path(),
        ];
        paths.extend(self.database_file.as_deref());
        paths.extend(self.archive_file.as_deref());
        paths.extend(self.config_file.as_deref());
        paths.extend(self.tls.iter().map(|tls| tls.key.as_path()));
        let dkim = self.dkim.iter().flat_map(|dkim| &dkim.keys);
        paths.extend(dkim.map(|(path, _)| path.as_path()));
        paths
    }
}

fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?.trim_start_matches("//");
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

fn underscored(id: &Slug) -> String {
    id.as_str().replace('-', "_")
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn text<'a>(config: &'a Config, name: &str) -> Option<&'a str> {
    config.get(name).map(|(value, _)| value)
}

fn parsed<T: FromStr<Err: Display>>(config: &Config, name: &str) -> Result<Option<T>, Failure> {
    text(config, name)
        .map(str::parse)
        .transpose()
        .map_err(|error: T::Err| wrong(config, name, error))
}

fn list<T: FromStr<Err: Display>>(config: &Config, name: &str) -> Result<Vec<T>, Failure> {
    parts(config, name)
        .map(str::parse)
        .collect::<Result<_, T::Err>>()
        .map_err(|error| wrong(config, name, error))
}

fn parts<'a>(config: &'a Config, name: &str) -> impl Iterator<Item = &'a str> {
    let text = text(config, name).unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn limit(config: &Config, name: &str) -> Result<Limit, Failure> {
    let Some(text) = text(config, name) else {
        return Ok(Limit::OfThePolicy);
    };
    Rate::or_off(text)
        .map(Limit::Set)
        .map_err(|error| wrong(config, name, error))
}

fn proof_of_work(config: &Config) -> Result<Option<u8>, Failure> {
    match text(config, "proof_of_work") {
        None | Some("off") => Ok(None),
        Some(bits) => match bits.parse() {
            Ok(bits @ 1..=MOST_BITS) => Ok(Some(bits)),
            _ => Err(wrong(
                config,
                "proof_of_work",
                format!("expected off, or bits from 1 to {MOST_BITS}"),
            )),
        },
    }
}

fn tls(config: &Config) -> Result<Option<TlsFiles>, Failure> {
    match (text(config, "tls_cert_file"), text(config, "tls_key_file")) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
        })),
        (Some(_), None) => Err(wrong(
            config,
            "tls_cert_file",
            "needs tls_key_file beside it",
        )),
        (None, Some(_)) => Err(wrong(
            config,
            "tls_key_file",
            "needs tls_cert_file beside it",
        )),
    }
}

fn dkim(config: &Config) -> Result<Option<DkimSettings>, Failure> {
    let files: Vec<_> = parts(config, "dkim_key_file").map(PathBuf::from).collect();
    let selectors: Vec<_> = parts(config, "dkim_selector").map(str::to_owned).collect();
    let domain = text(config, "dkim_domain").map(str::to_owned);
    if files.is_empty() && selectors.is_empty() && domain.is_none() {
        return Ok(None);
    }
    if files.is_empty() {
        let name = if selectors.is_empty() {
            "dkim_domain"
        } else {
            "dkim_selector"
        };
        return Err(wrong(config, name, "needs dkim_key_file beside it"));
    }
    if files.len() != selectors.len() {
        let problem = format!(
            "names {} key files, and dkim_selector {} selectors: give one selector a key",
            files.len(),
            selectors.len()
        );
        return Err(wrong(config, "dkim_key_file", problem));
    }
    Ok(Some(DkimSettings {
        keys: files.into_iter().zip(selectors).collect(),
        domain,
    }))
}

/// An error that names the setting and where it was found; never its value, which may be a
/// secret.
fn wrong(config: &Config, name: &str, problem: impl Display) -> Failure {
    match config.get(name) {
        Some((_, origin)) => Failure::usage(format!("{name}: {problem} (from {origin})")),
        None => Failure::usage(format!("{name}: {problem}")),
    }
}
