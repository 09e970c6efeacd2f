//! The databases of applications, and the rules that run on them.

use consentry_policy::Severity;
use jiff::SignedDuration;

use super::{Report, Verdict, judge};
use crate::{Failure, retention::Retention};

impl Report {
    /// Whether the databases that the policy names are as it says, and its rules run on them (S2-21).
    pub(super) async fn retention(&mut self, retention: &Retention) -> Result<(), Failure> {
        /// A daily pass that failed is tried again each hour.
        const LATE: SignedDuration = SignedDuration::from_hours(26);

        for unknown in retention.unknown() {
            self.add("sources", Verdict::Warning, unknown);
        }
        match retention.holds_to_review().await? {
            0 => {}
            late => {
                let text = format!(
                    "{late} waiting for a review: look at `consentry-admin hold list`, and lift what \
                     no case needs any more"
                );
                self.add("holds", Verdict::Warning, text);
            }
        }
        if !retention.has_sources() {
            return Ok(());
        }
        let (findings, failures) = retention.check().await;
        for failure in failures {
            self.add("sources", Verdict::Problem, failure.message());
        }
        for found in findings {
            let result = match found.severity {
                Severity::Error => Verdict::Problem,
                Severity::Warning => Verdict::Warning,
            };
            let text = format!("{}: {}; {}", found.key, found.message, found.help);
            self.add("sources", result, text);
        }
        self.archive(retention).await;
        let known = retention.last_known().await?;
        let (result, text) = match &known.pass {
            None => {
                let text = "never ran; start consentry-worker, or the server with its embedded \
                            worker";
                (Verdict::Warning, text.to_owned())
            }
            Some(status) => judge(status, retention.now(), Some(LATE)),
        };
        self.add("retention", result, text);
        let (result, text) = match known.verified_at {
            None => (Verdict::Warning, "never verified".to_owned()),
            Some(at) if retention.now().duration_since(at) > LATE => {
                let text = format!("last without a row past its period at {at}");
                (Verdict::Problem, text)
            }
            Some(at) => (Verdict::Ok, format!("nothing was past its period at {at}")),
        };
        self.add("retention", result, text);
        Ok(())
    }

    /// Whether what is archived can be judged, and be opened by nobody else (S2-23). The mode of the
    /// files is looked at with that of all others.
    async fn archive(&mut self, retention: &Retention) {
        if !retention.archives() {
            return;
        }
        let looked = async {
            let archive = retention.open_archive().await?;
            Ok::<_, Failure>(archive.status().await?)
        };
        match looked.await {
            Ok(kept) => {
                let records: u64 = kept.iter().map(|one| one.records).sum();
                let text = format!("answers, {records} records under its own key ring");
                self.add("archive", Verdict::Ok, text);
            }
            Err(failure) => self.add("archive", Verdict::Problem, failure.message()),
        }
    }
}
