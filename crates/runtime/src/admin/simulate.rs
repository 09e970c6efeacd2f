//! `retention simulate`: the policy on generated data, day by day, in memory.

use std::{collections::BTreeMap, fs::File, io::Write, path::PathBuf};

use clap::Args;
use consentry::SystemClock;
use consentry_service::ports::Clock;
use consentry_simulation::{Executor, RuleTimeline, Simulation, Timeline, svg};
use jiff::civil::Date;
use serde_json::{Value, json};
use tracing::{instrument::WithSubscriber as _, subscriber::NoSubscriber};

use super::{
    Format, Listing,
    output::{Table, print_json, print_line, say},
    progress::Progress,
};
use crate::{Failure, app, settings::Settings};

#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// How many years
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    years: u16,
    /// How many generated rows of each table, and how many subscribers
    #[arg(long, value_name = "N", default_value_t = 400)]
    rows: u32,
    /// Draw what happens when as a picture, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// The first day, such as 2027-01-01; today when left out
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    #[command(flatten)]
    listing: Listing,
}

/// Asks no database: the policy is all that it needs.
pub(super) async fn run(settings: &Settings, args: SimulateArgs) -> Result<(), Failure> {
    let policy = app::policy(settings)?;
    let zone = policy.calendar.zone();
    let today = || zone.to_datetime(SystemClock.now()).date();
    // Whoever waited for the picture must not learn afterwards that it has no place.
    let picture = args.svg.as_ref().map(|path| {
        let file = File::create(path);
        let file = file.map_err(|error| Failure::usage(format!("{}: {error}", path.display())));
        Ok::<_, Failure>((path, file?))
    });
    let picture = picture.transpose()?;
    let simulation = Simulation {
        policy: &policy,
        from: args.from.unwrap_or_else(today),
        years: args.years,
        rows: args.rows,
    };
    let mut shown = Progress::new("days");
    let whole = f64::from(args.years) * 365.25;
    let mut days = 0_u32;
    let mut progress = |_: Date| {
        days += 1;
        shown.tell(u64::from(days), Some((f64::from(days) / whole).min(1.0)));
    };
    // What the worker says of people who do not exist is no event of this day.
    let silent = NoSubscriber::default();
    let ended = simulation.run(&mut progress).with_subscriber(silent).await;
    drop(shown);
    let timeline = ended.map_err(|error| Failure::Found(error.to_string()))?;
    if let Some((path, mut file)) = picture {
        let written = file.write_all(svg::draw(&timeline).as_bytes());
        written.map_err(|error| Failure::Found(format!("{}: {error}", path.display())))?;
    }
    match args.listing.format {
        Format::Json => print_json(&document(&timeline))?,
        Format::Table => {
            print_rules(&timeline)?;
            print_calendar(&timeline)?;
        }
    }
    say(
        "every pass did what was due on its day and nothing else, and every verification was clean",
    );
    Ok(())
}

fn document(timeline: &Timeline) -> Value {
    let rules = timeline.rules.iter().map(|rule| {
        let months = rule.months();
        let months = months
            .iter()
            .map(|(first, rows)| (month(*first), json!(rows)));
        json!({
            "rule": rule.rule,
            "dataset": rule.dataset,
            "action": rule.action,
            "within": if rule.in_archive { "archive" } else { "live" },
            "after": rule.after.map(|period| period.to_string()),
            "counts_from": rule.counts_from,
            "by": by(rule),
            "first": rule.first(),
            "last": rule.last(),
            "days": rule.days(),
            "rows": rule.rows(),
            "oldest_days": rule.oldest().map(|age| age.as_hours() / 24),
            "approvals": rule.approvals,
            "promises": rule.promises.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "months": months.collect::<serde_json::Map<_, _>>(),
        })
    });
    json!({
        "policy": timeline.policy,
        "from": timeline.from,
        "until": timeline.until,
        "rules": rules.collect::<Vec<_>>(),
    })
}

fn print_rules(timeline: &Timeline) -> Result<(), Failure> {
    let mut table = Table::new([
        "dataset",
        "rule",
        "action",
        "after",
        "first day",
        "last day",
        "days",
        "rows",
        "oldest (days)",
        "approvals",
        "by",
    ]);
    for rule in &timeline.rules {
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let oldest = rule.oldest().map(|age| (age.as_hours() / 24).to_string());
        let after = rule
            .after
            .map_or("at once".to_owned(), |period| period.to_string());
        let place = if rule.in_archive {
            " in the archive"
        } else {
            ""
        };
        table.row([
            &rule.dataset,
            &rule.rule,
            &format!("{}{place}", rule.action),
            &after,
            &day(rule.first()),
            &day(rule.last()),
            &rule.days().to_string(),
            &rule.rows().to_string(),
            &oldest.unwrap_or_default(),
            &rule.approvals.to_string(),
            by(rule),
        ]);
    }
    table.print()
}

/// Year by year: rows of each rule in each month.
fn print_calendar(timeline: &Timeline) -> Result<(), Failure> {
    let all = timeline.rules.iter().map(|rule| (rule, rule.months()));
    let all: Vec<(&RuleTimeline, BTreeMap<Date, u64>)> = all.collect();
    for year in timeline.from.year()..=timeline.until.year() {
        let mut table = Table::new([
            &year.to_string(),
            "01",
            "02",
            "03",
            "04",
            "05",
            "06",
            "07",
            "08",
            "09",
            "10",
            "11",
            "12",
        ]);
        let mut is_empty = true;
        for (rule, months) in &all {
            let rows = |month: i8| {
                let first = Date::new(year, month, 1).ok()?;
                months.get(&first).copied()
            };
            let cells = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(rows);
            if cells.iter().all(Option::is_none) {
                continue;
            }
            is_empty = false;
            let name = format!("{}/{}", rule.dataset, rule.rule);
            let cells = cells.map(|rows| rows.map_or("·".to_owned(), |rows| rows.to_string()));
            let mut row = [name.as_str(); 13];
            for (cell, rows) in row[1..].iter_mut().zip(&cells) {
                *cell = rows;
            }
            table.row(row);
        }
        if !is_empty {
            print_line("")?;
            table.print()?;
        }
    }
    Ok(())
}

fn by(rule: &RuleTimeline) -> &'static str {
    match rule.by {
        Executor::Engine => "engine",
        Executor::Worker => "worker",
        Executor::StandIn => "engine, on a table that stands in",
        Executor::Nobody => "not executed by this version",
    }
}

fn month(first: Date) -> String {
    format!("{}-{:02}", first.year(), first.month())
}
