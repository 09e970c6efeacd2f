//! Rights, deadlines, fees, addresses, the authority.

use jiff::SignedDuration;

use super::{Lint, each, quoted};
use crate::{
    Channel, ChannelKind, Contact, ContactPurpose, ErasureGround, LegalBasis, Period, PeriodUnit,
    Right, Rights,
};

pub(super) fn lint(lint: &mut Lint<'_>) {
    authority_is_named(lint);
    contacts_are_unambiguous(lint);
    let Some(rights) = &lint.policy.rights else {
        return rights_are_missing(lint);
    };
    answer_is_in_time(lint, rights);
    required_rights_are_offered(lint, rights);
    every_right_has_a_channel(lint, rights);
    requests_can_be_made_electronically(lint, rights);
    identity_is_not_proved_twice(lint, rights);
    rights_are_free(lint, rights);
    children_have_an_age(lint, rights);
    list_of_processors_has_an_address(lint, rights);
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// People are told of their rights (S0-42, S4-57 to S4-62; GDPR art. 13(2)(b)).
fn rights_are_missing(lint: &mut Lint<'_>) {
    lint.error(
        "no-rights",
        "rights",
        "nothing says how people exercise their rights, and until when they are answered",
        "add `[rights]` with `answer = \"1 month\"` and `[[rights.channels]]` (GDPR art. 13(2)(b))",
    );
}

/// People are told where to complain, with a form (S3-94, S4-101, S4-102; GDPR art. 13(2)(d), 77).
fn authority_is_named(lint: &mut Lint<'_>) {
    let help = "for example `complaint_form = \"https://authority.example/complaints\"` (GDPR art. \
                13(2)(d))";
    match &lint.policy.authority {
        None => lint.error(
            "no-authority",
            "authority",
            "nothing says to which authority people may complain",
            "add `[authority]` with its name, `website` and `complaint_form` (GDPR art. 13(2)(d))",
        ),
        Some(authority) if authority.complaint_form.is_none() => lint.error(
            "no-complaint-form",
            "authority.complaint_form",
            format!("nothing says where to complain to {}", authority.name),
            help,
        ),
        Some(_) => {}
    }
}

/// A contact has an address, and a purpose has one contact (S2-08, S3-02; GDPR art. 12(2)).
fn contacts_are_unambiguous(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    for (path, contact) in each("contacts", &policy.contacts) {
        if contact.email.is_none() && contact.post.is_empty() {
            lint.error(
                "contact-without-address",
                &path,
                format!("the contact for `{}` cannot be reached", contact.purpose),
                "add `email = \"…\"` or `post = [\"…\"]`",
            );
        }
        let first = policy
            .contacts
            .iter()
            .find(|other| other.purpose == contact.purpose);
        let has_another = |other: &Contact| {
            other.email.is_some() && contact.email.is_some() && other.email != contact.email
        };
        if first.is_some_and(has_another) {
            lint.warn(
                "two-addresses",
                format!("{path}.email"),
                format!("this is the second address for `{}`", contact.purpose),
                "keep one of the two, so that nobody asks at the wrong one",
            );
        }
    }
    let privacy = policy
        .contacts
        .iter()
        .find(|contact| contact.purpose == ContactPurpose::Privacy)
        .and_then(|contact| contact.email.as_ref());
    let channels = policy.rights.iter().flat_map(|rights| &rights.channels);
    for (index, channel) in channels.enumerate() {
        if let (Some(address), Some(privacy)) = (&channel.email, privacy)
            && address != privacy
        {
            lint.warn(
                "two-addresses",
                format!("rights.channels[{index}].email"),
                "requests go here, and to another address by the contact for `privacy`",
                "write the same address in both, or leave it out of one of the two",
            );
        }
    }
}

/// An answer is due within one month, two more when it is complex, and the alarm goes off between
/// the receipt and the end (S2-51, S3-137, S4-99, S4-100; GDPR art. 12(3)).
fn answer_is_in_time(lint: &mut Lint<'_>, rights: &Rights) {
    if at_least(rights.answer) > DAY * 31 {
        lint.error(
            "late-answer",
            "rights.answer",
            format!("answers take {}, the law allows one month", rights.answer),
            "choose at most `1 month` (GDPR art. 12(3))",
        );
    }
    if let Some(extension) = rights.extension
        && at_least(extension) > DAY * 62
    {
        lint.error(
            "late-extension",
            "rights.extension",
            format!("an extension takes {extension}, the law allows two months"),
            "choose at most `2 months` (GDPR art. 12(3))",
        );
    }
    if let Some(alarm) = rights.alarm
        && alarm.longest() >= rights.answer.shortest()
    {
        lint.warn(
            "alarm-before-receipt",
            "rights.alarm",
            format!(
                "an alarm {alarm} before the end of {} goes off with the receipt",
                rights.answer
            ),
            "choose a shorter period, such as `7 days`",
        );
    }
}

/// What a period takes at least, weekends included.
fn at_least(period: Period) -> SignedDuration {
    match period.unit() {
        PeriodUnit::WorkingDays => period.shortest() * 7 / 5,
        _ => period.shortest(),
    }
}

/// Some rights exist always, others by the bases that are used (S0-42, S1-49 to S1-55, S3-86,
/// S3-87, S4-57 to S4-62; GDPR art. 7(3), 15 to 18, 20 to 22).
fn required_rights_are_offered(lint: &mut Lint<'_>, rights: &Rights) {
    use LegalBasis::{Consent, Contract, LegitimateInterest, PublicTask};
    if rights.offered.is_empty() {
        return;
    }
    let purposes = &lint.policy.purposes;
    let rests_on = |bases: &[LegalBasis]| purposes.iter().any(|one| bases.contains(&one.basis));
    let decides = purposes.iter().any(|purpose| purpose.automated_decisions);
    let required = [
        (Right::Access, true, "15"),
        (Right::Rectify, true, "16"),
        (Right::Erase, true, "17"),
        (Right::Restrict, true, "18"),
        (Right::Port, rests_on(&[Consent, Contract]), "20"),
        (
            Right::Object,
            rests_on(&[LegitimateInterest, PublicTask]),
            "21",
        ),
        (Right::AutomatedDecision, decides, "22"),
        (Right::WithdrawConsent, rests_on(&[Consent]), "7(3)"),
    ];
    for (right, is_required, article) in required {
        if is_required && !rights.offered.contains(&right) {
            lint.error(
                "right-not-offered",
                "rights.offered",
                format!("people have the right `{right}` here, and `offered` leaves it out"),
                format!("add \"{right}\" (GDPR art. {article})"),
            );
        }
    }
}

/// Each right can be exercised (GDPR art. 12(2)).
fn every_right_has_a_channel(lint: &mut Lint<'_>, rights: &Rights) {
    let without: Vec<&str> = Right::ALL
        .iter()
        .filter(|right| rights.offered.is_empty() || rights.offered.contains(right))
        .filter(|right| {
            let takes =
                |channel: &Channel| channel.rights.is_empty() || channel.rights.contains(right);
            !rights.channels.iter().any(takes)
        })
        .map(|right| right.as_str())
        .collect();
    if !without.is_empty() {
        lint.error(
            "right-without-channel",
            "rights.channels",
            format!("no channel takes requests for {}", quoted(&without)),
            "leave `rights` out of one channel: it then takes all of them (GDPR art. 12(2))",
        );
    }
}

/// Data collected on a page are asked for on a page or by e-mail, too (S0-15, S0-16; GDPR recital
/// 59).
fn requests_can_be_made_electronically(lint: &mut Lint<'_>, rights: &Rights) {
    let by_post = rights
        .channels
        .iter()
        .all(|channel| channel.kind == ChannelKind::Post);
    if by_post {
        lint.warn(
            "letters-alone",
            "rights.channels",
            "requests are taken by letter alone",
            "add a channel with `kind = \"online\"` or `\"email\"` (GDPR recital 59)",
        );
    }
}

/// A mailed link proves the mailbox already (S3-60; GDPR art. 12(6)).
fn identity_is_not_proved_twice(lint: &mut Lint<'_>, rights: &Rights) {
    for (path, channel) in each("rights.channels", &rights.channels) {
        for (path, requirement) in each(&format!("{path}.requires"), &channel.requires) {
            if channel.kind == ChannelKind::Online && requirement.identity_document {
                lint.warn(
                    "identity-proved-twice",
                    format!("{path}.identity_document"),
                    format!(
                        "a mailed link proves who is asking, and `{}` is asked for as well",
                        requirement.id
                    ),
                    "ask for a document by post or e-mail alone (GDPR art. 12(6))",
                );
            }
        }
    }
}

/// Rights are free; a fee is an exception that has its key (S3-61, S3-62, S4-96, S4-97; GDPR
/// art. 12(5), 15(3)).
fn rights_are_free(lint: &mut Lint<'_>, rights: &Rights) {
    if !rights.free {
        lint.error(
            "rights-not-free",
            "rights.free",
            "exercising rights costs something",
            "remove it; `copy_fee` and `fee_when_excessive` are the exceptions (GDPR art. 12(5))",
        );
    }
    let has_fee = rights.copy_fee.is_some() || rights.fee_when_excessive;
    for (index, remark) in rights.remarks.iter().enumerate() {
        let names_a_sum = ["EUR", "€"].iter().any(|mark| remark.en.contains(mark));
        if names_a_sum && !has_fee {
            lint.warn(
                "fee-in-words",
                format!("rights.remarks[{index}]"),
                "the text names a sum, and no key allows a fee",
                "write `copy_fee = \"5 EUR\"`, and leave the sum out of the text",
            );
        }
    }
}

/// A child is one below an age from 13 to 16 (S3-83, S4-84; GDPR art. 8(1)).
fn children_have_an_age(lint: &mut Lint<'_>, rights: &Rights) {
    match rights.child_age {
        Some(13..=16) => {}
        Some(age) => lint.error(
            "child-age",
            "rights.child_age",
            format!("the age is {age}, and the law allows 13 to 16"),
            "for example `child_age = 15`, as in France (GDPR art. 8(1))",
        ),
        None if rights.erasure_grounds.contains(&ErasureGround::Child) => lint.warn(
            "child-without-age",
            "rights.child_age",
            "`child` is a ground for erasure, and nothing says who is one",
            "for example `child_age = 15`, as in France (GDPR art. 8(1), 17(1)(f))",
        ),
        None => {}
    }
}

/// Whoever is offered a list can ask for it (S4-34).
fn list_of_processors_has_an_address(lint: &mut Lint<'_>, rights: &Rights) {
    let has_contact = lint
        .policy
        .contacts
        .iter()
        .any(|contact| contact.purpose == ContactPurpose::Processors);
    if rights.offered.contains(&Right::ProcessorList) && !has_contact {
        lint.error(
            "no-address-for-processors",
            "contacts",
            "the list of processors is given on request, and nothing says where to ask",
            "add `[[contacts]]` with `purpose = \"processors\"` and `email = \"…\"`",
        );
    }
}
