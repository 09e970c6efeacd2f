//! The preference centre behind the link at the bottom of every mail.

use axum::{body::Body, http::StatusCode};
use consentry_domain::{LetterKind, PersonState};
use consentry_token::Purpose;

use crate::site::{ANNA, Settings, Site, request};

async fn subscribed() -> (Site, String) {
    let site = Site::new();
    site.subscribed(&["newsletter", "demo", "sales-follow-up"])
        .await;
    let link = site.link(Purpose::Preferences);
    (site, link)
}

/// S0-46: no login, and looking changes nothing.
#[tokio::test]
async fn the_link_shows_the_current_choices_and_changes_nothing() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Preferences);
    let before = site.rows();
    let answer = site.get(&link).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("A•••@example.org"));
    assert!(!answer.body.contains("Anna"), "the address is masked");
    let is_ticked = |topic: &str| {
        let marker = format!("value=\"{topic}\" aria-describedby=\"about-{topic}\" checked>");
        answer.body.contains(&marker)
    };
    assert!(is_ticked("newsletter") && !is_ticked("demo"));
    for method in ["HEAD", "OPTIONS"] {
        site.send(request(method, &link).body(Body::empty()).unwrap())
            .await;
    }
    assert_eq!(site.rows(), before);
}

/// S0-47, S0-48, S0-49: each topic can be left on its own.
#[tokio::test]
async fn one_topic_can_be_left_and_the_others_stay() {
    let all = ["newsletter", "demo", "sales-follow-up"];
    for left in all {
        let (site, link) = subscribed().await;
        let keep: Vec<_> = all.into_iter().filter(|topic| *topic != left).collect();
        let body = format!("action=save&topic={}", keep.join("&topic="));
        let answer = site.post(&link, &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer
                .body
                .contains("role=\"status\">Your choices are saved.")
        );
        assert_eq!(site.topics(), keep);
    }
}

#[tokio::test]
async fn the_topics_to_keep_may_come_without_an_action() {
    let (site, link) = subscribed().await;
    site.post(&link, "topic=demo").await;
    assert_eq!(site.topics(), ["demo"]);
    site.post(&link, "topic=demo&topic=newsletter").await;
    assert_eq!(site.topics(), ["newsletter", "demo"]);
}

#[tokio::test]
async fn saving_with_no_tick_leaves_every_topic() {
    let (site, link) = subscribed().await;
    let answer = site.post(&link, "action=save").await;
    assert!(answer.body.contains("You receive nothing more from us."));
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
}

/// S0-50: one button for everything, at once.
#[tokio::test]
async fn everything_can_be_left_at_once() {
    let (site, link) = subscribed().await;
    let answer = site.post(&link, "action=unsubscribe-all").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("role=\"status\""));
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    assert!(site.person().objected_at.is_some());
}

/// S0-56: whoever left everything and ticks a topic confirms afresh.
#[tokio::test]
async fn coming_back_by_the_page_needs_a_confirmation() {
    let (site, link) = subscribed().await;
    site.post(&link, "action=unsubscribe-all").await;
    let answer = site.post(&link, "action=save&topic=newsletter").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .body
            .contains("open it to confirm what you have added")
    );
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    assert_eq!(site.letters(), [LetterKind::Confirmation]);
}

#[tokio::test]
async fn what_cannot_be_meant_changes_nothing() {
    let (site, link) = subscribed().await;
    let before = site.rows();
    for (body, status) in [
        ("", 422),
        ("foo=bar", 422),
        ("action=explode", 422),
        ("topic=spam", 422),
        ("topic=%21", 422),
        ("action=erase&action=export", 400),
        (
            "action=change-address&email=a%40example.org&email=b%40example.org",
            400,
        ),
    ] {
        let answer = site.post(&link, body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
    }
    assert_eq!(site.rows(), before);
}

/// S0-40, S0-60: hidden at once; the page says when the data are purged.
#[tokio::test]
async fn erasure_hides_at_once_and_names_the_day_of_the_purge() {
    let site = Site::with(Settings {
        has_api: false,
        ..Settings::default()
    });
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Preferences);
    let answer = site.post(&link, "action=erase").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("On 22 December 2026"));
    assert_eq!(site.person().erased_at, Some(site.clock_now()));
    assert_eq!(site.letters(), [LetterKind::ErasureAnswer]);
    assert_eq!(site.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        site.post(&link, "action=export").await.status,
        StatusCode::NOT_FOUND
    );
}

/// S3-26: a hold keeps the data beyond the day; the page promises none that may not come.
#[tokio::test]
async fn erasure_says_what_keeps_the_data() {
    let (site, link) = subscribed().await;
    let answer = site.post(&link, "action=erase").await;
    assert_eq!(answer.status, StatusCode::OK);
    for said in ["on 22 December 2026 at the earliest", "again by 1 May 2027"] {
        assert!(answer.body.contains(said), "{said}");
    }
    assert!(!answer.body.contains("On 22 December 2026"));
    assert!(site.person().erased_at.is_some());
}

/// S0-30, S0-60: the links of whoever was erased end like those of nobody, in the same words.
#[tokio::test]
async fn the_links_of_an_erased_person_end_like_unknown_ones() {
    let (site, centre) = subscribed().await;
    let button = site.link(Purpose::Unsubscribe);
    site.post(&centre, "action=erase").await;
    let forged = site.get("/preferences/forged").await;
    assert_eq!(forged.status, StatusCode::NOT_FOUND);
    assert!(forged.body.contains("there is nothing more to do"));
    for link in [&centre, &button] {
        let answer = site.get(link).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(
            answer.body.replace(link.as_str(), "/preferences/forged"),
            forged.body
        );
    }
}

/// S0-38, S0-41: everything that is held, as a file that programs can read.
#[tokio::test]
async fn the_copy_is_a_json_file_with_everything_that_is_held() {
    let (site, link) = subscribed().await;
    let answer = site.post(&link, "action=export").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    let disposition = "attachment; filename=\"consentry-export.json\"";
    assert_eq!(answer.header("content-disposition"), disposition);
    assert_eq!(answer.header("cache-control"), "no-store");
    let copy = answer.json();
    assert_eq!(copy["person"]["email"], ANNA);
    assert_eq!(copy["person"]["topics"].as_array().unwrap().len(), 3);
    assert_eq!(copy["retention"]["unconfirmed"], "12 months");
}

/// S0-39: the new address is asked first; a mistake is explained next to the field.
#[tokio::test]
async fn a_change_of_address_waits_for_the_new_mailbox() {
    let (site, link) = subscribed().await;
    let answer = site.post(&link, "action=change-address&email=anna").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("id=\"new-email-error\""));
    let answer = site
        .post(&link, "action=change-address&email=anna%40new.example")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.person().address.expose(), ANNA);
    let letters = [LetterKind::AddressConfirmation, LetterKind::AddressChange];
    assert_eq!(site.letters(), letters);
}

/// Whoever finds an old mail can leave, but neither read, move nor erase the data.
#[tokio::test]
async fn an_old_link_mails_a_fresh_one_before_it_touches_the_data() {
    for action in ["erase", "export", "change-address&email=b%40example.org"] {
        let (site, link) = subscribed().await;
        site.wait(25);
        assert!(!site.get(&link).await.body.contains("value=\"erase\""));
        let answer = site.post(&link, &format!("action={action}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("24 hours"));
        assert!(!answer.body.contains(ANNA));
        assert!(site.person().erased_at.is_none());
        assert_eq!(site.letters(), [LetterKind::PreferencesLink]);
        assert_eq!(site.post(&link, "topic=demo").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_link_that_the_policy_ends_is_gone_and_offers_a_new_one() {
    let site = Site::with(Settings {
        policy: vec![("# preferences = \"1 year\"", "preferences = \"1 year\" #")],
        ..Settings::default()
    });
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Preferences);
    site.wait(24 * 366);
    for answer in [site.get(&link).await, site.post(&link, "topic=demo").await] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.body.contains("1 year"));
        assert!(answer.body.contains("value=\"renew\""));
    }
    assert_eq!(site.topics(), ["newsletter"]);
    let answer = site.post(&link, "action=renew").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/preferences/sent");
    assert_eq!(site.letters(), [LetterKind::PreferencesLink]);
}
