//! Every page in every language, as it is served.

use axum::body::Body;
use consentry_policy::Language;
use consentry_token::Purpose;

use crate::{
    fakes::{Health, OneLetter},
    local_mailbox,
    site::{Answer, Settings, Site, request_from},
};

/// Every page: its name, and how a visitor gets there.
async fn pages(lang: Language) -> Vec<(&'static str, Answer)> {
    let path = |path: &str| format!("{path}?lang={lang}");
    let mut pages = Vec::new();

    let site = Site::new();
    for (name, place) in [
        ("home", "/"),
        ("thanks", "/subscribe/thanks"),
        ("lost", "/preferences"),
        ("lost_sent", "/preferences/sent"),
        ("privacy", "/privacy"),
        ("legal", "/legal"),
        ("not_found", "/nowhere"),
        ("link_unknown", "/confirm/forged"),
    ] {
        pages.push((name, site.get(&path(place)).await));
    }
    let wrong = site.post(&path("/subscribe"), "email=anna%40example").await;
    pages.push(("home_wrong", wrong));

    site.sign_up(&["newsletter", "demo"]).await;
    let confirm = path(&site.link(Purpose::Confirm));
    pages.push(("confirm", site.get(&confirm).await));
    pages.push(("confirmed", site.post(&confirm, "").await));
    pages.push(("confirmed_already", site.get(&confirm).await));

    let centre = path(&site.link(Purpose::Preferences));
    pages.push(("preferences", site.get(&centre).await));
    let saved = site.post(&centre, "action=save&topic=demo").await;
    pages.push(("preferences_saved", saved));
    let wrong = site.post(&centre, "action=change-address&email=x").await;
    pages.push(("preferences_wrong_address", wrong));
    pages.push(("preferences_nothing", site.post(&centre, "").await));
    let change = "action=change-address&email=anna%40new.example";
    pages.push(("address_requested", site.post(&centre, change).await));
    let former = path(&site.link(Purpose::Unsubscribe));
    let withdraw = path(&site.link(Purpose::WithdrawAddress));
    pages.push(("withdraw", site.get(&withdraw).await));
    let address = path(&site.link(Purpose::ConfirmAddress));
    pages.push(("address_confirm", site.get(&address).await));
    pages.push(("address_confirmed", site.post(&address, "").await));
    pages.push(("link_superseded", site.post(&address, "").await));
    pages.push(("unsubscribe_former", site.get(&former).await));

    let button = path(&site.link(Purpose::Unsubscribe));
    pages.push(("unsubscribe", site.get(&button).await));
    pages.push(("fresh_link", site.post(&button, "action=erase").await));
    pages.push((
        "unsubscribed",
        site.post(&button, "action=unsubscribe-all").await,
    ));
    pages.push(("came_back", site.post(&button, "topic=newsletter").await));
    let one_click = site.post(&button, "List-Unsubscribe=One-Click").await;
    pages.push(("one_click", one_click));
    let centre = path(&site.link(Purpose::Preferences));
    pages.push(("erased", site.post(&centre, "action=erase").await));

    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let confirm = path(&site.link(Purpose::Confirm));
    site.wait(24 * 31);
    pages.push(("confirm_expired", site.get(&confirm).await));
    let renewed = site.post(&confirm, "action=renew").await;
    pages.push(("confirm_renewed", renewed));

    let site = Site::with(Settings {
        policy: vec![("# preferences = \"1 year\"", "preferences = \"1 year\" #")],
        ..Settings::default()
    });
    site.subscribed(&["newsletter"]).await;
    let centre = path(&site.link(Purpose::Preferences));
    site.wait(24 * 400);
    pages.push(("link_expired", site.get(&centre).await));
    site.store.becomes(Health::Down);
    pages.push(("unavailable", site.get(&centre).await));

    let site = local_mailbox::site();
    let letter = format!("/dev/mailbox/{}", OneLetter::NAME);
    for (name, place) in [("mailbox", "/dev/mailbox"), ("letter", &letter)] {
        let request = request_from("127.0.0.1", "GET", &path(place));
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        pages.push((name, answer));
    }
    pages
}

/// Names that change with a style sheet or a policy say nothing about a page.
fn settled(page: &str) -> String {
    let version = Site::new().policy.notice_version().to_string();
    let mut settled = page.replace(&version, "VERSION");
    for stem in ["style.", "icon."] {
        let start = settled.find(stem).map(|at| at + stem.len());
        if let Some(start) = start {
            settled.replace_range(start..start + 16, "HASH");
        }
    }
    settled
}

#[tokio::test]
async fn every_page_reads_well_in_every_language() {
    for lang in Language::ALL {
        for (name, answer) in pages(lang).await {
            let page = settled(&answer.body);
            assert!(!page.contains('⟦'), "{name}: a text is missing");
            insta::assert_snapshot!(format!("{name}.{lang}"), page);
        }
    }
}

/// WCAG 2.2: language, title, one main heading, landmarks, a label for every field.
#[tokio::test]
async fn every_page_has_the_structure_that_assistive_programs_need() {
    for lang in Language::ALL {
        for (name, answer) in pages(lang).await {
            let page = answer.body;
            if name == "one_click" {
                continue;
            }
            assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{name}");
            for once in [
                "<h1>",
                "<main ",
                "<header ",
                "<footer ",
                "<title>",
                "class=\"skip\"",
            ] {
                assert_eq!(page.matches(once).count(), 1, "{name}: {once}");
            }
            for field in page.split("<input ").skip(1) {
                let field = field.split('>').next().unwrap();
                if field.contains("type=\"hidden\"") {
                    continue;
                }
                let id = field.split("id=\"").nth(1).unwrap();
                let id = id.split('"').next().unwrap();
                assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{name}");
                assert!(
                    page.contains(&format!("<label for=\"{id}\">")),
                    "{name}: {id}"
                );
            }
            for described in page.split("aria-describedby=\"").skip(1) {
                for id in described.split('"').next().unwrap().split(' ') {
                    assert!(page.contains(&format!("id=\"{id}\"")), "{name}: {id}");
                }
            }
        }
    }
}
