//! What holds for every document, whatever the policy says.

use std::collections::BTreeSet;

use consentry_notice::{Places, legal, privacy};
use consentry_policy::{Language, Policy};

use crate::policies::{documents, files, parsed};

const DEMO: &str = include_str!("../../../policy/policies/saas-portal.toml");

/// The values of an attribute, in the order of the document.
fn values(html: &str, attribute: &str) -> Vec<String> {
    html.split(&format!(" {attribute}=\""))
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

/// The levels of the headings, in order.
fn levels(html: &str) -> Vec<u32> {
    html.match_indices("<h")
        .filter_map(|(at, _)| html[at + 2..].chars().next()?.to_digit(10))
        .collect()
}

/// The demo, with keys added to one table and tables at the end.
fn with(edits: &[(&str, &str)], more: &str) -> Policy {
    let mut source = DEMO.to_owned();
    for (from, to) in edits {
        assert!(source.contains(from), "{from}");
        source = source.replacen(from, to, 1);
    }
    parsed(&(source + more))
}

#[test]
fn headings_are_in_order_and_there_is_one_of_the_first_level() {
    for (name, source) in files() {
        for (language, document) in documents(&parsed(&source)) {
            let levels = levels(&document.html());
            assert_eq!(levels[0], 1, "{name}.{language}");
            assert!(
                levels
                    .windows(2)
                    .all(|pair| pair[1] > 1 && pair[1] <= pair[0] + 1),
                "{name}.{language}: {levels:?}"
            );
        }
    }
}

/// S0-23, S1-11, S1-18: references lead to a section that is there, under its number.
#[test]
fn anchors_are_there_once_and_every_reference_leads_to_one() {
    for (name, source) in files() {
        let policy = parsed(&source);
        for (language, document) in documents(&policy) {
            let html = document.html();
            assert!(!html.contains('⟦'), "{name}.{language}");
            let ids = values(&html, "id");
            let there: BTreeSet<&String> = ids.iter().collect();
            assert_eq!(there.len(), ids.len(), "{name}.{language}: {ids:?}");
            for href in values(&html, "href") {
                if let Some(anchor) = href.strip_prefix('#') {
                    assert!(there.contains(&anchor.to_owned()), "{name}: #{anchor}");
                }
            }
        }
    }
}

#[test]
fn tables_have_captions_and_their_cells_name_row_and_column() {
    for (name, source) in files() {
        for (language, document) in documents(&parsed(&source)) {
            let html = document.html();
            for table in html.split("<table").skip(1) {
                let table = table.split("</table>").next().unwrap();
                assert!(table.contains("<caption>"), "{name}.{language}");
                let columns = table.matches("scope=\"col\"").count();
                for row in table.split("<tr role=\"row\">").skip(2) {
                    assert!(
                        row.starts_with("\n<th scope=\"row\"")
                            || row.starts_with("<th scope=\"row\"")
                    );
                    assert_eq!(row.matches("data-label=\"").count() + 1, columns);
                }
            }
        }
    }
}

/// The content security policy of the pages allows neither a script nor a style beside the sheet.
#[test]
fn a_document_needs_no_script_no_inline_style_and_nothing_from_elsewhere() {
    for (name, source) in files() {
        for (_, document) in documents(&parsed(&source)) {
            let html = document.html();
            for forbidden in [
                "<script",
                " style=\"",
                "<style",
                " src=\"",
                "javascript:",
                "<img",
            ] {
                assert!(!html.contains(forbidden), "{name}: {forbidden}");
            }
        }
    }
}

/// S0-09: a text of the policy is text, whatever it holds.
#[test]
fn what_a_policy_says_is_escaped() {
    let policy = with(
        &[(
            "name = \"Velmarin Logiciels\"",
            "name = \"<b>Velmarin</b> | *&\"",
        )],
        r#"
[[clauses]]
id = "markup"
place = "security"
title = { en = "<i>Title</i>", fr = "<i>Titre</i>" }
text = { en = "<script>alert(1)</script>\n\n1. not a list", fr = "<script>alert(1)</script>" }
"#,
    );
    let document = privacy(&policy, Language::En, &Places::default(), &[]);
    let (html, markdown) = (document.html(), document.markdown());
    for forbidden in ["<b>", "<i>", "<script>"] {
        assert!(!html.contains(forbidden) && !markdown.contains(forbidden));
    }
    assert!(markdown.contains("\\<b\\>Velmarin\\</b\\> \\| \\*&amp;"));
    assert!(markdown.contains("\n1\\. not a list\n"));
}

/// S0-08, S0-09, S0-23, S1-11: clauses stand in their place, are marked, and lead to sections and to
/// clauses of either page.
#[test]
fn a_clause_is_marked_and_its_references_lead_to_sections_of_either_page() {
    let policy = with(
        &[],
        r#"
[[clauses]]
id = "more-on-cookies"
place = "security"
title = { en = "More", fr = "Plus" }
text = { en = "See {#cookies} and {#asking-before}.", fr = "Voir {#cookies} et {#asking-before}." }

[[clauses]]
id = "asking-before"
place = "legal"
title = { en = "Links to us", fr = "Liens vers nous" }
text = { en = "Ask before, as {#periods} says not.", fr = "Demandez, {#periods}." }
"#,
    );
    let places = Places {
        base: "/p".to_owned(),
        query: "?lang=en".to_owned(),
    };
    let notice = privacy(&policy, Language::En, &places, &[]).html();
    assert!(notice.contains("For information: "));
    let number = 1 + values(&notice, "href")
        .iter()
        .position(|href| href == "#cookies")
        .unwrap();
    let reference =
        format!(">section {number}, “Cookies”</a> and <a href=\"/p/legal?lang=en#asking-before\"");
    assert!(notice.contains(&reference), "{reference}");
    assert!(!notice.contains("Ask before"));
    let legal = legal(&policy, Language::En, &places).html();
    assert!(legal.contains("<section class=\"clause\" id=\"asking-before\">"));
    assert!(legal.contains("href=\"/p/privacy?lang=en#periods\""));
}

/// S1-04: the cents are shown as the policy shows them, in the way of the language.
#[test]
fn a_capital_with_cents_is_printed_exactly() {
    let policy = with(
        &[("capital = \"75000 EUR\"", "capital = \"368029.68 EUR\"")],
        "",
    );
    let print = |language| legal(&policy, language, &Places::default()).html();
    assert!(print(Language::En).contains("368,029.68\u{a0}EUR"));
    assert!(print(Language::Fr).contains("368\u{202f}029,68\u{a0}EUR"));
}

/// S4-28: the controller itself is the first recipient.
#[test]
fn the_controller_is_the_first_recipient() {
    for (name, source) in files() {
        let policy = parsed(&source);
        let notice = privacy(&policy, Language::En, &Places::default(), &[]).html();
        let section = notice.split("<section id=\"recipients\">").nth(1).unwrap();
        let first = section.split("role=\"rowheader\">").nth(1).unwrap();
        assert!(first.starts_with(&policy.controller.name), "{name}");
    }
}
