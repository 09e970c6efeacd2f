//! Which data, of whom, from where (GDPR art. 13, 14(1)(d), 14(2)(f); S1-06, S2-11).

use consentry_policy::{Dataset, Field, OwnDataset, Role};

use crate::document::{Blocks, Table, Text};
use crate::words::Words;

pub(crate) fn section(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    blocks.paragraph(words.say("notice-data"));
    for dataset in &words.policy.datasets {
        describe(words, dataset, &mut blocks);
    }
    blocks.paragraph(words.say("notice-data-not"));
    blocks
}

fn describe(words: &Words<'_>, dataset: &Dataset, blocks: &mut Blocks) {
    blocks.heading(words.get(&dataset.name));
    let mut about = vec![words.tell("notice-people", "people", words.get(&dataset.people))];
    if !dataset.enabled {
        about.push(words.say("notice-not-enabled"));
    }
    if dataset.role == Role::Processor {
        about.push(words.say("notice-as-processor"));
    }
    if dataset.anonymised_at_collection {
        about.push(words.say("notice-anonymised-at-collection"));
    }
    if !dataset.automated {
        about.push(words.say("notice-on-paper"));
    }
    if dataset.own() == Some(OwnDataset::Subscribers) {
        about.push(words.say("notice-subscribers-hold"));
    }
    blocks.paragraph(about.join(" "));
    // Sorted by where they come from, in the order of the file otherwise.
    let mut fields: Vec<&Field> = dataset.fields.iter().collect();
    fields.sort_by_key(|field| field.source);
    blocks.table(Table {
        caption: words.tell("notice-data-caption", "data", words.get(&dataset.name)),
        head: ["datum", "source", "category", "used-for", "required"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: fields
            .into_iter()
            .map(|field| row(words, dataset, field))
            .collect(),
    });
}

fn row(words: &Words<'_>, dataset: &Dataset, field: &Field) -> Vec<Vec<Text>> {
    let category = field.category.as_ref().and_then(|id| {
        let categories = words.policy.categories.iter();
        categories.into_iter().find(|category| category.id == *id)
    });
    let purposes = if field.purposes.is_empty() {
        &dataset.purposes
    } else {
        &field.purposes
    };
    let mut uses = words.purposes(purposes);
    uses.extend(field.justification.iter().map(|why| words.get(why).into()));
    let mut required: Vec<Text> = Vec::new();
    if field.mandatory {
        required.push(words.say("notice-required").into());
    }
    required.extend(field.consequence.iter().map(|text| words.get(text).into()));
    vec![
        name(words, field),
        vec![words.say(&format!("notice-source-{}", field.source)).into()],
        category
            .map(|category| words.get(&category.name).into())
            .into_iter()
            .collect(),
        uses,
        required,
    ]
}

/// The name with what is particular about the field.
fn name(words: &Words<'_>, field: &Field) -> Vec<Text> {
    let mut lines: Vec<Text> = vec![words.get(&field.name).into()];
    if let Some(method) = &field.at_write {
        let how = super::periods::method(words, method);
        lines.push(words.tell("notice-at-write", "method", how).into());
    }
    if let Some(ground) = field.special {
        let ground = words.say(&format!("notice-special-{ground}"));
        lines.push(words.tell("notice-special", "ground", ground).into());
    }
    let remarks = [
        (field.third_party, "notice-third-party"),
        (field.trade_secret, "notice-trade-secret"),
        (field.open_ended, "notice-open-ended"),
    ];
    let true_ones = remarks.into_iter().filter(|(is_true, _)| *is_true);
    lines.extend(true_ones.map(|(_, id)| Text::from(words.say(id))));
    let teams = words.teams(&field.teams);
    if !teams.is_empty() {
        let teams = words.and(&teams);
        lines.push(words.tell("notice-seen-by", "teams", teams).into());
    }
    lines
}
