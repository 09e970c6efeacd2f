//! How long: every rule that the engine executes (GDPR art. 13(2)(a)).

use consentry_policy::{
    Action, Dataset, DateBucket, Method, Minimum, OwnDataset, Period, Slug, SqlName, Stage, Store,
};

use crate::document::{Block, Blocks, Fact, Table, Text};
use crate::timeline::{self, Bar, Timeline};
use crate::words::Words;

pub(crate) fn section(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    let zone = policy.time_zone.iana_name().unwrap_or_default();
    let at = policy.engine.daily_at.strftime("%H:%M").to_string();
    blocks.paragraph(words.words(
        "notice-periods",
        &[("time", (&at).into()), ("zone", zone.into())],
    ));
    let rules = || {
        let datasets = policy.datasets.iter();
        datasets.flat_map(|dataset| dataset.stages.iter().map(move |stage| (dataset, stage)))
    };
    blocks.table(Table {
        caption: words.say("notice-periods-caption"),
        head: [
            "data",
            "state",
            "action",
            "after",
            "clock",
            "reason-of-rule",
        ]
        .map(|column| words.say(&format!("notice-column-{column}")))
        .to_vec(),
        rows: rules()
            .map(|(dataset, stage)| rule(words, dataset, stage))
            .collect(),
    });
    blocks.list(general(words));
    let bars: Vec<Bar> = rules()
        .filter_map(|(dataset, stage)| bar(words, dataset, stage))
        .collect();
    if !bars.is_empty() {
        let said = timeline::Words {
            heading: words.say("notice-timeline"),
            introduction: words.say("notice-timeline-text"),
            title: words.say("notice-timeline-title"),
            description: words.say("notice-timeline-description"),
        };
        blocks.0.push(Block::Timeline(Timeline::new(said, bars)));
    }
    minima(words, &mut blocks);
    clocks(words, &mut blocks);
    rest(words, &mut blocks);
    blocks
}

/// One rule as a row.
fn rule(words: &Words<'_>, dataset: &Dataset, stage: &Stage) -> Vec<Vec<Text>> {
    let mut data = data(words, dataset, &stage.fields);
    if let Some(purpose) = &stage.purpose {
        let purpose = words.purpose(purpose);
        data.push(words.tell("notice-for-purpose", "purpose", purpose).into());
    }
    let mut happens: Vec<Text> = vec![action(words, dataset, stage).into()];
    happens.extend(stage.methods.iter().map(|(field, how)| {
        let method = method(words, how);
        let values = [
            ("field", field_name(words, dataset, field).into()),
            ("method", (&method).into()),
        ];
        words.words("notice-method", &values).into()
    }));
    let mut after = vec![match (stage.after, &stage.on) {
        (Some(period), _) => words.period(period),
        (None, Some(_)) => words.say("notice-on-event"),
        (None, None) => words.say("notice-at-once"),
    }];
    if let Some(day) = stage.review {
        after.push(words.tell("notice-reviewed-by", "day", words.day(day)));
    }
    let from = match (&stage.clock, &stage.on) {
        (Some(clock), _) => clock_name(words, dataset, clock.as_str()),
        (None, Some(event)) => event_name(words, dataset, event),
        (None, None) => String::new(),
    };
    vec![
        data,
        states(words, dataset, stage.state.as_ref()),
        happens,
        after.into_iter().map(Text::from).collect(),
        vec![from.into()],
        stage
            .reason
            .iter()
            .map(|why| words.get(why).into())
            .collect(),
    ]
}

/// The dataset, and the fields when a rule is about some alone.
fn data(words: &Words<'_>, dataset: &Dataset, fields: &[SqlName]) -> Vec<Text> {
    let mut lines: Vec<Text> = vec![words.get(&dataset.name).into()];
    if !fields.is_empty() {
        let names: Vec<&str> = fields
            .iter()
            .map(|field| field_name(words, dataset, field.as_str()))
            .collect();
        let fields = words.and(&names);
        lines.push(words.tell("notice-only-fields", "fields", fields).into());
    }
    lines
}

fn field_name<'a>(words: &Words<'a>, dataset: &'a Dataset, id: &'a str) -> &'a str {
    dataset
        .field(id)
        .map_or(id, |field| field.name.get(words.language))
}

/// What happens, by its true name: what can still be joined is pseudonymised (GDPR art. 4(5)).
fn action(words: &Words<'_>, dataset: &Dataset, stage: &Stage) -> String {
    let action = words.policy.action_name(dataset, stage);
    match stage.within {
        Store::Archive => words.say(&format!("notice-archived-{action}")),
        _ => words.say(&format!("notice-action-{action}")),
    }
}

/// `only the first letters remain`
pub(super) fn method(words: &Words<'_>, method: &Method) -> String {
    match method {
        Method::Constant(text) => words.tell("notice-method-constant", "text", text),
        Method::Bucket(size) => words.words("notice-method-bucket", &[("size", (*size).into())]),
        Method::DateBucket(DateBucket::Month) => words.say("notice-method-month"),
        Method::DateBucket(DateBucket::Quarter) => words.say("notice-method-quarter"),
        Method::DateBucket(DateBucket::Year) | Method::Year => words.say("notice-method-year"),
        plain => words.say(&format!("notice-method-{plain}")),
    }
}

/// The state that a rule is about, as a cell.
fn states(words: &Words<'_>, dataset: &Dataset, state: Option<&Slug>) -> Vec<Text> {
    let names = state.map(|id| state_name(words, dataset, id.as_str()).into());
    names.into_iter().collect()
}

fn state_name(words: &Words<'_>, dataset: &Dataset, id: &str) -> String {
    match dataset.state(id) {
        Some(state) => words.beginning(&state.name),
        None => words.say(&format!("notice-state-{id}")),
    }
}

fn clock_name(words: &Words<'_>, dataset: &Dataset, id: &str) -> String {
    match dataset.clock(id) {
        Some(clock) => words.beginning(&clock.name),
        None => words.say(&format!("notice-clock-{id}")),
    }
}

/// What the policy calls the event, or a clock that waits for it; else its id.
fn event_name(words: &Words<'_>, dataset: &Dataset, event: &Slug) -> String {
    let declared = words.policy.events.iter();
    let mut declared = declared.filter(|one| one.id == *event).map(|one| &one.name);
    let clocks = dataset.clocks.iter();
    let mut clocks = clocks
        .filter(|clock| clock.event.as_ref() == Some(event))
        .map(|clock| &clock.name);
    let name = declared.next().or_else(|| clocks.next());
    name.map_or_else(
        || event.as_str().replace('-', " "),
        |name| words.beginning(name),
    )
}

fn bar(words: &Words<'_>, dataset: &Dataset, stage: &Stage) -> Option<Bar> {
    let period = stage.after?;
    let named = stage.state.as_ref();
    let named = named.map(|id| state_name(words, dataset, id.as_str()));
    let fields = stage.fields.iter();
    let fields: Vec<&str> = fields
        .map(|field| field_name(words, dataset, field.as_str()))
        .collect();
    let fields = (!fields.is_empty()).then(|| words.and(&fields));
    let subject: Vec<String> = named.into_iter().chain(fields).collect();
    let what = action(words, dataset, stage);
    Some(Bar {
        group: words.get_owned(&dataset.name),
        label: if subject.is_empty() {
            what
        } else {
            let subject = subject.join(", ");
            let values = [("subject", (&subject).into()), ("action", (&what).into())];
            words.words("notice-timeline-label", &values)
        },
        period,
        words: words.period(period),
        keeps: matches!(
            stage.action,
            Action::Hide | Action::Restrict | Action::Archive | Action::Review
        ) || !words.policy.ties(dataset, stage).is_empty(),
    })
}

/// What holds for every rule.
fn general(words: &Words<'_>) -> Vec<String> {
    let policy = words.policy;
    let mut general = vec![words.say("notice-rule-shortest")];
    if policy.datasets.iter().any(|one| !one.minima.is_empty()) {
        general.push(words.say("notice-rule-minimum"));
    }
    let retention = policy.retention();
    if retention.confirmed.is_none() {
        general.push(words.say("notice-rule-confirmed"));
    }
    if retention.unsubscribed.is_none() {
        general.push(words.say("notice-rule-unsubscribed"));
    }
    general.push(words.say("notice-rule-erasure"));
    general.push(words.say("notice-rule-restriction"));
    general.push(words.say(if policy.engine.longer_reaches_back {
        "notice-rule-reaches-back"
    } else {
        "notice-rule-never-back"
    }));
    general
}

/// S4-47 to S4-50.
fn minima(words: &Words<'_>, blocks: &mut Blocks) {
    let datasets = words.policy.datasets.iter();
    let rows: Vec<_> = datasets
        .flat_map(|dataset| dataset.minima.iter().map(move |one| (dataset, one)))
        .map(|(dataset, one)| minimum(words, dataset, one))
        .collect();
    if rows.is_empty() {
        return;
    }
    blocks.heading(words.say("notice-minima"));
    blocks.table(Table {
        caption: words.say("notice-minima-caption"),
        head: [
            "data",
            "state",
            "at-least",
            "clock",
            "kind-of-reason",
            "law",
        ]
        .map(|column| words.say(&format!("notice-column-{column}")))
        .to_vec(),
        rows,
    });
}

fn minimum(words: &Words<'_>, dataset: &Dataset, minimum: &Minimum) -> Vec<Vec<Text>> {
    vec![
        data(words, dataset, &minimum.fields),
        states(words, dataset, minimum.state.as_ref()),
        vec![words.period(minimum.period).into()],
        vec![clock_name(words, dataset, minimum.clock.as_str()).into()],
        vec![
            words
                .say(&format!("notice-minimum-{}", minimum.reason))
                .into(),
        ],
        vec![words.get(&minimum.basis).into()],
    ]
}

/// What counts as the moment of a clock (S1-48, S3-49).
fn clocks(words: &Words<'_>, blocks: &mut Blocks) {
    let datasets = words.policy.datasets.iter();
    let explained = datasets
        .flat_map(|dataset| dataset.clocks.iter().map(move |clock| (dataset, clock)))
        .filter(|(_, clock)| !clock.counts.is_empty() || clock.end_of.is_some());
    let facts: Vec<Fact> = explained
        .map(|(dataset, clock)| {
            let counts = clock.counts.iter();
            let mut lines: Vec<Text> = counts.map(|text| words.get(text).into()).collect();
            if let Some(end) = clock.end_of {
                let end = words.say(&format!("notice-end-of-{end}"));
                lines.push(words.tell("notice-moved-to", "end", end).into());
            }
            let values = [
                ("data", words.get(&dataset.name).into()),
                ("clock", words.get(&clock.name).into()),
            ];
            Fact {
                term: words.words("notice-clock-of", &values),
                lines,
            }
        })
        .collect();
    if !facts.is_empty() {
        blocks.heading(words.say("notice-clocks"));
        blocks.facts(facts);
    }
}

/// What no rule names, what may stop the rules, and copies (S0-65, S3-26, S3-55).
fn rest(words: &Words<'_>, blocks: &mut Blocks) {
    let policy = words.policy;
    if let Some(rest) = &policy.catch_all {
        blocks.heading(words.say("notice-catch-all"));
        blocks.paragraph(words.get(&rest.description));
        let after = rest
            .after
            .map(|period| words.tell("notice-catch-all-after", "period", words.period(period)));
        let review = rest
            .review
            .map(|day| words.tell("notice-catch-all-review", "day", words.day(day)));
        blocks.list(after.into_iter().chain(review));
    }
    if !policy.holds.is_empty() {
        blocks.heading(words.say("notice-holds"));
        blocks.paragraph(words.say("notice-holds-text"));
        blocks.list(policy.holds.iter().map(|hold| {
            let review = words.period(hold.review);
            let values = [
                ("hold", words.get(&hold.name).into()),
                ("review", (&review).into()),
            ];
            words.words("notice-hold", &values)
        }));
    }
    blocks.heading(words.say("notice-copies"));
    let kept = |id: &str, period: Period| words.tell(id, "period", words.period(period));
    blocks.list([
        match policy.backups.keep {
            Some(period) => kept("notice-backups", period),
            None => words.say("notice-backups-always"),
        },
        kept("notice-letters", policy.mail.keep_settled),
    ]);
    if policy.dataset(OwnDataset::Events.as_str()).is_none() {
        blocks.paragraph(words.say("notice-evidence"));
    }
}
