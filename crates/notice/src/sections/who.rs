//! Who is responsible, and the legal page.

use consentry_policy::{ContactPurpose, Host, HostRole, Place};

use crate::clauses;
use crate::document::{Blocks, Fact, Text};
use crate::words::Words;

/// What stands above the sections: what the notice is about, for whom, since when.
pub(crate) fn lead(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    blocks.paragraph(words.words(
        "notice-lead",
        &[
            ("name", (&policy.controller.name).into()),
            ("brand", (&policy.controller.brand).into()),
        ],
    ));
    let version = policy.notice_version().to_string();
    let mut facts = vec![Fact::new(words.say("notice-version"), version)];
    if let Some(day) = policy.effective {
        facts.push(Fact::new(words.say("notice-since"), words.day(day)));
    }
    if let Some(notice) = &policy.notice {
        let listed = [
            ("notice-scope", &notice.scope),
            ("notice-audience", &notice.audience),
            ("notice-laws", &notice.legal_references),
        ];
        for (id, texts) in listed {
            if !texts.is_empty() {
                facts.push(Fact {
                    term: words.say(id),
                    lines: texts
                        .iter()
                        .map(|text| Text::referring(words.get(text)))
                        .collect(),
                });
            }
        }
    }
    blocks.facts(facts);
    clauses(words, Place::Introduction, &mut blocks);
    blocks
}

/// S0-01, S0-05, S0-100, S1-04, S1-05, S1-56.
pub(crate) fn controller(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    let controller = &policy.controller;
    blocks.paragraph(words.words(
        "notice-controller",
        &[
            ("name", (&controller.name).into()),
            ("brand", (&controller.brand).into()),
        ],
    ));
    if let Some(activity) = &controller.activity {
        blocks.paragraph(words.get(activity));
    }
    let mut facts = identity(words);
    if let Some(dpo) = &controller.dpo {
        facts.push(Fact {
            term: words.say("notice-dpo"),
            lines: vec![(&*dpo.name).into(), Text::mail(dpo.contact.expose())],
        });
    }
    for contact in &policy.contacts {
        let by_mail = contact.email.iter();
        let mut lines: Vec<Text> = by_mail
            .map(|address| Text::mail(address.expose()))
            .collect();
        lines.extend(contact.addressee.iter().map(|one| words.get(one).into()));
        lines.extend(contact.post.iter().map(|line| line.as_str().into()));
        facts.push(Fact {
            term: words.say(match contact.purpose {
                ContactPurpose::Questions => "notice-contact-questions",
                ContactPurpose::Processors => "notice-contact-processors",
                ContactPurpose::Controllers => "notice-contact-controllers",
                _ => "notice-contact-privacy",
            }),
            lines,
        });
    }
    blocks.facts(facts);
    blocks
}

/// The legal page.
pub(crate) fn legal(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    blocks.heading(words.say("notice-publisher"));
    blocks.facts(identity(words));
    blocks.heading(words.say("notice-hosting"));
    hosts(words, &mut blocks);
    if let Some(notice) = &policy.notice {
        let law = [
            ("notice-applicable-law", notice.applicable_law.as_ref()),
            ("notice-jurisdiction", notice.jurisdiction.as_ref()),
        ];
        let mut facts: Vec<Fact> = law
            .into_iter()
            .filter_map(|(id, text)| Some(Fact::new(words.say(id), words.get(text?))))
            .collect();
        if let Some(credits) = &notice.credits {
            facts.push(Fact::new(words.say("notice-credits"), credits.as_str()));
        }
        if !facts.is_empty() {
            blocks.heading(words.say("notice-law"));
            blocks.facts(facts);
        }
        if notice.warns_of_links {
            blocks.heading(words.say("notice-links"));
            blocks.paragraph(words.tell("notice-links-text", "name", &policy.controller.name));
        }
        if !notice.documents.is_empty() {
            blocks.heading(words.say("notice-documents"));
            blocks.list(notice.documents.iter().map(|one| words.document(one)));
        }
    }
    blocks.heading(words.say("notice-personal-data"));
    let notice = words.places.page("/privacy");
    blocks.paragraph(Text::link(words.say("notice-read"), notice));
    clauses(words, Place::Legal, &mut blocks);
    blocks
}

/// Who a company is (S0-01 to S0-05, S1-04).
fn identity(words: &Words<'_>) -> Vec<Fact> {
    let controller = &words.policy.controller;
    let form = words.form(controller.legal_form.as_ref(), controller.capital.as_ref());
    let mut lines: Vec<Text> = vec![Words::remarked(&controller.name, &form).into()];
    lines.extend(controller.address.iter().map(|line| line.as_str().into()));
    lines.push(controller.country.name(words.language).into());
    let mut facts = vec![
        Fact {
            term: words.say("notice-company"),
            lines,
        },
        Fact::new(words.say("notice-brand"), controller.brand.as_str()),
        Fact::new(
            words.say("notice-contact"),
            Text::mail(controller.contact.expose()),
        ),
    ];
    facts.extend(some(words, "notice-phone", controller.phone.as_ref()));
    if let Some(website) = &controller.website {
        let link = Text::link(website, website);
        facts.push(Fact::new(words.say("notice-website"), link));
    }
    let registered = controller.registry_number.as_ref();
    facts.extend(some(words, "notice-registry", registered));
    facts.extend(some(words, "notice-vat", controller.vat_number.as_ref()));
    facts
}

fn some(words: &Words<'_>, id: &str, value: Option<&String>) -> Option<Fact> {
    value.map(|value| Fact::new(words.say(id), value.as_str()))
}

/// Every host with all that identifies it (S0-06, S1-34, S2-62, S3-43).
pub(super) fn hosts(words: &Words<'_>, blocks: &mut Blocks) {
    for host in &words.policy.hosts {
        blocks.facts(host_facts(words, host));
    }
}

fn host_facts(words: &Words<'_>, host: &Host) -> Vec<Fact> {
    let form = words.form(host.legal_form.as_ref(), host.capital.as_ref());
    let name = match &host.name {
        _ if host.is_controller => words.tell(
            "notice-hosted-itself",
            "name",
            &words.policy.controller.name,
        ),
        Some(name) => Words::remarked(name, &form),
        None => String::new(),
    };
    let term = match host.role {
        HostRole::Partner => "notice-host-partner",
        _ => "notice-host",
    };
    let mut lines: Vec<Text> = vec![name.into()];
    lines.retain(|line| *line != Text::from(""));
    lines.extend(host.document.iter().map(|one| words.document(one)));
    let city = host.city.iter().map(String::as_str);
    let place: Vec<&str> = city.chain([host.country.name(words.language)]).collect();
    let mut facts = vec![
        Fact {
            term: words.say(term),
            lines,
        },
        Fact::new(words.say("notice-place"), place.join(", ")),
    ];
    if !host.seat.is_empty() {
        facts.push(Fact {
            term: words.say("notice-seat"),
            lines: host.seat.iter().map(|line| line.as_str().into()).collect(),
        });
    }
    let registered = host.registry_number.as_ref();
    facts.extend(some(words, "notice-registry", registered));
    facts.extend(some(words, "notice-activity", host.activity_code.as_ref()));
    facts.extend(some(words, "notice-vat", host.vat_number.as_ref()));
    facts.extend(some(words, "notice-phone", host.phone.as_ref()));
    facts
}
