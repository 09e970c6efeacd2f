//! `consentry-admin statistics`

use consentry_service::{Count, Service, Statistics};
use serde_json::{Value, json};

use super::{
    Format, Listing,
    output::{Table, print_json},
};
use crate::Failure;

pub(super) async fn run(service: &Service, listing: Listing) -> Result<(), Failure> {
    let statistics = service.statistics().await?;
    match listing.format {
        Format::Json => print_json(&document(&statistics)),
        Format::Table => table(&statistics).print(),
    }
}

/// A count with more about it.
fn counted(statistics: &Statistics, count: Count, more: Value) -> Value {
    let mut document = more;
    document["count"] = match count {
        Count::Exactly(count) => json!(count),
        Count::Few | Count::Withheld => Value::Null,
    };
    if !matches!(count, Count::Exactly(_)) {
        document["left_out"] = json!(shown(statistics, count));
    }
    document
}

fn document(statistics: &Statistics) -> Value {
    let states = statistics.states.iter().map(|state| {
        let groups = state.groups.iter().map(|group| {
            let of = json!({ "month": group.month, "topic": group.topic.as_str() });
            counted(statistics, group.count, of)
        });
        let groups: Vec<Value> = groups.collect();
        let of = json!({ "state": state.state.as_str(), "groups": groups });
        counted(statistics, state.total, of)
    });
    let states: Vec<Value> = states.collect();
    let of = json!({ "smallest_group": statistics.smallest_group, "states": states });
    counted(statistics, statistics.total, of)
}

fn table(statistics: &Statistics) -> Table {
    let mut table = Table::new(["state", "month", "topic", "subscriptions"]);
    for state in &statistics.states {
        for group in &state.groups {
            table.row([
                state.state.as_str(),
                &group.month,
                group.topic.as_str(),
                &shown(statistics, group.count),
            ]);
        }
        table.row([
            state.state.as_str(),
            "all",
            "all",
            &shown(statistics, state.total),
        ]);
    }
    table.row(["all", "all", "all", &shown(statistics, statistics.total)]);
    table
}

fn shown(statistics: &Statistics, count: Count) -> String {
    match count {
        Count::Exactly(count) => count.to_string(),
        Count::Few => format!("fewer than {}", statistics.smallest_group),
        Count::Withheld => "withheld".to_owned(),
    }
}
