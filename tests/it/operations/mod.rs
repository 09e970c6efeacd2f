//! What operations see of an installation: metrics, health, logs, certificates, the clock, the
//! doctor.

mod clock;
mod doctor;
mod health;
mod logs;
mod metrics;
mod tls;

use std::collections::BTreeMap;

use consentry_tests::http::Client;

/// One scrape: `name{label="value"}` to its value, as printed.
pub(crate) struct Scrape {
    pub(crate) text: String,
    pub(crate) samples: BTreeMap<String, f64>,
}

impl Scrape {
    pub(crate) fn of(url: &str) -> Self {
        let answer = Client::new(url).get("/metrics");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let samples = answer
            .body
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').expect("a sample has a value");
                (name.to_owned(), value.parse().expect("a value is a number"))
            })
            .collect();
        Self {
            text: answer.body,
            samples,
        }
    }

    /// The value of a sample; its labels in any order.
    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""))
            .collect();
        let found = self.samples.iter().find(|(sample, _)| {
            let (found, labels) = sample.split_once('{').unwrap_or((sample, ""));
            found == name && wanted.iter().all(|label| labels.contains(label.as_str()))
        });
        found.map(|(_, value)| *value)
    }
}
