//! The picture of a timeline.

use consentry_policy::Policy;
use consentry_simulation::{Timeline, svg};

use crate::support::run;

/// It has a name and words for those who do not see it, no script, and nothing from elsewhere.
#[test]
fn the_picture_is_read_by_everybody_and_asks_nobody() {
    let policy = include_str!("../../../policy/policies/saas-portal.toml");
    let policy = Policy::parse(policy, "policy.toml").unwrap();
    let picture = svg::draw(&run(&policy, 1, 40).unwrap());
    insta::assert_snapshot!("a_year", picture);
    for part in [
        "role=\"img\" aria-labelledby=\"title desc\"",
        "<title id=\"title\">What happens when, from 2027-01-01 to 2027-12-31</title>",
        "<desc id=\"desc\">subscribers purge-erased:",
        "prefers-color-scheme:dark",
        "6 months after given (stand-in)",
    ] {
        assert!(picture.contains(part), "{part}");
    }
    let elsewhere = picture.replace("http://www.w3.org/2000/svg", "");
    for part in ["<script", "http", "url(", "href"] {
        assert!(!elsewhere.contains(part), "{part}");
    }
}

/// However many years there are.
#[track_caller]
pub(crate) fn fits_its_width(timeline: &Timeline) {
    let picture = svg::draw(timeline);
    let (x, width) = (figures(&picture, "x"), figures(&picture, "width"));
    let within = 0.0..=width[0];
    assert!(x.iter().chain(&width).all(|figure| within.contains(figure)));
    let bars = picture.matches("<title>").count();
    assert!(bars > 5, "{bars}");
}

/// The figures behind an attribute.
fn figures(picture: &str, attribute: &str) -> Vec<f64> {
    let before = format!(" {attribute}=\"");
    let parts = picture.split(&before).skip(1);
    let values = parts.filter_map(|part| part.split('"').next());
    values.filter_map(|value| value.parse().ok()).collect()
}
