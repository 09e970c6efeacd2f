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
}
