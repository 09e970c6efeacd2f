//! `consentry-admin doctor`: what is wrong, and what to do about it.

use std::time::Duration;

use consentry_keys::KeyState;
use consentry_policy::Policy;
use consentry_service::{
    Error, Job, Service,
    ports::{JobStatus, LetterState, Reason, StoreError, TroubleCount},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    Failure,
    app::{self, App},
    mailing,
    remedy::remedy,
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
pub(crate) async fn examine(settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let mut report = Report::default();
    let policy = app::policy(settings)?;
    report.policy(&policy);
    let app = App::open(settings).await?;
    let service = app.service(settings, settings.listen)?;
    report.public_url(&service);
    report.keys(&app);
    if report.schema(service.check().await)? {
        report.outbox(&service).await?;
        report.jobs(&service, settings).await?;
    }
    app.close().await;
    report.signing(settings, &policy)?;
    report.relay(settings, &policy).await?;
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
        });
    }

    fn policy(&mut self, policy: &Policy) {
        let version = policy.notice_version();
        let name = &policy.controller.name;
        self.add("policy", Verdict::Ok, format!("{name}, version {version}"));
        for warning in policy.warnings() {
            self.add(
                "policy",
                Verdict::Warning,
                format!("{}: {}; {}", warning.key, warning.message, warning.remedy),
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

    /// Whether the tables can be asked.
    fn schema(&mut self, check: Result<(), StoreError>) -> Result<bool, Failure> {
        match check {
            Ok(()) => self.add("database", Verdict::Ok, "answers, the schema is current"),
            Err(error @ StoreError::Schema { .. }) => {
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
        let interval =
            SignedDuration::try_from(settings.job_interval).unwrap_or(SignedDuration::MAX);
        let late = interval
            .saturating_mul(2)
            .saturating_add(SignedDuration::from_mins(5));
        for job in Job::ALL {
            let status = statuses.iter().find(|status| status.job == job.as_str());
            let (result, text) = match status {
                None if job == Job::Dispatch => (Verdict::Ok, "no letter so far".to_owned()),
                None => {
                    let text = "never ran; start consentry-worker, or the server with its \
                                embedded worker";
                    (Verdict::Warning, text.to_owned())
                }
                Some(status) => judge(
                    status,
                    service.now(),
                    (job != Job::Dispatch).then_some(late),
                ),
            };
            self.add(job.as_str(), result, text);
        }
        Ok(())
    }

    /// What keeps a mail provider from trusting the letters.
    fn signing(&mut self, settings: &Settings, policy: &Policy) -> Result<(), Failure> {
        let Some(dkim) = mailing::dkim(settings, policy)? else {
            let (result, text) = match settings.smtp_url {
                None => (Verdict::Ok, "not needed: letters stay in the local mailbox"),
                Some(_) => (
                    Verdict::Warning,
                    "letters are not signed here; set dkim_key_file, or make sure that the relay \
                     signs List-Unsubscribe and List-Unsubscribe-Post",
                ),
            };
            self.add("dkim", result, text);
            return Ok(());
        };
        let sender = policy.mail.from.ascii_domain();
        for key in dkim.keys() {
            let record = key.dns_record();
            let text = format!("publish {} TXT \"{}\"", record.name, record.value);
            self.add("dkim", Verdict::Ok, text);
            if !is_aligned(sender, key.domain()) {
                let text = format!(
                    "the signing domain {} is not that of the sender, {sender}: DMARC does not \
                     count the signature; set dkim_domain",
                    key.domain()
                );
                self.add("dkim", Verdict::Problem, text);
            }
        }
        Ok(())
    }

    async fn relay(&mut self, settings: &Settings, policy: &Policy) -> Result<(), Failure> {
        let Some(relay) = mailing::relay(settings, policy)? else {
            let folder = settings.mailbox_dir();
            let text = format!("no relay: letters are files in {}", folder.display());
            self.add("relay", Verdict::Warning, text);
            return Ok(());
        };
        match relay.probe().await {
            Ok(probe) => {
                let tls = probe.tls.unwrap_or("no TLS");
                let login = if probe.authenticated {
                    "logged in"
                } else {
                    "no login"
                };
                self.add("relay", Verdict::Ok, format!("answers: {tls}, {login}"));
            }
            Err(error) => self.add("relay", Verdict::Problem, error.to_string()),
        }
        if relay.dot_timeout() < DOT_TIMEOUT {
            let text = format!(
                "dot_timeout is {} seconds: a relay that answers later gets letters twice; 600 are \
                 usual",
                relay.dot_timeout().as_secs()
            );
            self.add("relay", Verdict::Warning, text);
        }
        Ok(())
    }
}

/// What a relay may take to answer the final dot (RFC 5321 section 4.5.3.2.6).
const DOT_TIMEOUT: Duration = Duration::from_mins(10);

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

/// Relaxed alignment: the one domain is the other, or below it (RFC 9989).
fn is_aligned(sender: &str, signer: &str) -> bool {
    let below = |name: &str, parent: &str| {
        name == parent
            || name
                .strip_suffix(parent)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    below(sender, signer) || below(signer, sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_for_its_own_domain_and_those_below() {
        assert!(is_aligned("news.example.org", "example.org"));
        assert!(is_aligned("example.org", "example.org"));
        assert!(!is_aligned("badexample.org", "example.org"));
        assert!(!is_aligned("example.net", "example.org"));
    }
}
