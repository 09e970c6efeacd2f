//! The optional proof of work: by a program, by the script of the page, or by patience.

use axum::http::StatusCode;
use consentry_token::Challenge;
use consentry_web::Options;
use serde_json::{Value, json};

use crate::site::{Answer, Settings, Site};

const BITS: u8 = 8;

fn working() -> Site {
    Site::with(Settings {
        options: Options {
            proof_of_work: Some(BITS),
            ..Options::default()
        },
        ..Settings::default()
    })
}

/// A challenge of the site and a solution.
async fn solved(site: &Site) -> (String, String) {
    let issued = site.get("/subscribe/challenge").await;
    assert_eq!(issued.status, StatusCode::OK);
    assert_eq!(issued.header("cache-control"), "no-store");
    let issued = issued.json();
    assert_eq!(issued["bits"], BITS);
    assert_eq!(issued["algorithm"], "SHA-256");
    let challenge = issued["challenge"].as_str().unwrap().to_owned();
    let solution = (0_u64..1_000_000)
        .map(|number| number.to_string())
        .find(|number| Challenge::is_solved(&challenge, number, BITS))
        .unwrap();
    (challenge, solution)
}

async fn by_json(site: &Site, challenge: &str, solution: &str) -> Answer {
    let document = json!({
        "email": "anna@example.org", "challenge": challenge, "solution": solution,
    });
    site.post_as("/subscribe", "application/json", &document.to_string())
        .await
}

fn code(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.json()["errors"][0]["code"].clone()
}

#[tokio::test]
async fn a_program_solves_the_challenge_and_a_solution_counts_once() {
    let site = working();
    let document = json!({ "email": "anna@example.org" }).to_string();
    let missing = site
        .post_as("/subscribe", "application/json", &document)
        .await;
    assert_eq!(code(&missing), "missing");
    let (challenge, solution) = solved(&site).await;
    let wrong = (0_u64..1_000_000)
        .map(|number| number.to_string())
        .find(|number| !Challenge::is_solved(&challenge, number, BITS))
        .unwrap();
    assert_eq!(code(&by_json(&site, &challenge, &wrong).await), "wrong");
    assert_eq!(code(&by_json(&site, "forged", &solution).await), "unknown");
    assert!(site.rows().people.is_empty(), "nothing was recorded so far");

    let answer = by_json(&site, &challenge, &solution).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(site.letters().len(), 1);
    let again = by_json(&site, &challenge, &solution).await;
    assert_eq!(code(&again), "spent");
}

#[tokio::test]
async fn a_challenge_expires() {
    let site = working();
    let (challenge, solution) = solved(&site).await;
    site.wait(1);
    assert_eq!(
        code(&by_json(&site, &challenge, &solution).await),
        "expired"
    );
}

/// What the script sends is the form with two fields more.
#[tokio::test]
async fn a_form_with_a_solution_goes_its_usual_way() {
    let site = working();
    let (challenge, solution) = solved(&site).await;
    let body = format!("email=anna%40example.org&challenge={challenge}&solution={solution}");
    let answer = site.post("/subscribe", &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/subscribe/thanks");
    assert_eq!(site.letters().len(), 1);
}

fn ticket(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"ticket\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Without the script the page stays usable: a short wait takes the place of the work. The answer
/// is the same for every address, and holds no more than was typed.
#[tokio::test]
async fn without_a_script_patience_is_enough() {
    let site = working();
    let form = "email=anna%40example.org&topic=demo&lang=fr";
    let page = site.post("/subscribe", form).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("lang=\"fr\""));
    assert!(page.body.contains("value=\"anna@example.org\""));
    assert!(page.body.contains("name=\"topic\" value=\"demo\""));
    assert!(!page.body.contains("<script"));
    let ticket_of_page = ticket(&page);
    let with_ticket = format!("{form}&ticket={ticket_of_page}");

    let early = site.post("/subscribe", &with_ticket).await;
    assert_eq!(early.status, StatusCode::OK);
    assert_eq!(
        ticket(&early),
        ticket_of_page,
        "the wait does not begin anew"
    );
    assert!(site.rows().people.is_empty());

    site.wait_seconds(10);
    let answer = site.post("/subscribe", &with_ticket).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(site.letters().len(), 1);
    let again = site.post("/subscribe", &with_ticket).await;
    assert_eq!(again.status, StatusCode::OK, "a ticket counts once");
    assert_ne!(ticket(&again), ticket_of_page);
}

/// Waiting is cheaper than working, so it has a budget of its own.
#[tokio::test]
async fn few_people_may_wait_instead_of_working() {
    let site = working();
    let mut tickets = Vec::new();
    for _ in 0..8 {
        let page = site.post("/subscribe", "email=a%40example.org").await;
        tickets.push(ticket(&page));
    }
    site.wait_seconds(10);
    let mut answers = Vec::new();
    for (number, ticket) in tickets.iter().enumerate() {
        let body = format!("email=person{number}%40example.org&ticket={ticket}");
        answers.push(site.post("/subscribe", &body).await.status.as_u16());
    }
    assert_eq!(answers, [303, 303, 303, 303, 303, 303, 429, 429]);
    // A ticket is no work, and work no ticket.
    let document = by_json(&site, &tickets[7], "0").await;
    assert_eq!(code(&document), "unknown");
}

/// The script is this site's own, and only the page with the form may run it.
#[tokio::test]
async fn only_the_page_that_works_runs_a_script() {
    let site = working();
    let home = site.get("/").await;
    let policy = home.header("content-security-policy");
    for rule in [
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    let script = home
        .body
        .split('"')
        .find(|part| part.starts_with("/assets/work."))
        .unwrap();
    let script = site.get(script).await;
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    for path in ["/preferences", "/privacy", "/subscribe/thanks"] {
        let page = site.get(path).await;
        assert!(!page.header("content-security-policy").contains("script"));
        assert!(!page.body.contains("<script"), "{path}");
    }
}

#[tokio::test]
async fn no_work_is_asked_for_by_default() {
    let site = Site::new();
    let answer = site.get("/subscribe/challenge").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(!site.get("/").await.body.contains("data-challenge"));
}
