//! What changes from one version to the next.

use consentry_policy::{
    Class, Difference, Language, Policy, Shown, SubscriberState, diff, is_substantial,
};

use crate::edit::{Edits, SMALL, replaced};

fn edited(edits: Edits<'_>) -> Policy {
    let source = replaced(SMALL, edits);
    Policy::parse(&source, "policy.toml").unwrap_or_else(|errors| panic!("{errors}"))
}

fn changes(edits: Edits<'_>) -> Vec<Difference> {
    diff(&edited(&[]), &edited(edits))
}

/// The classes of an edit, without the version's own data.
fn classes(from: &str, to: &str) -> Vec<Class> {
    let told = |difference: &Difference| difference.class != Class::Bookkeeping;
    let found = changes(&[(from, to)]);
    found
        .iter()
        .filter(|one| told(one))
        .map(|one| one.class)
        .collect()
}

const LAST: &str = "[mail]\n";

/// S4-08: the comparison proposes the class.
#[test]
fn what_changes_for_people_has_its_class() {
    use Class::*;
    let table: &[(&str, &str, &[Class])] = &[
        ("after = \"12 months\"", "after = \"6 months\"", &[Shorter]),
        ("after = \"12 months\"", "after = \"13 months\"", &[Longer]),
        // February is shorter, other months are not: nobody is told too little.
        ("after = \"30 days\"", "after = \"1 month\"", &[Longer]),
        ("after = \"30 days\"", "after = \"4 weeks\"", &[Shorter]),
        ("after = \"3 years\"", "after = \"156 weeks\"", &[Shorter]),
        (
            "basis = \"legitimate-interest\"",
            "basis = \"consent\"",
            &[BasisChanged],
        ),
        (
            "Product news and new features.",
            "News of the product.",
            &[Editorial],
        ),
        (
            "cool_down = \"10 minutes\"",
            "cool_down = \"5 minutes\"",
            &[Operation],
        ),
        (
            "name = \"Velmarin Logiciels\"",
            "name = \"Other SAS\"",
            &[Controller],
        ),
        ("privacy@velmarin", "data@velmarin", &[Contact]),
        (
            "country = \"FR\"\nlegal_form",
            "country = \"US\"\nlegal_form",
            &[Hosting],
        ),
        (
            "purposes = [\"product-news\", \"sales\"]",
            "purposes = [\"sales\"]",
            &[NarrowerUse, NarrowerUse],
        ),
        (
            LAST,
            "[[purposes]]\nid = \"more\"\nname = { en = \"More\", fr = \"Plus\" }\nbasis = \"consent\"\n[mail]\n",
            &[NewPurpose],
        ),
        (
            LAST,
            "[[recipients]]\nid = \"agency\"\nname = { en = \"An agency\", fr = \"Une agence\" }\nkind = \"processor\"\nreason = { en = \"It helps.\", fr = \"Elle aide.\" }\n[mail]\n",
            &[NewRecipient],
        ),
        (
            "[[datasets.stages]]\nid = \"purge-unsubscribed\"\naction = \"purge\"\nstate = \"unsubscribed\"\nclock = \"last-departure\"\nafter = \"3 years\"\n",
            "",
            &[RemovedRule],
        ),
        (
            "mandatory = true",
            "mandatory = true\n[[datasets.fields]]\nid = \"name\"\nname = { en = \"Name\", fr = \"Nom\" }",
            &[NewData],
        ),
        ("mandatory = true", "mandatory = false", &[DataChanged]),
        ("[backups]\nkeep = \"90 days\"", "[backups]", &[Longer]),
        (
            LAST,
            "[engine]\nlonger_reaches_back = true\n[mail]\n",
            &[RuleChanged],
        ),
    ];
    for (from, to, expected) in table {
        assert_eq!(classes(from, to), *expected, "{to}");
    }
}

/// Issue 4: the other spelling of a value and a default that is written out are no change.
#[test]
fn what_means_the_same_is_no_change_for_people() {
    for (from, to) in [
        ("after = \"12 months\"", "after = \"1 year\""),
        ("[backups]", "[engine]\nbrake = 20\n[backups]"),
        (LAST, "[engine]\n[mail]\n"),
        (
            "mandatory = true",
            "mandatory = true\nsource = \"provided\"",
        ),
        (
            "mandatory = true",
            "mandatory = true\npurposes = [\"product-news\", \"sales\"]",
        ),
        ("offered = [\"en\", \"fr\"]", "offered = [\"fr\", \"en\"]"),
        ("version = \"2026-11-01\"", "version = \"2026-12-01\""),
    ] {
        let found = changes(&[(from, to)]);
        assert!(!found.is_empty(), "{to}");
        assert!(
            found.iter().all(|one| one.class == Class::Bookkeeping),
            "{to}: {found:?}"
        );
    }
}

/// WP260 rev.01, 30: a right that is no longer offered is told, although the list of rights was
/// left out before.
#[test]
fn a_right_that_goes_missing_from_an_unwritten_list_is_a_right_less() {
    let desk = "[rights]\nanswer = \"1 month\"\n[[rights.channels]]\nkind = \"online\"\n[mail]\n";
    let before = edited(&[(LAST, desk)]);
    let fewer = "[rights]\noffered = [\"access\", \"rectify\", \"erase\", \"restrict\", \"object\", \"automated-decision\"]";
    let after = desk.replace("[rights]", fewer);
    let after = edited(&[(LAST, &after)]);
    let found = diff(&before, &after);
    let lost = Some(Shown::Right(consentry_policy::Right::Port));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].class, &found[0].before),
        (Class::RightReduced, &lost)
    );
}

#[test]
fn a_difference_says_what_it_is_about_and_what_it_was() {
    let found = changes(&[("after = \"12 months\"", "after = \"2 years\"")]);
    let [longer] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        longer.key,
        "datasets[subscribers].stages[purge-unconfirmed].after"
    );
    let pending = Some(Shown::State(SubscriberState::Pending));
    assert_eq!(longer.about, pending);
    assert!(
        matches!(&longer.within, Some(Shown::Text(text)) if text.get(Language::Fr) == "Abonnés")
    );
    let period = |text: &str| Some(Shown::Period(text.parse().expect("a period")));
    assert_eq!(longer.before, period("12 months"));
    assert_eq!(longer.after, period("2 years"));
    assert!(is_substantial(&found));
}
