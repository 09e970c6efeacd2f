//! The mail program's own button (RFC 8058).

use axum::{body::Body, http::StatusCode};
use consentry_domain::{Channel, PersonState};
use consentry_token::Purpose;

use crate::site::{FORM, Site, request};

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// S0-51, S0-52: both encodings, no redirect, no cookie, everything is left.
#[tokio::test]
async fn the_button_leaves_everything_in_either_encoding() {
    let multipart = |boundary: &str| {
        let part = "Content-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click";
        format!("--{boundary}\r\n{part}\r\n--{boundary}--\r\n")
    };
    for (kind, body) in [
        (FORM, ONE_CLICK.to_owned()),
        (FORM, format!("{ONE_CLICK}\r\n")),
        (
            "application/x-www-form-urlencoded; charset=UTF-8",
            ONE_CLICK.to_owned(),
        ),
        ("Application/X-WWW-Form-URLEncoded", ONE_CLICK.to_owned()),
        ("multipart/form-data; boundary=x", multipart("x")),
        (
            "multipart/form-data; charset=utf-8; boundary=\"-- y\"",
            multipart("-- y"),
        ),
    ] {
        let site = Site::new();
        site.subscribed(&["newsletter", "demo"]).await;
        let answer = site
            .post_as(&site.link(Purpose::Unsubscribe), kind, &body)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}");
        assert!(!answer.headers.contains_key("location"));
        assert!(!answer.headers.contains_key("set-cookie"));
        assert_eq!(site.person().state(), PersonState::Unsubscribed);
        assert!(site.topics().is_empty());
        let events = site.rows().events;
        let last = &events.last().unwrap().1.evidence;
        assert_eq!(last.channel, Channel::OneClick);
    }
}

#[tokio::test]
async fn a_mail_program_that_names_no_content_type_is_understood() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let request = request("POST", &site.link(Purpose::Unsubscribe));
    let answer = site.send(request.body(ONE_CLICK.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
}

/// S0-52: pressed again it changes nothing, and it works for as long as the address is held.
#[tokio::test]
async fn the_button_is_idempotent_and_never_expires() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Unsubscribe);
    site.wait(24 * 365 * 5);
    assert_eq!(site.post(&link, ONE_CLICK).await.status, StatusCode::OK);
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    let before = site.rows();
    assert_eq!(site.post(&link, ONE_CLICK).await.status, StatusCode::OK);
    assert_eq!(site.rows(), before);
}

#[tokio::test]
async fn the_button_of_somebody_who_is_gone_still_answers() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Unsubscribe);
    site.post(&site.link(Purpose::Preferences), "action=erase")
        .await;
    let before = site.rows();
    assert_eq!(site.post(&link, ONE_CLICK).await.status, StatusCode::OK);
    assert_eq!(site.rows(), before);
    site.store.rows().people.clear();
    assert_eq!(site.post(&link, ONE_CLICK).await.status, StatusCode::OK);
    let answer = site.post("/unsubscribe/forged", ONE_CLICK).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

/// S0-46: the same address opened in a browser shows the choices and changes nothing.
#[tokio::test]
async fn opening_the_address_of_the_button_leaves_nothing() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Unsubscribe);
    let before = site.rows();
    for method in ["GET", "HEAD", "OPTIONS"] {
        for query in ["", "?List-Unsubscribe=One-Click"] {
            let path = format!("{link}{query}");
            site.send(request(method, &path).body(Body::empty()).unwrap())
                .await;
        }
    }
    assert_eq!(site.rows(), before);
    let answer = site.get(&link).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("type=\"checkbox\""));
}

/// The address behind the button never expires, so it opens choices and never data.
#[tokio::test]
async fn the_address_of_the_button_shows_no_data_and_mails_a_fresh_link_instead() {
    let site = Site::new();
    site.subscribed(&["newsletter", "demo"]).await;
    let link = site.link(Purpose::Unsubscribe);
    let page = site.get(&link).await.body;
    assert!(!page.contains("example.org") && !page.contains("value=\"erase\""));
    assert!(page.contains("value=\"renew\""));
    for action in ["erase", "export", "change-address&email=b%40example.org"] {
        let site = Site::new();
        site.subscribed(&["newsletter"]).await;
        let link = site.link(Purpose::Unsubscribe);
        let answer = site.post(&link, &format!("action={action}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("We mail you a fresh link"));
        assert!(site.person().erased_at.is_none());
        assert_eq!(
            site.letters(),
            [consentry_domain::LetterKind::PreferencesLink]
        );
    }
    let answer = site.post(&link, "action=save&topic=demo").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.topics(), ["demo"]);
}

#[tokio::test]
async fn a_post_that_says_nothing_leaves_nothing() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let before = site.rows();
    for body in ["", "List-Unsubscribe=Two-Clicks", "foo=bar"] {
        let answer = site.post(&site.link(Purpose::Unsubscribe), body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(site.rows(), before);
}

/// S0-30, S0-39: whoever finds their address in the hands of another person takes it back, by the
/// page or by the button of the mail program, and the subscription stays as it was.
#[tokio::test]
async fn an_address_that_somebody_else_named_can_be_withdrawn() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let change = "action=change-address&email=b%40example.org";
    site.post(&site.link(Purpose::Preferences), change).await;
    let link = site.link(Purpose::WithdrawAddress);
    let before = site.rows();
    let page = site.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body
            .contains("name=\"List-Unsubscribe\" value=\"One-Click\"")
    );
    assert!(!page.body.contains("b@example.org") && !page.body.contains("type=\"checkbox\""));
    assert_eq!(site.rows(), before);
    assert_eq!(site.post(&link, ONE_CLICK).await.status, StatusCode::OK);
    let person = site.person();
    assert!(person.requested_address.is_none());
    assert_eq!(person.state(), PersonState::Confirmed);
    assert_eq!(site.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.post(&link, ONE_CLICK).await.status, StatusCode::OK);
}

/// S0-39: what was mailed to the former address shows no choices and changes none; it still leaves.
#[tokio::test]
async fn a_button_from_before_a_change_of_address_can_only_leave() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let button = site.link(Purpose::Unsubscribe);
    let change = "action=change-address&email=b%40example.org";
    site.post(&site.link(Purpose::Preferences), change).await;
    site.post(&site.link(Purpose::ConfirmAddress), "").await;
    let page = site.get(&button).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("type=\"checkbox\"") && !page.body.contains("value=\"renew\""));
    assert!(page.body.contains("value=\"unsubscribe-all\""));
    assert!(page.body.contains("href=\"/preferences\">Mail me my link"));
    let answer = site.post(&button, "action=save&topic=demo").await;
    assert_eq!(answer.status, StatusCode::GONE);
    assert_eq!(site.topics(), ["newsletter"]);
    let answer = site.post(&button, "action=unsubscribe-all").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    assert!(!site.get(&button).await.body.contains("<button"));
}

/// The address behind the button never expires, so what it adds is confirmed by a letter.
#[tokio::test]
async fn a_topic_added_behind_the_button_waits_for_a_confirmation() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let link = site.link(Purpose::Unsubscribe);
    let answer = site
        .post(&link, "action=save&topic=newsletter&topic=demo")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("confirm what you have added"));
    assert_eq!(site.topics(), ["newsletter"]);
}
