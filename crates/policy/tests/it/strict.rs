//! Nothing in a policy file is ignored, nothing that is missing is guessed.

use consentry_policy::Policy;

use crate::edit::DEMO;

/// The tables of the demo policy: a line that begins each, and the path of its keys.
const TABLES: [(&str, &str); 18] = [
    ("version = ", ""),
    ("[languages]\n", "languages."),
    ("[controller]\n", "controller."),
    ("capital = { amount = 75_000, ", "controller.capital."),
    ("[hosting]\n", "hosting."),
    ("capital = { amount = 1_000_000, ", "hosting.capital."),
    (
        "address = [\"4 quai des Tisserands\", \"59100 Roubaix\"]\ncountry = { ",
        "controller.country.",
    ),
    ("city = \"Roubaix\"\ncountry = { ", "hosting.country."),
    ("[[purposes]]\n", "purposes[0]."),
    (
        "[[purposes]]\nid = \"product-news\"\nname = { ",
        "purposes[0].name.",
    ),
    ("[[topics]]\n", "topics[0]."),
    (
        "[[topics]]\nid = \"newsletter\"\nname = { ",
        "topics[0].name.",
    ),
    ("[subscription]\n", "subscription."),
    ("[retention]\n", "retention."),
    ("[links]\n", "links."),
    ("[limits]\n", "limits."),
    ("[limits.breaker]\n", "limits.breaker."),
    ("[mail]\n", "mail."),
];

#[test]
fn an_unknown_key_is_refused_in_every_table() {
    for (start, path) in TABLES {
        let at = DEMO.find(start).expect(start);
        let (insertion, at) = match start {
            "version = " => ("colour = \"blue\"\n", at),
            inline if inline.ends_with("{ ") || inline.ends_with(", ") => {
                ("colour = \"blue\", ", at + start.len())
            }
            _ => ("colour = \"blue\"\n", at + start.len()),
        };
        let source = format!("{}{insertion}{}", &DEMO[..at], &DEMO[at..]);
        let errors = Policy::parse(&source, "policy.toml").expect_err(path);
        let [problem] = errors.problems() else {
            panic!("one problem in {path}, not {errors}");
        };
        assert_eq!(problem.key, format!("{path}colour"));
        assert_eq!(problem.message, format!("unknown key `{path}colour`"));
        assert_eq!(
            problem.line,
            source[..at].matches('\n').count() + 1,
            "{path}"
        );
    }
}

/// Lines of the demo policy that may go: what they say is optional.
const OPTIONAL: [&str; 19] = [
    "legal_form",
    "capital",
    "registry_number",
    "vat_number",
    "website",
    "activity_code",
    "seat",
    "phone",
    "refused_domains",
    "reminder",
    "unsubscribed",
    "backups",
    "letters_per_day",
    "letters_until_confirmed",
    "rest",
    "per_domain",
    "per_large_domain",
    "large_domains",
    "#",
];

/// S0-01: the file is refused when who is responsible, or anything else required, is not stated.
#[test]
fn a_missing_key_is_refused_and_named() {
    let mut required = 0;
    for (index, line) in DEMO.lines().enumerate() {
        let Some((key, _)) = line.split_once(" = ") else {
            continue;
        };
        if OPTIONAL.iter().any(|optional| key.starts_with(optional)) {
            continue;
        }
        required += 1;
        let rest: Vec<&str> = DEMO
            .lines()
            .enumerate()
            .filter_map(|(other, line)| (other != index).then_some(line))
            .collect();
        let errors = Policy::parse(&rest.join("\n"), "policy.toml").expect_err(line);
        let problem = &errors.problems()[0];
        assert!(problem.key.ends_with(key), "{line}: {problem}");
        assert!(problem.message.starts_with("missing key"), "{problem}");
        assert!(problem.help.is_some(), "{problem}");
    }
    assert!(required > 40, "{required} keys tried");
}

#[test]
fn a_missing_section_is_refused_and_named() {
    for (section, next) in [
        ("[languages]", "[controller]"),
        ("[subscription]", "[retention]"),
        ("[limits]", "[mail]"),
        ("[[topics]]", "[subscription]"),
    ] {
        let (from, to) = (
            DEMO.find(section).expect(section),
            DEMO.find(next).expect(next),
        );
        let source = format!("{}{}", &DEMO[..from], &DEMO[to..]);
        let errors = Policy::parse(&source, "policy.toml").expect_err(section);
        let name = section.trim_matches(['[', ']']);
        assert_eq!(
            errors.problems()[0].message,
            format!("missing key `{name}`")
        );
    }
}

/// A value of the wrong type is refused wherever it stands.
#[test]
fn a_value_of_another_type_is_refused_for_every_key() {
    for (index, line) in DEMO.lines().enumerate() {
        let Some((key, _)) = line.split_once(" = ") else {
            continue;
        };
        if key.starts_with('#') {
            continue;
        }
        let source: Vec<String> = DEMO
            .lines()
            .enumerate()
            .map(|(other, line)| {
                if other == index {
                    format!("{key} = 1.5")
                } else {
                    line.to_owned()
                }
            })
            .collect();
        let errors = Policy::parse(&source.join("\n"), "policy.toml").expect_err(line);
        let problem = &errors.problems()[0];
        assert!(problem.key.ends_with(key), "{line}: {problem}");
        assert_eq!(problem.line, index + 1, "{problem}");
    }
}
