//! `consentry-admin doctor`: what is wrong, and what to do about it.

mod machine;
mod mail;
mod retention;

use std::{fs, io};

use consentry_address::EmailAddress;
use consentry_keys::KeyState;
use consentry_policy::Policy;
use consentry_service::{
    BreakerStatus, Error, Job, Service, Standing,
    ports::{JobStatus, LetterState, Reason, StoreError, TroubleCount},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    Failure,
    app::{self, App},
    mailing,
    remedy::remedy,
    retention::Retention,
    settings::Settings,
};

/// What came out of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    /// How it is.
    pub(crate) result: Verdict,
    /// In words, with the remedy.
    #[serde(rename = "finding")]
    pub(crate) text: String,
    /// What to publish in the DNS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) publish: Vec<TxtRecord>,
}

/// A record to publish. We ask no name server: the only outbound connections are the database and
/// the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TxtRecord {
    /// The owner name.
    pub(crate) name: String,
    /// The text, as one string.
    pub(crate) txt: String,
    /// How to look at what is published.
    pub(crate) check: String,
}

impl TxtRecord {
    fn new(name: String, txt: String) -> Self {
        Self {
            check: format!("dig +short TXT {name}"),
            name,
            txt,
        }
    }

    /// A line of a zone file; no string in it is longer than 255 octets (RFC 1035 section 3.3).
    pub(crate) fn zone_line(&self) -> String {
        let strings: Vec<_> = self
            .txt
            .as_bytes()
            .chunks(255)
            .map(|part| format!("\"{}\"", String::from_utf8_lossy(part)))
            .collect();
        format!("{}. IN TXT {}", self.name, strings.join(" "))
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Worth a look; nothing is broken.
    Warning,
    /// Something does not work, or a promise is at risk.
    Problem,
}

impl Verdict {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// How many findings are problems.
pub(crate) fn problems(findings: &[Finding]) -> usize {
    findings
        .iter()
        .filter(|finding| finding.result == Verdict::Problem)
        .count()
}

/// Looks at everything.
///
/// # Errors
/// A setting that is wrong, or a database that does not answer: nothing else can be looked at.
pub(crate) async fn examine(
    settings: &Settings,
    probe: Option<&EmailAddress>,
) -> Result<Vec<Finding>, Failure> {
    let mut report = Report::default();
    let policy = app::policy(settings)?;
    report.policy(&policy);
    report.exposure(settings);
    report.certificate(settings);
    report.files(settings);
    let app = App::open(settings).await?;
    let service = app.service(settings, settings.listen)?;
    report.public_url(&service);
    report.keys(&app);
    if report.schema(service.check().await)? {
        report.version(&service).await?;
        report.clock(&service, settings).await?;
        report
            .retention(&Retention::new(settings, &app, &service))
            .await?;
        report.outbox(&service).await?;
        report.breaker(&service).await?;
        report.jobs(&service, settings).await?;
        report.backup(&app, service.now()).await?;
    }
    app.close().await;
    report.journal(settings);
    let relay = mailing::relay(settings, &policy)?;
    report.signing(settings, &policy)?;
    report.sender(settings, &policy, relay.as_ref());
    report.sample(settings, &policy, &service)?;
    report.relay(settings, relay.as_ref()).await;
    if let Some(address) = probe {
        report.probe(settings, &policy, &service, address).await?;
    }
    Ok(report.findings)
}

#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, check: &'static str, result: Verdict, text: impl Into<String>) {
        self.findings.push(Finding {
            check,
            result,
            text: text.into(),
            publish: Vec::new(),
        });
    }

    /// Adds a record to publish to the last finding.
    fn publish(&mut self, name: String, txt: String) {
        if let Some(finding) = self.findings.last_mut() {
            finding.publish.push(TxtRecord::new(name, txt));
        }
    }

    fn policy(&mut self, policy: &Policy) {
        let version = policy.notice_version();
        let name = &policy.controller.name;
        self.add("policy", Verdict::Ok, format!("{name}, version {version}"));
        for warning in policy.remarks() {
            self.add(
                "policy",
                Verdict::Warning,
                format!("{}: {}; {}", warning.key, warning.message, warning.help),
            );
        }
    }

    /// Mail providers show their unsubscribe button for https links alone (RFC 8058 section 3.1).
    fn public_url(&mut self, service: &Service) {
        let url = service.public_url();
        let (result, remedy) = if url.is_https() {
            (Verdict::Ok, "")
        } else {
            let remedy = "; set public_url to an https address before mailing strangers: mail \
                          programs show no unsubscribe button for http";
            (Verdict::Warning, remedy)
        };
        self.add("public url", result, format!("{}{remedy}", url.as_ref()));
    }

    fn keys(&mut self, app: &App) {
        let ring = app.keys();
        let count = ring.list().count();
        let (result, remedy) = if ring.list().any(|key| key.state == KeyState::Next) {
            let remedy = "; a rotation is unfinished: run `consentry-admin keys rotate`";
            (Verdict::Warning, remedy)
        } else {
            (Verdict::Ok, "")
        };
        self.add("keys", result, format!("{count} keys in the ring{remedy}"));
    }

    /// Whether what runs is what was published (S4-06).
    async fn version(&mut self, service: &Service) -> Result<(), StoreError> {
        let (result, text) = match service.standing().await? {
            None => {
                let text = "none is published yet; the server or the worker enters the first one";
                (Verdict::Ok, text.to_owned())
            }
            Some(Standing::InForce) => {
                (Verdict::Ok, "the policy is the version in force".to_owned())
            }
            Some(Standing::NotYet(from)) => {
                let text = format!("the policy comes into force on {from}, and runs already");
                (Verdict::Warning, text)
            }
            Some(Standing::Superseded(in_force)) => {
                let text = format!(
                    "version {in_force} is in force, and an earlier one runs: start every process \
                     with it"
                );
                (Verdict::Problem, text)
            }
            Some(Standing::Unpublished(in_force)) => {
                let text = format!(
                    "version {in_force} is in force, and another policy runs: run `consentry-admin \
                     policy publish FILE`"
                );
                (Verdict::Problem, text)
            }
        };
        self.add("version", result, text);
        Ok(())
    }

    /// When the database was backed up last.
    async fn backup(&mut self, app: &App, now: Timestamp) -> Result<(), StoreError> {
        /// A daily backup that failed, and the next one too.
        const LATE: SignedDuration = SignedDuration::from_hours(3 * 24);

        let (result, text) = match app.store().backed_up_at().await? {
            None => {
                let text = "none so far; `consentry-admin backup FILE` writes one";
                (Verdict::Warning, text.to_owned())
            }
            Some(at) if now.duration_since(at) > LATE => {
                let text = format!("the last one is of {at}, more than 3 days ago");
                (Verdict::Warning, text)
            }
            Some(at) => (Verdict::Ok, format!("the last one is of {at}")),
        };
        self.add("backup", result, text);
        Ok(())
    }

    /// Whether what a restore repeats outlives the database.
    fn journal(&mut self, settings: &Settings) {
        let path = &settings.journal_file;
        let (result, text) = match fs::OpenOptions::new().append(true).open(path) {
            Ok(_) => (Verdict::Ok, path.display().to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = format!("{}: none yet; a server or worker makes it", path.display());
                (Verdict::Ok, text)
            }
            Err(error) => (Verdict::Problem, format!("{}: {error}", path.display())),
        };
        self.add("journal", result, text);
    }

    /// Whether the tables can be asked.
    fn schema(&mut self, check: Result<(), StoreError>) -> Result<bool, Failure> {
        match check {
            Ok(()) => self.add("database", Verdict::Ok, "answers, the schema is current"),
            Err(error @ (StoreError::Schema { .. } | StoreError::Restoring)) => {
                self.add("database", Verdict::Problem, error.to_string());
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    async fn outbox(&mut self, service: &Service) -> Result<(), Error> {
        /// A worker looks every second; this much later none does.
        const LATE: SignedDuration = SignedDuration::from_mins(15);

        let outbox = service.outbox_status().await?;
        let count = |wanted| {
            let found = outbox.counts.iter().find(|(state, _)| *state == wanted);
            found.map_or(0, |(_, count)| *count)
        };
        let overdue = outbox
            .oldest_due
            .is_some_and(|due| service.now().duration_since(due) > LATE);
        let waiting = count(LetterState::Queued) + count(LetterState::Leased);
        if overdue {
            let text = format!(
                "{waiting} letters wait, the oldest for over 15 minutes; is a worker running?"
            );
            self.add("outbox", Verdict::Problem, text);
        } else {
            self.add("outbox", Verdict::Ok, format!("{waiting} letters wait"));
        }
        let uncertain = count(LetterState::Uncertain);
        if uncertain > 0 {
            let text = format!(
                "{uncertain} letters may or may not have been taken by the relay; see \
                 `consentry-admin letters list --state uncertain`"
            );
            self.add("outbox", Verdict::Warning, text);
        }
        let failed = count(LetterState::Failed);
        if failed > 0 {
            let text = format!(
                "{failed} letters were given up; see `consentry-admin letters list --state failed`"
            );
            self.add("outbox", Verdict::Warning, text);
        }
        for counted in &outbox.troubles {
            self.trouble(counted);
        }
        Ok(())
    }

    /// Records past their period, and a clock that something is wrong with.
    async fn clock(&mut self, service: &Service, settings: &Settings) -> Result<(), Error> {
        /// Clocks that are kept by NTP differ by less.
        const SKEW: SignedDuration = SignedDuration::from_mins(1);
        const LEAP: SignedDuration = SignedDuration::from_hours(24);

        let now = service.now();
        let backlog = service.backlog(settings.late()).await?;
        let skew = now.duration_since(backlog.database_clock);
        let last = service.job_statuses().await?;
        let last = last.iter().filter_map(|status| status.started_at).max();
        if let Some(last) = last.filter(|last| last.duration_since(now) > SKEW) {
            let text = format!(
                "it is {now}, and a job ran at {last}: the clock went back; what was queued \
                 meanwhile waits until then"
            );
            self.add("clock", Verdict::Problem, text);
        } else if skew.abs() > SKEW {
            let text = format!(
                "it is {now}, and the database says {}; let both machines keep their time by NTP",
                backlog.database_clock
            );
            let result = if skew.abs() > LEAP {
                Verdict::Problem
            } else {
                Verdict::Warning
            };
            self.add("clock", result, text);
        } else {
            self.add("clock", Verdict::Ok, "agrees with the database's");
        }
        let late: Vec<_> = backlog
            .overdue
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(rule, count)| format!("{count} {}", rule.as_str()))
            .collect();
        if late.is_empty() {
            let text = format!("nobody of {} is held past a period", backlog.held);
            self.add("overdue", Verdict::Ok, text);
        } else {
            let text = format!(
                "held past the end of their period: {}; is a worker running, and does it fail?",
                late.join(", ")
            );
            self.add("overdue", Verdict::Problem, text);
        }
        Ok(())
    }

    /// Whether sign-ups are slowed down because hardly anybody confirms.
    async fn breaker(&mut self, service: &Service) -> Result<(), Error> {
        let (result, text) = match service.breaker_status().await? {
            None => (Verdict::Ok, "the policy has none".to_owned()),
            Some(BreakerStatus { seen, is_tripped }) => {
                let all = seen.confirmed + seen.unconfirmed;
                let counted = format!("{} of {all} recent sign-ups are confirmed", seen.confirmed);
                if is_tripped {
                    let text = format!(
                        "{counted}: sign-ups are slowed down to a trickle; somebody signs up \
                         strangers, or confirmation letters do not arrive"
                    );
                    (Verdict::Problem, text)
                } else {
                    (Verdict::Ok, counted)
                }
            }
        };
        self.add("breaker", result, text);
        Ok(())
    }

    /// What keeps letters, as far as the operator can do something about it.
    fn trouble(&mut self, counted: &TroubleCount) {
        let TroubleCount {
            state,
            trouble,
            letters,
        } = counted;
        let waits = *state == LetterState::Queued;
        let result = match trouble.reason {
            reason if reason.is_operators() || reason.is_ours() => Verdict::Problem,
            Reason::RelayDown if waits => Verdict::Warning,
            Reason::NoSmtpUtf8 | Reason::Content => Verdict::Warning,
            _ => return,
        };
        let reply = trouble.reply.map(|reply| format!(" ({reply})"));
        let text = format!(
            "{letters} letters are {} for the reason {}{}: {}",
            state.as_str(),
            trouble.reason,
            reply.unwrap_or_default(),
            remedy(*trouble)
        );
        self.add("outbox", result, text);
    }

    async fn jobs(&mut self, service: &Service, settings: &Settings) -> Result<(), Error> {
        let statuses = service.job_statuses().await?;
        let late = settings.late();
        for job in Job::ALL {
            let status = statuses.iter().find(|status| status.job == job.as_str());
            let (result, text) = match status {
                None if job == Job::Dispatch => (Verdict::Ok, "no letter so far".to_owned()),
                None if job == Job::Notify => (Verdict::Ok, "no webhook told so far".to_owned()),
                None => {
                    let text = "never ran; start consentry-worker, or the server with its \
                                embedded worker";
                    (Verdict::Warning, text.to_owned())
                }
                Some(status) => judge(
                    status,
                    service.now(),
                    (!job.is_continuous()).then_some(late),
                ),
            };
            self.add(job.as_str(), result, text);
        }
        Ok(())
    }
}

/// How the last run of a job ended, and whether the next one is overdue.
fn judge(status: &JobStatus, now: Timestamp, late: Option<SignedDuration>) -> (Verdict, String) {
    let outcome = status.outcome.as_deref().unwrap_or("running");
    let at = status
        .started_at
        .map(|at| at.to_string())
        .unwrap_or_default();
    if status.failed {
        return (Verdict::Problem, format!("failed at {at}: {outcome}"));
    }
    let overdue = status
        .started_at
        .zip(late)
        .is_some_and(|(at, late)| now.duration_since(at) > late);
    if overdue {
        let text = format!("last ran at {at}: {outcome}; is a worker running?");
        return (Verdict::Problem, text);
    }
    (Verdict::Ok, format!("ran at {at}: {outcome}"))
}
