//! The rights, how to use them, and where to complain (GDPR art. 12 to 22, 77).

use consentry_policy::{
    Channel, ChannelKind, ErasureGround, LegalBasis, Pause, Purpose, Right, Rights,
};

use crate::document::{Blocks, Fact, Table, Text};
use crate::words::Words;

/// What everybody has whose policy says nothing else (S0-42).
const ALWAYS: [Right; 8] = [
    Right::Access,
    Right::Rectify,
    Right::Erase,
    Right::Restrict,
    Right::Port,
    Right::Object,
    Right::AutomatedDecision,
    Right::WithdrawConsent,
];

pub(crate) fn section(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let rights = words.policy.rights.as_ref();
    blocks.table(Table {
        caption: words.say("notice-rights-caption"),
        head: ["right", "meaning", "concerns"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: offered(rights)
            .iter()
            .map(|&right| row(words, right))
            .collect(),
    });
    grounds(words, rights, &mut blocks);
    blocks.heading(words.say("notice-how"));
    self_service(words, &mut blocks);
    let channels = rights.map_or_else(Vec::new, |rights| channels(words, rights));
    if channels.is_empty() {
        let contact = words.policy.controller.contact.expose();
        let text = Text::from(words.say("notice-write-to"));
        blocks.paragraph(text.and(Text::mail(contact)));
    } else {
        blocks.facts(channels);
    }
    blocks.heading(words.say("notice-answers"));
    match rights {
        Some(rights) => blocks.list(answers(words, rights)),
        None => blocks.paragraph(words.say("notice-answers-by-law")),
    }
    blocks
}

fn offered(rights: Option<&Rights>) -> &[Right] {
    match rights {
        Some(rights) if !rights.offered.is_empty() => &rights.offered,
        _ => &ALWAYS,
    }
}

fn row(words: &Words<'_>, right: Right) -> Vec<Vec<Text>> {
    let names = |concerns: &dyn Fn(&Purpose) -> bool| -> Vec<Text> {
        let purposes = words.policy.purposes.iter().filter(|one| concerns(one));
        purposes.map(|one| words.get(&one.name).into()).collect()
    };
    // Whoever left and comes back does so on consent, whatever the topic rests on.
    let came_back = |mut concerns: Vec<Text>| {
        concerns.push(words.say("notice-came-back").into());
        concerns
    };
    let concerns = match right {
        Right::Object => names(&|purpose| {
            let bases = [LegalBasis::LegitimateInterest, LegalBasis::PublicTask];
            bases.contains(&purpose.basis)
        }),
        Right::Port => came_back(names(&|purpose| {
            [LegalBasis::Consent, LegalBasis::Contract].contains(&purpose.basis)
        })),
        Right::WithdrawConsent => came_back(names(&|purpose| purpose.basis == LegalBasis::Consent)),
        Right::AutomatedDecision => names(&|purpose| purpose.automated_decisions),
        _ => vec![words.say("notice-all-data").into()],
    };
    let concerns = if concerns.is_empty() {
        vec![words.say("notice-nothing-now").into()]
    } else {
        concerns
    };
    vec![
        vec![words.say(&format!("notice-right-{right}")).into()],
        vec![words.say(&format!("notice-meaning-{right}")).into()],
        concerns,
    ]
}

/// S3-79 to S3-83, S4-79 to S4-84.
fn grounds(words: &Words<'_>, rights: Option<&Rights>, blocks: &mut Blocks) {
    let declared = rights.map_or(&[][..], |rights| &rights.erasure_grounds);
    let grounds = if declared.is_empty() {
        ErasureGround::ALL
    } else {
        declared
    };
    blocks.heading(words.say("notice-grounds"));
    let grounds = grounds.iter();
    blocks.list(grounds.map(|ground| words.say(&format!("notice-ground-{ground}"))));
}

/// What a subscriber does without asking anybody (S0-38 to S0-54).
fn self_service(words: &Words<'_>, blocks: &mut Blocks) {
    let links = &words.policy.links;
    let mine = Text::link(words.say("mail-my-link"), words.places.page("/preferences"));
    blocks.paragraph(Text::from(words.say("notice-self-service")).and(mine));
    let preferences = match links.preferences {
        Some(period) => words.tell("notice-link-works", "period", words.period(period)),
        None => words.say("notice-link-works-always"),
    };
    let sensitive = words.period(links.sensitive);
    let sensitive = words.tell("notice-link-sensitive", "period", sensitive);
    blocks.list([preferences, sensitive, words.say("notice-link-one-click")]);
}

fn channels(words: &Words<'_>, rights: &Rights) -> Vec<Fact> {
    let channels = rights.channels.iter();
    channels
        .map(|channel| Fact {
            term: words.say(&format!("notice-channel-{}", channel.kind)),
            lines: channel_lines(words, channel),
        })
        .collect()
}

/// Where to write, for what, and what to state (S0-15 to S0-17, S3-56 to S3-60).
fn channel_lines(words: &Words<'_>, channel: &Channel) -> Vec<Text> {
    let controller = &words.policy.controller;
    let language = words.language;
    let mut lines: Vec<Text> = Vec::new();
    match channel.kind {
        ChannelKind::Email => {
            let address = channel.email.as_ref().unwrap_or(&controller.contact);
            lines.push(Text::mail(address.expose()));
        }
        ChannelKind::Post => {
            let addressee = channel.addressee.iter();
            let addressee = addressee.map(|one| Text::from(one.get(language)));
            let street = |lines: &[String]| -> Vec<Text> {
                lines.iter().map(|line| line.as_str().into()).collect()
            };
            if channel.post.is_empty() {
                lines.push(controller.name.as_str().into());
                lines.extend(addressee);
                lines.extend(street(&controller.address));
                lines.push(controller.country.name(language).into());
            } else {
                lines.extend(addressee);
                lines.extend(street(&channel.post));
            }
        }
        _ => {
            let page = words.places.page("/preferences");
            lines.push(Text::link(words.say("notice-online-page"), page));
        }
    }
    if !channel.rights.is_empty() {
        let rights = channel.rights.iter();
        let rights: Vec<String> = rights
            .map(|right| words.say(&format!("notice-right-{right}")))
            .collect();
        let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
        let rights = words.and(&rights);
        lines.push(words.tell("notice-channel-rights", "rights", rights).into());
    }
    if !channel.requires.is_empty() {
        let required: Vec<String> = channel
            .requires
            .iter()
            .map(|one| {
                let document = one.identity_document;
                let remark = document.then(|| words.say("notice-identity-document"));
                let remarks: Vec<String> = remark.into_iter().collect();
                Words::remarked(one.name.get(language), &remarks)
            })
            .collect();
        let required: Vec<&str> = required.iter().map(String::as_str).collect();
        let required = words.and(&required);
        lines.push(words.tell("notice-must-state", "required", required).into());
    }
    lines
}

/// Deadlines, fees and the rest (S3-61, S3-62, S3-83, S3-137, S4-96 to S4-100).
fn answers(words: &Words<'_>, rights: &Rights) -> Vec<Text> {
    let answer = words.period(rights.answer);
    let mut lines = vec![words.tell("notice-answer", "answer", &answer)];
    if let Some(extension) = rights.extension {
        let extension = words.period(extension);
        let values = [
            ("answer", (&answer).into()),
            ("extension", (&extension).into()),
        ];
        lines.push(words.words("notice-extension", &values));
    }
    if rights.pause == Pause::IdentityDoubt {
        lines.push(words.say("notice-pause"));
    }
    if rights.free {
        lines.push(words.say("notice-free"));
    }
    if let Some(fee) = &rights.copy_fee {
        lines.push(words.tell("notice-copy-fee", "fee", words.money(fee)));
    }
    if rights.fee_when_excessive {
        lines.push(words.say("notice-fee-when-excessive"));
    }
    lines.push(words.say("notice-refusal"));
    if let Some(age) = rights.child_age {
        lines.push(words.words("notice-child", &[("age", age.into())]));
    }
    let mut lines: Vec<Text> = lines.into_iter().map(Text::from).collect();
    if let Some(address) = &rights.forward_to {
        let text = Text::from(words.say("notice-forwarded"));
        lines.push(text.and(Text::mail(address.expose())));
    }
    let remarks = rights.remarks.iter();
    lines.extend(remarks.map(|remark| Text::referring(remark.get(words.language))));
    lines
}

/// S3-94, S4-101, S4-102.
pub(crate) fn complaint(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    blocks.paragraph(words.say("notice-complaint"));
    let Some(authority) = &words.policy.authority else {
        return blocks;
    };
    let mut lines: Vec<Text> = vec![authority.name.as_str().into()];
    lines.extend(authority.address.iter().map(|line| line.as_str().into()));
    let mut facts = vec![Fact {
        term: words.say("notice-authority"),
        lines,
    }];
    let plain = [
        ("notice-phone", authority.phone.as_deref()),
        (
            "notice-hours",
            authority.hours.as_ref().map(|one| words.get(one)),
        ),
        ("notice-fax", authority.fax.as_deref()),
    ];
    let there = plain
        .into_iter()
        .filter_map(|(id, value)| Some((id, value?)));
    facts.extend(there.map(|(id, value)| Fact::new(words.say(id), value)));
    let website = &authority.website;
    facts.push(Fact::new(
        words.say("notice-website"),
        Text::link(website, website),
    ));
    if let Some(form) = &authority.complaint_form {
        facts.push(Fact::new(
            words.say("notice-complaint-form"),
            Text::link(form, form),
        ));
    }
    blocks.facts(facts);
    blocks
}
