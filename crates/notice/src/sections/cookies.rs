//! Cookies: categories, register, validity (S1-57 to S1-126, S2-53 to S2-60, S3-32 to S3-51).

use consentry_policy::{Cookie, CookieCategory, CookieParty, Cookies, TrackerKind};

use crate::document::{Blocks, Fact, Table, Text};
use crate::words::Words;

pub(crate) fn section(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let Some(cookies) = &words.policy.cookies else {
        blocks.paragraph(words.say("notice-no-cookies"));
        return blocks;
    };
    blocks.paragraph(words.say("notice-cookies"));
    if let Some(introduction) = &cookies.introduction {
        blocks.prose(words.get(introduction));
    }
    blocks.list(validity(words, cookies));
    blocks.heading(words.say("notice-cookie-categories"));
    for category in &cookies.categories {
        blocks.facts([describe(words, category)]);
    }
    blocks.heading(words.say("notice-cookie-register"));
    blocks.table(Table {
        caption: words.say("notice-cookie-caption"),
        head: ["cookie", "set-by", "category", "lasts", "used-for"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: cookies
            .register
            .iter()
            .map(|cookie| row(words, cookies, cookie))
            .collect(),
    });
    if !cookies.links.is_empty() {
        blocks.heading(words.say("notice-cookie-links"));
        let links = cookies.links.iter();
        blocks.list(links.map(|link| Text::link(words.get(&link.name), &link.url)));
    }
    blocks
}

fn validity(words: &Words<'_>, cookies: &Cookies) -> Vec<String> {
    let consent = words.period(cookies.consent_validity);
    let mut lines = vec![words.tell("notice-consent-validity", "period", consent)];
    lines.push(match cookies.refusal_validity {
        Some(period) => words.tell("notice-refusal-validity", "period", words.period(period)),
        None => words.say("notice-refusal-validity-same"),
    });
    lines.push(words.say("notice-cookies-end"));
    lines
}

fn describe(words: &Words<'_>, category: &CookieCategory) -> Fact {
    let mut lines: Vec<Text> = vec![words.get(&category.description).into()];
    let details = category.details.iter();
    lines.extend(details.map(|detail| words.get(detail).into()));
    if category.exempt {
        lines.push(words.say("notice-cookie-exempt").into());
        lines.extend(category.exemption.iter().map(|why| words.get(why).into()));
    } else {
        let basis = words.basis(category.basis);
        lines.push(words.tell("notice-cookie-basis", "basis", basis).into());
    }
    if category.advertising {
        lines.push(words.say("notice-cookie-advertising").into());
    }
    let purposes: Vec<&str> = category
        .purposes
        .iter()
        .map(|id| words.purpose(id))
        .collect();
    if !purposes.is_empty() {
        let purposes = words.and(&purposes);
        lines.push(
            words
                .tell("notice-cookie-purposes", "purposes", purposes)
                .into(),
        );
    }
    Fact {
        term: words.get(&category.name).to_owned(),
        lines,
    }
}

fn row(words: &Words<'_>, cookies: &Cookies, cookie: &Cookie) -> Vec<Vec<Text>> {
    let mut name: Vec<Text> = vec![cookie.name.as_str().into()];
    name.push(cookie.domain.as_str().into());
    if cookie.kind != TrackerKind::Cookie {
        name.push(words.say(&format!("notice-tracker-{}", cookie.kind)).into());
    }
    let setter = match (&cookie.recipient, cookie.party) {
        (Some(recipient), _) => words.recipient(recipient).to_owned(),
        (None, CookieParty::Own) => words.policy.controller.name.clone(),
        (None, party) => words.say(&format!("notice-party-{party}")),
    };
    let mut categories = cookies.categories.iter();
    let category = categories.find(|category| category.id == cookie.category);
    vec![
        name,
        vec![setter.into()],
        category
            .map(|category| words.get(&category.name).into())
            .into_iter()
            .collect(),
        vec![words.lifetime(cookie.lifetime).into()],
        vec![words.get(&cookie.description).into()],
    ]
}
