//! What can be seen without a link.

use axum::http::StatusCode;
use consentry_token::Purpose;

use crate::{
    fakes::Health,
    site::{Settings, Site, stage},
};

/// S0-18, S0-19: the form is on the home page and shows one field.
#[tokio::test]
async fn the_home_page_has_a_form_with_one_visible_field() {
    let page = Site::new().get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.body.matches("<form").count(), 1);
    assert!(page.body.contains("action=\"/subscribe\""));
    let visible = page.body.matches("<input").count()
        - page.body.matches("type=\"hidden\"").count()
        - page.body.matches("name=\"homepage\"").count();
    assert_eq!(visible, 1);
    assert!(page.body.contains("name=\"email\""));
}

/// S0-14: the label asks for a business address when the policy says so.
#[tokio::test]
async fn the_label_asks_for_a_business_address_when_the_policy_does() {
    assert!(
        Site::new()
            .get("/")
            .await
            .body
            .contains("Your business e-mail address")
    );
    let site = Site::with(Settings {
        policy: vec![("business_only = true", "business_only = false")],
        ..Settings::default()
    });
    assert!(site.get("/").await.body.contains("Your e-mail address"));
}

/// S0-24, S0-25: purpose, legal basis and period stand where the address is asked for.
#[tokio::test]
async fn the_form_says_what_the_address_is_used_for() {
    let page = Site::new().get("/").await.body;
    for said in [
        "Velmarin Logiciels",
        "News about the product and its new features",
        "Our legitimate interest, Article\u{a0}6(1)(f) GDPR",
        "12 months",
        "href=\"/privacy\"",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

/// S0-01 to S0-05, S0-34, S0-67: every figure of the notice is the policy's.
#[tokio::test]
async fn the_notice_is_printed_from_the_policy() {
    let site = Site::with(Settings {
        policy: vec![("after = \"12 months\"", "after = \"7 months\"")],
        ..Settings::default()
    });
    let page = site.get("/privacy").await.body;
    let version = site.policy.notice_version().to_string();
    for said in [
        "7\u{a0}months",
        "Velmarin Logiciels",
        "4 quai des Tisserands",
        "SAS",
        "75,000\u{a0}EUR",
        "RCS Lille Métropole 000 000 000",
        "privacy@velmarin.example",
        "Hébergement Canal du Nord",
        "Roubaix, France",
        &version,
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("12\u{a0}months"));
}

/// S0-59: both pages say what becomes of whoever left everything, as the policy has it.
#[tokio::test]
async fn the_period_after_leaving_is_stated_as_the_policy_has_it() {
    let site = Site::new();
    let endless = Site::with(Settings {
        policy: vec![(stage("purge-unsubscribed"), "")],
        ..Settings::default()
    });
    let page = site.get("/").await.body;
    assert!(page.contains("After you have left everything") && page.contains("3 years"));
    let page = endless.get("/").await.body;
    assert!(page.contains("After you have left everything") && !page.contains("years"));
    let (row, sentence) = ("Has left everything", "After you have left everything");
    let page = site.get("/privacy").await.body;
    assert!(page.contains(row) && !page.contains(sentence));
    let page = endless.get("/privacy").await.body;
    assert!(!page.contains(row) && page.contains(sentence));
    for (site, is_stated) in [(site, true), (endless, false)] {
        site.subscribed(&["newsletter"]).await;
        let link = site.link(Purpose::Preferences);
        for page in [
            site.get(&link).await.body,
            site.post(&link, "action=unsubscribe-all").await.body,
        ] {
            let said = page.matches("permanently deleted after 3 years");
            assert_eq!(said.count(), usize::from(is_stated));
        }
    }
}

/// S0-100: without a declared officer the contact takes the place.
#[tokio::test]
async fn an_officer_is_named_only_where_one_is_declared() {
    let officer = "Data protection officer";
    assert!(!Site::new().get("/privacy").await.body.contains(officer));
    let site = Site::with(Settings {
        policy: vec![
            ("# [controller.dpo]", "[controller.dpo]"),
            (
                "# name = \"Data Protection Officer\"",
                "name = \"Office of the DPO\"",
            ),
            ("# contact = \"dpo@", "contact = \"dpo@"),
        ],
        ..Settings::default()
    });
    let page = site.get("/privacy").await.body;
    assert!(page.contains(officer) && page.contains("Office of the DPO"));
}

/// S0-11: looking around leaves no record.
#[tokio::test]
async fn looking_around_stores_nothing() {
    let site = Site::new();
    for path in [
        "/",
        "/privacy",
        "/preferences",
        "/subscribe/thanks",
        "/healthz",
        "/nowhere",
    ] {
        site.get(path).await;
    }
    assert_eq!(site.rows(), crate::fakes::Rows::default());
}

#[tokio::test]
async fn health_is_told_without_the_database_and_readiness_with_it() {
    let site = Site::new();
    assert_eq!(site.get("/healthz").await.body, "ok\n");
    assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
    site.store.becomes(Health::Down);
    assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
    let answer = site.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn links_keep_the_path_of_the_public_url() {
    let site = Site::with(Settings {
        public_url: "https://example.org/news/",
        ..Settings::default()
    });
    let page = site.get("/?lang=fr").await.body;
    for link in [
        "action=\"/news/subscribe?lang=fr\"",
        "href=\"/news/privacy?lang=fr\"",
        "href=\"/news/assets/style.",
        "href=\"/news/?lang=en\"",
    ] {
        assert!(page.contains(link), "{link}");
    }
}

#[tokio::test]
async fn the_site_can_be_mounted_under_a_path() {
    let site = Site::with(Settings {
        mount: "/news",
        public_url: "https://example.org/news",
        ..Settings::default()
    });
    for path in ["/news", "/news/", "/news/privacy", "/news/preferences"] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        for link in answer.body.split("href=\"/").skip(1) {
            let link = format!("/{}", link.split('"').next().unwrap());
            let answer = site.get(&link).await;
            assert_eq!(answer.status, StatusCode::OK, "{link} on {path}");
        }
    }
    let answer = site
        .post("/news/subscribe", "email=anna%40example.org")
        .await;
    assert_eq!(answer.header("location"), "/news/subscribe/thanks");
    let answer = site.get("/news/nowhere").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("href=\"/news/\""));
}
