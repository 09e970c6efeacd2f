use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Resource};

const FILES: [&str; 6] = [
    "answers.ftl",
    "changes.ftl",
    "common.ftl",
    "mail.ftl",
    "notice.ftl",
    "web.ftl",
];

/// The variables of each message of a file.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn catalogue(language: &str, file: &str) -> Catalogue {
    let path = crates().join("i18n/locales").join(language).join(file);
    let source = fs::read_to_string(&path).unwrap();
    let resource: Resource<String> = fluent_syntax::parser::parse(source)
        .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", path.display()));
    let mut messages = Catalogue::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else {
            continue;
        };
        let mut variables = BTreeSet::new();
        variables_of(
            &message.value.expect("every message has a text"),
            &mut variables,
        );
        let id = message.id.name;
        assert!(
            messages.insert(id.clone(), variables).is_none(),
            "{id} stands twice in {file}"
        );
    }
    messages
}

fn variables_of(pattern: &Pattern<String>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            variables_of_expression(expression, found);
        }
    }
}

fn variables_of_expression(expression: &Expression<String>, found: &mut BTreeSet<String>) {
    let inline = match expression {
        Expression::Inline(inline) => inline,
        Expression::Select { selector, variants } => {
            for variant in variants {
                variables_of(&variant.value, found);
            }
            selector
        }
    };
    match inline {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.clone());
        }
        InlineExpression::Placeable { expression } => variables_of_expression(expression, found),
        _ => {}
    }
}

/// Every source and template of the workspace's crates, in one text per crate.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| {
            ["rs", "html", "txt"]
                .iter()
                .any(|known| extension == *known)
        }) {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

fn all_sources() -> String {
    let mut text = String::new();
    for krate in fs::read_dir(crates()).unwrap() {
        let krate = krate.unwrap().path();
        for part in ["src", "templates"] {
            let folder = krate.join(part);
            if folder.is_dir() {
                sources(&folder, &mut text);
            }
        }
    }
    text
}

#[test]
fn every_text_exists_in_every_language_with_the_same_values() {
    for file in FILES {
        let (english, french) = (catalogue("en", file), catalogue("fr", file));
        for (id, variables) in &english {
            assert_eq!(french.get(id), Some(variables), "{id} in fr/{file}");
        }
        for id in french.keys() {
            assert!(english.contains_key(id), "{id} is missing in en/{file}");
        }
    }
}

#[test]
fn no_text_stands_in_two_files() {
    let mut seen = BTreeSet::new();
    for id in FILES
        .into_iter()
        .flat_map(|file| catalogue("en", file).into_keys())
    {
        assert!(seen.insert(id.clone()), "{id} stands in two files");
    }
}

/// A text is used when its id stands in quotes somewhere, or the beginning of it does where the
/// rest is a code (`"address-{code}"`).
#[test]
fn every_text_is_used() {
    let sources = all_sources();
    let is_used = |id: &str| {
        sources.contains(&format!("\"{id}\""))
            || id.match_indices('-').any(|(at, _)| {
                let prefix = &id[..=at];
                sources.contains(&format!("\"{prefix}{{"))
                    || sources.contains(&format!("\"{prefix}\""))
            })
    };
    let unused: Vec<String> = FILES
        .into_iter()
        .flat_map(|file| catalogue("en", file).into_keys())
        .filter(|id| !is_used(id))
        .collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
}

/// Ids of letters and of common words are written out in the sources, so each can be looked up.
#[test]
fn every_text_that_letters_ask_for_exists() {
    let mut text = String::new();
    sources(&crates().join("mail/src"), &mut text);
    let known = catalogue("en", "mail.ftl");
    for quoted in text.split('"').filter(|quoted| quoted.starts_with("mail-")) {
        assert!(known.contains_key(quoted), "{quoted} is in no mail.ftl");
    }
}

/// French puts a space that does not break before `:`, `;`, `?`, `!` and inside guillemets.
#[test]
fn french_punctuation_never_begins_a_line() {
    for file in FILES {
        let path = crates().join("i18n/locales/fr").join(file);
        for line in fs::read_to_string(&path).unwrap().lines() {
            if line.starts_with('#') {
                continue;
            }
            for wrong in [" :", " ;", " ?", " !", "« ", " »", "'"] {
                assert!(!line.contains(wrong), "{wrong:?} in fr/{file}: {line}");
            }
        }
    }
}
