//! The versions, and what changed (S1-03, S2-05 to S2-07, S2-61, S4-05 to S4-08).

use consentry_policy::{Announcement, ChangeReason};

use crate::Edition;
use crate::document::{Blocks, Table, Text};
use crate::words::Words;

pub(crate) fn section(words: &Words<'_>, earlier: &[Edition]) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    blocks.paragraph(words.say("notice-versions"));
    let mut lines: Vec<String> = Vec::new();
    if let Some(notice) = &policy.notice {
        if let Some(period) = notice.review_every {
            lines.push(words.tell("notice-review-every", "period", words.period(period)));
        }
        if let Some(day) = notice.review {
            lines.push(words.tell("notice-review", "day", words.day(day)));
        }
    }
    let announced = policy.change.iter().flat_map(|change| &change.announce);
    lines.extend(announced.map(|way| {
        words.say(match way {
            Announcement::Mail => "notice-announced-mail",
            _ => "notice-announced-banner",
        })
    }));
    blocks.list(lines);
    let mut rows = vec![current(words)];
    rows.extend(earlier.iter().map(|edition| row(words, edition)));
    blocks.table(Table {
        caption: words.say("notice-versions-caption"),
        head: ["version", "since", "why-changed", "changes"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows,
    });
    let machine = words.places.page("/privacy.json");
    blocks.paragraph(Text::link(words.say("notice-machine"), machine));
    blocks
}

fn current(words: &Words<'_>) -> Vec<Vec<Text>> {
    let policy = words.policy;
    let change = policy.change.as_ref();
    let summary = change.and_then(|change| change.summary.as_ref());
    row(
        words,
        &Edition {
            version: policy.version.clone(),
            since: policy.effective,
            reason: change.map(|change| change.reason),
            changes: summary
                .map(|text| words.get(text).split("\n\n").map(str::to_owned).collect())
                .unwrap_or_default(),
        },
    )
}

fn row(words: &Words<'_>, edition: &Edition) -> Vec<Vec<Text>> {
    let page = words.places.page(&format!("/privacy/{}", edition.version));
    let since = edition.since.map(|day| words.day(day).into());
    let reason = edition.reason.map(|reason| {
        let id = match reason {
            ChangeReason::First => "notice-change-first",
            ChangeReason::Law => "notice-change-law",
            ChangeReason::Correction => "notice-change-correction",
            _ => "notice-change-service",
        };
        Text::from(words.say(id))
    });
    let changes = edition.changes.iter();
    vec![
        vec![Text::link(&edition.version, page)],
        since.into_iter().collect(),
        reason.into_iter().collect(),
        changes.map(|change| change.as_str().into()).collect(),
    ]
}
