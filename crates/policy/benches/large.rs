//! What a large policy takes to read, check and lint, beside reading its TOML alone:
//! `cargo bench -p consentry-policy`.
#![expect(clippy::print_stdout, reason = "the figures are the purpose")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use consentry_policy::{Policy, check};
use toml::de::DeTable;

const ROUNDS: usize = 15;

fn main() {
    println!(
        "{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "policy", "TOML", "read", "check", "ratio", "findings"
    );
    for (datasets, broken) in [
        (125, false),
        (250, false),
        (500, false),
        (1_000, false),
        (500, true),
    ] {
        let source = policy(datasets, broken);
        let what = if broken {
            "a fault in each of"
        } else {
            "sound,"
        };
        let name = format!("{what} {datasets} datasets, {} kB", source.len() / 1_000);
        let toml = median(|| drop(black_box(DeTable::parse(&source))));
        let read = median(|| drop(black_box(Policy::parse(&source, "policy.toml"))));
        let lint = median(|| drop(black_box(check(&source, "policy.toml"))));
        let found = check(&source, "policy.toml");
        assert_eq!(found.policy.is_none(), broken);
        println!(
            "{name:<34} {:>6} ms {:>6} ms {:>6} ms {:>9.1} {:>9}",
            toml.as_millis(),
            read.as_millis(),
            lint.as_millis(),
            lint.as_secs_f64() / toml.as_secs_f64(),
            found.findings.all().len(),
        );
    }
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

/// The demo policy, and so many datasets with a table and with rules of every sort.
fn policy(datasets: usize, broken: bool) -> String {
    let mut source = include_str!("../policies/saas-portal.toml").to_owned();
    let clock = if broken { "last-ordre" } else { "last-order" };
    for number in 0..datasets {
        let _ = write!(
            source,
            r#"
[[datasets]]
id = "clients-{number}"
name = {{ en = "Clients {number}", fr = "Clients {number}" }}
people = {{ en = "People who buy", fr = "Personnes qui achètent" }}
purposes = ["sales"]

[datasets.source]
database = "crm"
table = "clients_{number}"
key = ["id"]
identity = "email"

[[datasets.states]]
id = "former"
name = {{ en = "Former client", fr = "Ancien client" }}
when = {{ status = ["closed", "left"] }}

[[datasets.clocks]]
id = "last-order"
name = {{ en = "the last order", fr = "la dernière commande" }}
columns = ["ordered_at", "registered_at"]

[[datasets.stages]]
id = "reduce"
action = "anonymise"
clock = "{clock}"
after = "2 years"
methods = {{ column_1 = "initials", column_2 = "drop" }}

[[datasets.stages]]
id = "archive"
action = "archive"
state = "former"
clock = "last-order"
after = "3 years"

[[datasets.stages]]
id = "purge"
action = "purge"
within = "archive"
clock = "last-order"
after = "10 years"

[[datasets.minima]]
id = "accounting"
clock = "last-order"
period = "10 years"
fields = ["column_3"]
reason = "law"
basis = {{ en = "Commercial code", fr = "Code de commerce" }}
"#
        );
        for column in 0..10 {
            let _ = write!(
                source,
                r#"
[[datasets.fields]]
id = "column_{column}"
name = {{ en = "Column {column}", fr = "Colonne {column}" }}
justification = {{ en = "To serve orders", fr = "Servir les commandes" }}
"#
            );
        }
    }
    source
}
