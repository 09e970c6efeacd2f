//! The files, and what holds for all of them.

use std::fmt::Write as _;

use consentry_policy::{Checked, Dataset, Language, Policy, Stage, check};

/// A policy file that comes with Consentry.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

macro_rules! files {
    ($($name:literal),+) => {
        pub(crate) const FILES: [File; 5] = [$(
            File {
                name: $name,
                source: include_str!(concat!("../../policies/", $name, ".toml")),
            },
        )+];
    };
}

files!(
    "saas-portal",
    "document-vendor",
    "marketing-platform",
    "self-care",
    "ai-platform"
);

/// The policy of that name.
pub(crate) fn policy(name: &str) -> Policy {
    let file = FILES.iter().find(|file| file.name == name).expect(name);
    Policy::parse(file.source, file.name).unwrap_or_else(|errors| panic!("{name}:\n{errors}"))
}

/// The findings of a check, one a line.
pub(crate) fn lines(checked: &Checked) -> Vec<String> {
    let findings = checked.findings.all().iter();
    findings
        .map(|one| {
            format!(
                "{:?} {} at {}: {}",
                one.severity, one.code, one.key, one.message
            )
        })
        .collect()
}

/// What happens to the rows of a dataset, a line for each stage, in the order of the file.
pub(crate) fn stages(policy: &Policy, dataset: &str) -> Vec<String> {
    let dataset = policy.dataset(dataset).expect(dataset);
    dataset.stages.iter().map(stage).collect()
}

fn stage(stage: &Stage) -> String {
    let mut line = stage.action.to_string();
    if !stage.fields.is_empty() {
        let fields: Vec<&str> = stage
            .fields
            .iter()
            .map(consentry_policy::SqlName::as_str)
            .collect();
        let _ = write!(line, " {}", fields.join(", "));
    }
    if let Some(state) = &stage.state {
        let _ = write!(line, " {state}");
    }
    if stage.within == consentry_policy::Store::Archive {
        line += " in the archive";
    }
    match (&stage.clock, stage.after, &stage.on) {
        (Some(clock), Some(after), _) => write!(line, ": {after} from {clock}"),
        (Some(clock), None, _) => write!(line, ": at {clock}"),
        (None, _, Some(event)) => write!(line, ": on {event}"),
        (None, _, None) => Ok(()),
    }
    .expect("a string can be written to");
    line
}

/// The names of a dataset's fields.
pub(crate) fn fields(dataset: &Dataset) -> Vec<&str> {
    dataset
        .fields
        .iter()
        .map(|field| field.id.as_str())
        .collect()
}

/// S0-99: each file loads, can be published, and has the warnings that are wanted and no others.
///
/// They are those of the document vendor: lifetimes that others set and that the consent cuts short
/// (S1-122), and switches that no cookie of the notice's register answers to (S1-121); and that of the
/// assistants: what people wrote stays beside an anonymised conversation until both are archived, so it
/// is called pseudonymised (S3-126).
#[test]
fn every_file_can_be_published() {
    for file in FILES {
        let checked = check(file.source, file.name);
        let errors: Vec<_> = checked.findings.errors().collect();
        assert_eq!(
            errors,
            Vec::<&consentry_policy::Finding>::new(),
            "{}",
            file.name
        );
        if ["document-vendor", "self-care"].contains(&file.name) {
            insta::assert_snapshot!(file.name, lines(&checked).join("\n"));
        } else {
            assert_eq!(lines(&checked), Vec::<String>::new(), "{}", file.name);
        }
    }
}

/// Every text is there in English and in French, and French has its own apostrophes and spaces.
#[test]
fn every_text_is_written_in_both_languages() {
    for file in FILES {
        assert_eq!(
            policy(file.name).languages.offered.len(),
            Language::ALL.len(),
            "{}",
            file.name
        );
        let count = |language: &str| file.source.matches(&format!("{language} = \"")).count();
        assert_eq!(count("en"), count("fr"), "{}", file.name);
        for text in file.source.split("fr = \"").skip(1) {
            let text = text.split('"').next().unwrap_or_default();
            let is_typed = !text.contains('\'')
                && ![" ;", " :", " ?", " !", " »", "« "]
                    .iter()
                    .any(|mark| text.contains(mark));
            assert!(is_typed, "{}: {text}", file.name);
        }
    }
}

/// No two of them share a controller, a sender or a list: they may run side by side (S0-99).
#[test]
fn the_five_companies_are_five() {
    let policies = FILES.map(|file| policy(file.name));
    for (index, one) in policies.iter().enumerate() {
        for other in &policies[index + 1..] {
            assert_ne!(one.controller.id, other.controller.id);
            assert_ne!(one.mail.from, other.mail.from);
            assert_ne!(one.mail.list_id, other.mail.list_id);
        }
        assert!(one.mail.from.ascii_domain().ends_with(".example"));
        assert!(one.controller.contact.ascii_domain().ends_with(".example"));
    }
}
