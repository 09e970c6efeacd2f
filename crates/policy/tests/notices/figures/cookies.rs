//! The cookies of the five notices.

use consentry_policy::{Cookie, Cookies, Lifetime};

use crate::files::policy;

fn cookies(name: &str) -> Cookies {
    policy(name).cookies.expect("cookies")
}

fn line(cookie: &Cookie) -> String {
    let lifetime = match cookie.lifetime {
        Lifetime::Session => "session".to_owned(),
        Lifetime::Period(period) => period.to_string(),
    };
    let Cookie {
        name,
        domain,
        category,
        ..
    } = cookie;
    format!("{name} of {domain}: {category}, {lifetime}")
}

/// S0-93, S0-94, S0-95: the assistant's cookie lives for 30 minutes and is exempt.
#[test]
fn the_assistant_has_one_exempt_cookie() {
    let cookies = cookies("saas-portal");
    assert_eq!(
        line(&cookies.register[0]),
        "sp_chatbot_session of velmarin.example: necessary, 30 minutes"
    );
    assert!(cookies.categories[0].exempt && !cookies.categories[1].exempt);
}

/// S1-91 to S1-120, S1-123, S1-124: the 29 rows of the register, by name and domain, with units as
/// written.
#[test]
fn the_register_has_the_29_rows_of_the_notice() {
    let lines: Vec<String> = cookies("document-vendor")
        .register
        .iter()
        .map(line)
        .collect();
    assert_eq!(
        lines,
        [
            "__cf_bm of crm.example: necessary, 29 minutes",
            "__cf_bm of site.example: necessary, 29 minutes",
            "__cfruid of site.example: necessary, session",
            "__hs_cookie_cat_pref of site.example: necessary, 179 days",
            "__hssrc of site.example: statistical, session",
            "__hstc of site.example: statistical, 179 days",
            "__hssc of site.example: statistical, 29 minutes",
            "visitor_id of site.example: statistical, 179 days",
            "hs_ab_test of site.example: statistical, session",
            "_ga of site.example: statistical, 399 days",
            "_ga_LK3ZF80CFG of site.example: statistical, 399 days",
            "_gcl_au of site.example: advertising, 89 days",
            "CLID of heatmap.example: statistical, 364 days",
            "SM of heatmap.example: statistical, session",
            "ANONCHK of heatmap.example: statistical, 9 minutes",
            "_clck of site.example: statistical, 364 days",
            "_clsk of site.example: statistical, 1439 minutes",
            "MR of search-ads.example: statistical, 6 days",
            "MR of heatmap.example: statistical, 6 days",
            "MUID of search-ads.example: statistical, 389 days",
            "MUID of heatmap.example: statistical, 389 days",
            "SRM_B of search-ads.example: statistical, 389 days",
            "lidc of social.example: advertising, 24 hours",
            "bcookie of social.example: advertising, 364 days",
            "bscookie of social.example: advertising, 354 days",
            "ln_or of site.example: advertising, 1439 minutes",
            "UserMatchHistory of social.example: advertising, 29 days",
            "li_sugr of social.example: advertising, 89 days",
            "StatistiqueSyncHistory of social.example: advertising, 29 days",
        ]
    );
}

/// S1-70, S1-71, S1-128, S2-59, S3-51: a choice is valid for six months here and for thirteen there.
#[test]
fn a_choice_is_valid_as_long_as_each_notice_says() {
    for (name, accepted, refused) in [
        ("document-vendor", "6 months", Some("6 months")),
        ("marketing-platform", "13 months", None),
        ("self-care", "13 months", None),
    ] {
        let cookies = cookies(name);
        assert_eq!(cookies.consent_validity.to_string(), accepted);
        let refusal = cookies.refusal_validity.map(|period| period.to_string());
        assert_eq!(refusal.as_deref(), refused);
    }
}

/// S1-60, S1-61, S1-62, S1-84, S2-55 to S2-57, S3-18 to S3-21: what is necessary needs no consent,
/// everything else does, and advertising is never exempt.
#[test]
fn only_necessary_cookies_are_exempt() {
    for name in [
        "saas-portal",
        "document-vendor",
        "marketing-platform",
        "self-care",
    ] {
        let categories = cookies(name).categories;
        let (first, others) = categories.split_first().expect("categories");
        assert!(first.exempt && first.exemption.is_some(), "{name}");
        for category in others {
            assert!(!category.exempt, "{name}: {}", category.id);
            assert_eq!(
                category.basis.as_str(),
                "consent",
                "{name}: {}",
                category.id
            );
        }
    }
}

/// S1-75, S1-81, S1-82, S1-87 to S1-90, S1-121: a switch for each purpose, those without a row
/// included.
#[test]
fn every_purpose_of_cookies_has_its_switch() {
    let categories = cookies("document-vendor").categories;
    let ids: Vec<&str> = categories.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "necessary",
            "statistical",
            "browsing-link",
            "video",
            "contextual",
            "advertising",
            "advertising-link",
            "social-sharing",
            "fraud-detection",
        ]
    );
    assert!(
        categories
            .iter()
            .all(|category| !category.purposes.is_empty())
    );
}

/// S1-73, S1-125, S1-126: settings of browsers, and two sites to opt out.
#[test]
fn links_help_to_refuse_elsewhere() {
    assert_eq!(cookies("document-vendor").links.len(), 6);
}
