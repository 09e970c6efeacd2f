//! What follows from a valid policy.

use consentry_address::EmailAddress;
use consentry_policy::{Language, NoticeVersion, Policy, Rate};

use crate::edit::{DEMO, edited, stage};

fn version(policy: &Policy) -> &str {
    policy.notice_version().as_str()
}

/// S0-57: a consent pins the notice that was shown, whatever its author called it.
#[test]
fn any_changed_value_changes_the_notice_version() {
    let demo = Policy::demo();
    for edit in [
        ("\"12 months\"", "\"13 months\""),
        ("Product news and new features.", "Product news."),
        ("offered = [\"en\", \"fr\"]", "offered = [\"fr\", \"en\"]"),
        ("75000 EUR", "75001 EUR"),
        ("business_only = true", "business_only = false"),
    ] {
        let policy = edited(&[edit]).expect("a policy");
        assert_eq!(policy.version, demo.version);
        assert_ne!(version(&policy), version(&demo), "{edit:?}");
    }
}

#[test]
fn comments_spacing_and_order_do_not_change_the_notice_version() {
    let demo = Policy::demo();
    for edit in [
        ("# Where the data lie.\n", ""),
        ("after = \"30 days\"", "after    =   '30 days'"),
        ("least = 100 ", "least = 0x64 "),
        ("default = \"en\" ", "# default\ndefault = \"en\" "),
    ] {
        let policy = edited(&[edit]).expect("a policy");
        assert_eq!(version(&policy), version(&demo), "{edit:?}");
    }
    let (head, mail) = DEMO.split_at(DEMO.find("[mail]").expect("a section"));
    let at = head.find("[[hosts]]").expect("a section");
    let reordered = format!("{}{mail}{}", &head[..at], &head[at..]);
    let policy = Policy::parse(&reordered, "policy.toml").expect("a policy");
    assert_eq!(version(&policy), version(&demo));
}

#[test]
fn a_notice_version_is_the_declared_one_and_a_fingerprint() {
    let demo = Policy::demo();
    let (declared, fingerprint) = version(&demo).split_once('+').expect("a plus sign");
    assert_eq!(declared, "2026-11-01");
    assert_eq!(fingerprint.len(), 8);
    assert_eq!(
        version(&demo).parse::<NoticeVersion>().as_ref(),
        Ok(demo.notice_version())
    );
    for text in ["2026-11-01", "+12345678", "v+1234567", "v+1234567G"] {
        assert!(text.parse::<NoticeVersion>().is_err(), "{text}");
    }
}

/// S0-65: without an end of the backups, the journal of erasures has none.
#[test]
fn backups_kept_without_end_are_warned_about() {
    let policy = edited(&[("keep = \"90 days\"", "")]).expect("a policy");
    let remarks = policy.remarks();
    assert_eq!(remarks.len(), 1);
    assert_eq!(remarks[0].code, "backups-without-end");
}

/// S0-59: the silence of a notice about the kept unsubscription is made visible.
#[test]
fn an_unsubscription_kept_without_end_is_warned_about() {
    let policy = edited(&[(stage("purge-unsubscribed"), "")]).expect("a policy");
    let remarks = policy.remarks();
    assert_eq!(remarks.len(), 1);
    assert_eq!(remarks[0].code, "unsubscribed-without-end");
    assert_eq!(remarks[0].key, "datasets[0].stages");
}

#[test]
fn risky_figures_are_warned_about() {
    let policy = edited(&[
        ("after = \"30 days\"", "after = \"2 months\""),
        ("per_client = \"60/minute\"", "per_client = \"off\""),
        (
            "list_id = \"news.velmarin.example\"",
            "list_id = \"news.other.example\"",
        ),
    ])
    .expect("a policy");
    let codes: Vec<&str> = policy.remarks().iter().map(|remark| remark.code).collect();
    assert_eq!(
        codes,
        ["late-erasure", "unlimited-clients", "foreign-list-id"]
    );
}

/// S0-14: the policy may refuse the domains of free mail providers.
#[test]
fn refused_domains_are_compared_as_a_labels() {
    let policy = edited(&[(
        "refused_domains = []",
        "refused_domains = [\"FreeMail.example\", \"bücher.example\"]",
    )])
    .expect("a policy");
    let refuses = |typed: &str| {
        let address = EmailAddress::parse(typed).expect(typed);
        policy.subscription.refuses(&address)
    };
    assert!(refuses("anna@freemail.EXAMPLE"));
    assert!(refuses("anna@xn--bcher-kva.example"));
    assert!(!refuses("anna@notfreemail.example"));
    assert!(!refuses("anna@company.example"));
}

#[test]
fn a_policy_in_one_language_answers_in_it() {
    let policy = edited(&[
        ("offered = [\"en\", \"fr\"]", "offered = [\"fr\"]"),
        ("default = \"en\"", "default = \"fr\""),
        ("name = { en = \"Newsletter\", fr =", "name = { fr ="),
    ])
    .expect("a policy");
    let name = &policy.topics[0].name;
    assert_eq!(name.get(Language::Fr), "Lettre d’information");
    assert_eq!(name.get(Language::En), "Lettre d’information");
}

/// S0-100: a declared protection officer is read.
#[test]
fn a_protection_officer_may_be_declared() {
    let policy = edited(&[(
        "# [controller.dpo]\n# name = \"Data Protection Officer\"\n# contact",
        "[controller.dpo]\nname = \"Data Protection Officer\"\ncontact",
    )])
    .expect("a policy");
    let dpo = policy.controller.dpo.expect("an officer");
    assert_eq!(dpo.name, "Data Protection Officer");
}

#[test]
fn a_rate_is_read_and_written_and_may_be_off() {
    for text in ["10/second", "60/minute", "500/hour"] {
        assert_eq!(text.parse::<Rate>().expect(text).to_string(), text);
    }
    assert_eq!(Rate::or_off("off"), Ok(None));
    for text in [
        "",
        "0/minute",
        "-1/minute",
        "+1/minute",
        "/minute",
        "60",
        "60/day",
        "60 / minute",
        "off",
    ] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
}

#[test]
fn nothing_personal_shows_in_the_debug_form_of_a_policy() {
    assert!(!format!("{:?}", Policy::demo()).contains("privacy@"));
}

#[test]
fn limits_that_are_left_out_are_warned_about() {
    let start = crate::edit::DEMO
        .find("[limits.breaker]")
        .expect("a breaker");
    let end = crate::edit::DEMO.find("[mail]").expect("a section");
    let policy = edited(&[
        (&crate::edit::DEMO[start..end], ""),
        ("per_domain = \"600/hour\"", ""),
    ])
    .expect("a policy");
    let codes: Vec<&str> = policy.remarks().iter().map(|one| one.code).collect();
    assert_eq!(codes, ["unlimited-domains", "no-breaker"]);
}

/// A provider's domain has the limit of providers, in whichever script it is written.
#[test]
fn large_domains_have_a_limit_of_their_own() {
    let policy = edited(&[("\"gmail.com\"", "\"Bücher.example\"")]).expect("a policy");
    let is_large = |typed: &str| {
        let address = EmailAddress::parse(typed).expect(typed);
        policy.limits.is_large(address.ascii_domain())
    };
    assert!(is_large("anna@BÜCHER.example"));
    assert!(!is_large("anna@gmail.com"));
    assert_eq!(policy.limits.per_large_domain, "6000/hour".parse().ok());
}

#[test]
fn the_breaker_trips_when_too_few_of_enough_confirm() {
    let breaker = Policy::demo().limits.breaker.expect("a breaker");
    assert!(breaker.trips(0, 100), "nobody of a hundred");
    assert!(breaker.trips(9, 91), "nine of a hundred");
    assert!(!breaker.trips(10, 90), "ten of a hundred");
    assert!(!breaker.trips(0, 99), "too few to tell");
    assert!(breaker.trips(u64::MAX / 100, u64::MAX), "no overflow");
}

#[test]
fn a_breaker_that_could_judge_nobody_is_refused() {
    let refused = edited(&[("settle = \"15 minutes\"", "settle = \"2 hours\"")]);
    let errors = refused.expect_err("nobody would be judged");
    assert_eq!(errors.all()[0].key, "limits.breaker.settle");
    for share in ["0", "101"] {
        let refused = edited(&[("share = 10 ", &format!("share = {share} "))]);
        assert_eq!(
            refused.expect_err(share).all()[0].key,
            "limits.breaker.share"
        );
    }
}
