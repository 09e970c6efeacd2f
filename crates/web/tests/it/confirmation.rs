//! The page behind a confirmation link.

use axum::{body::Body, http::StatusCode};
use consentry_domain::{LetterKind, PersonState};
use consentry_token::Purpose;

use crate::site::{Site, request};

/// S0-27: scanners open links; only the button confirms.
#[tokio::test]
async fn opening_a_confirmation_link_confirms_nothing() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    let before = site.rows();
    for method in ["GET", "HEAD", "OPTIONS"] {
        for query in ["", "?confirm=true", "?lang=fr&action=renew"] {
            let path = format!("{link}{query}");
            site.send(request(method, &path).body(Body::empty()).unwrap())
                .await;
        }
    }
    assert_eq!(site.rows(), before);
}

/// S0-24, S0-25: the page says what is agreed to, with whom, what for and on which basis.
#[tokio::test]
async fn the_page_says_what_is_agreed_to() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let answer = site.get(&site.link(Purpose::Confirm)).await;
    assert_eq!(answer.status, StatusCode::OK);
    for said in [
        site.policy.controller.name.as_str(),
        "Newsletter",
        "News about the product and its new features",
        "Article\u{a0}6(1)(f) GDPR",
        "<button class=\"primary\" type=\"submit\">",
    ] {
        assert!(answer.body.contains(said), "{said}");
    }
}

/// S0-25, S0-57: each topic is shown with the basis that its confirmation records.
#[tokio::test]
async fn the_page_names_the_basis_that_each_confirmation_records() {
    let (interest, consent) = ("Our legitimate interest, Article", "Your consent, Article");
    let shown = |body: &str| {
        (
            body.matches(interest).count(),
            body.matches(consent).count(),
        )
    };
    let site = Site::new();
    site.sign_up(&["newsletter", "sales-follow-up"]).await;
    let first = site.get(&site.link(Purpose::Confirm)).await;
    assert_eq!(shown(&first.body), (2, 0), "a first sign-up");

    site.post(&site.link(Purpose::Confirm), "").await;
    let centre = site.link(Purpose::Preferences);
    site.post(&centre, "topic=newsletter").await;
    site.wait(2);
    site.sign_up(&["sales-follow-up"]).await;
    let again = site.get(&site.link(Purpose::Confirm)).await;
    assert_eq!(shown(&again.body), (0, 1), "a topic that was left before");
    assert!(!again.body.contains("Have you left us before?"));
}

/// S0-26: the button confirms, with and without a body.
#[tokio::test]
async fn the_button_confirms_once_and_says_so_ever_after() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    let bare = request("POST", &link).body(Body::empty()).unwrap();
    let answer = site.send(bare).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Your subscription is confirmed"));
    assert_eq!(site.topics(), ["newsletter"]);
    let before = site.rows();
    for answer in [site.post(&link, "").await, site.get(&link).await] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("Already confirmed"));
    }
    assert_eq!(site.rows(), before);
}

#[tokio::test]
async fn an_expired_link_is_gone_and_offers_a_new_one() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    site.wait(24 * 31);
    for answer in [site.get(&link).await, site.post(&link, "").await] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.body.contains("30 days"));
        assert!(answer.body.contains("name=\"action\" value=\"renew\""));
    }
    assert_eq!(site.person().state(), PersonState::Pending);
    let answer = site.post(&link, "action=renew").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("a new link is on its way"));
    assert_eq!(site.person().last_prompted_at, Some(site.clock_now()));
    let answer = site.post(&site.link(Purpose::Confirm), "").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_link_is_not_found() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    let forged = format!("{}A", &link[..link.len() - 1]);
    let foreign = link.replace("/confirm/", "/preferences/");
    for path in ["/confirm/x", "/confirm/%ff", &forged, &foreign] {
        let answer = site.get(path).await;
        assert!(answer.status.is_client_error(), "{path}");
    }
    let answer = site.post(&forged, "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("/preferences\""));
    assert_eq!(site.person().state(), PersonState::Pending);
}

/// S0-56: a link of a request that was withdrawn does not bring the person back.
#[tokio::test]
async fn old_confirmation_link_is_dead_after_unsubscribe() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    site.post(
        &site.link(Purpose::Unsubscribe),
        "List-Unsubscribe=One-Click",
    )
    .await;
    let answer = site.post(&link, "").await;
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(answer.body.contains("/preferences\""), "a way on");
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
}

/// S0-39: the new address counts once its owner has confirmed it.
#[tokio::test]
async fn a_new_address_is_confirmed_by_its_own_link() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let body = "action=change-address&email=anna%40new.example";
    site.post(&site.link(Purpose::Preferences), body).await;
    let link = site.link(Purpose::ConfirmAddress);
    let answer = site.get(&link).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Confirm your new address"));
    let answer = site.post(&link, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.person().address.expose(), "anna@new.example");
    assert_eq!(site.post(&link, "").await.status, StatusCode::GONE);
}

/// S0-39: a link for a new address that came too late can be replaced, as long as the change is
/// still wanted.
#[tokio::test]
async fn an_expired_link_for_a_new_address_can_be_replaced() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let centre = site.link(Purpose::Preferences);
    let change = "action=change-address&email=anna%40new.example";
    site.post(&centre, change).await;
    let link = site.link(Purpose::ConfirmAddress);
    site.wait(24 * 31);
    for answer in [site.get(&link).await, site.post(&link, "").await] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.body.contains("name=\"action\" value=\"renew\""));
    }
    let before = site.person();
    assert_ne!(before.address.expose(), "anna@new.example");

    let answer = site.post(&link, "action=renew").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("a new link is on its way"));
    assert!(!answer.body.contains("new.example"), "no address is shown");
    let letters = [LetterKind::AddressChange, LetterKind::AddressConfirmation];
    assert_eq!(site.letters(), letters);
    assert_eq!(site.person().last_prompted_at, Some(site.clock_now()));

    let fresh = site.link(Purpose::ConfirmAddress);
    assert_eq!(site.post(&fresh, "").await.status, StatusCode::OK);
    assert_eq!(site.person().address.expose(), "anna@new.example");
    let late = site.post(&link, "action=renew").await;
    assert_eq!(late.status, StatusCode::GONE, "nothing is left to confirm");
}
