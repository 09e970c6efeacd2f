//! How fast it is: the real programs under load, beside what the machine can do at best.
//!
//! ```text
//! consentry-bench [--smoke] [--rounds N] [--only sqlite|postgres] [--json FILE] [--retention ROWS]
//! ```
//!
//! `--retention` measures what the retention engine does to that many rows, and nothing else.
//!
//! Load generator, server, relay and database share the machine. `tests/measure` builds the
//! programs for release and brings PostgreSQL; `docs/performance.md` says how to read the table.

mod figures;
mod floor;
mod load;
mod retention;
mod scenario;
mod server;
mod sink;

use std::{env, fs};

use consentry_tests::database::Engine;

use crate::{
    figures::Figures,
    scenario::{Scale, measure},
};

#[expect(clippy::print_stdout, reason = "what the program is for")]
fn main() {
    let mut scale = Scale::FULL;
    let mut engines = Engine::ALL.to_vec();
    let mut json = None;
    let mut rows = None;
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("the option needs a value");
        match argument.as_str() {
            "--smoke" => scale = Scale::SMOKE,
            "--rounds" => scale.rounds = value().parse().expect("rounds are a number"),
            "--only" => match value().as_str() {
                "sqlite" => engines = vec![Engine::Sqlite],
                "postgres" => engines = vec![Engine::Postgres],
                other => panic!("there is no database {other}: sqlite or postgres"),
            },
            "--retention" => rows = Some(value().parse().expect("rows are a number")),
            "--json" => json = Some(value()),
            other => panic!("unknown option {other}; see the head of tests/bench/main.rs"),
        }
    }
    let mut figures = Figures::default();
    for engine in engines {
        match rows {
            Some(rows) => retention::measure(engine, rows, scale.rounds, &mut figures),
            None => measure(engine, scale, &mut figures),
        }
    }
    print!("{}", figures.table());
    if let Some(path) = json {
        fs::write(&path, format!("{:#}\n", figures.json())).expect("the figures can be written");
    }
}
