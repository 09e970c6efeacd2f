//! Half a file, a doubled line, a stray character: a refusal, never a panic.

use consentry_policy::{Policy, check};
use proptest::prelude::*;

use crate::broken;
use crate::edit::{COMPLETE, DEMO, replaced};

/// Any file of ours, sound or broken.
fn files() -> impl Strategy<Value = String> {
    let broken = broken::all().map(|(_, edits)| replaced(COMPLETE, edits));
    let sound = [DEMO, COMPLETE].map(str::to_owned);
    proptest::sample::select(broken.chain(sound).collect::<Vec<_>>())
}

/// The nearest place before that cuts no character in two.
fn cut(source: &str, index: proptest::sample::Index) -> usize {
    let index = index.index(source.len());
    (0..=index)
        .rev()
        .find(|at| source.is_char_boundary(*at))
        .unwrap_or(0)
}

/// What is found has a place in the file, in its order, and is found again.
fn judged(source: &str) -> Result<(), TestCaseError> {
    let found = check(source, "policy.toml").findings;
    prop_assert_eq!(&found, &check(source, "policy.toml").findings);
    let lines = source.matches('\n').count() + 1;
    let places = found.all().iter().map(|finding| finding.line);
    prop_assert!(places.clone().is_sorted());
    prop_assert!(places.clone().all(|line| (1..=lines).contains(&line)));
    if let Err(errors) = Policy::parse(source, "policy.toml") {
        prop_assert!(!errors.all().is_empty());
        prop_assert_eq!(&errors, &found);
        prop_assert!(errors.to_string().contains("policy.toml"));
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_damaged_file_is_refused_with_findings_in_order(
        source in files(),
        one in any::<proptest::sample::Index>(),
        other in any::<proptest::sample::Index>(),
        inserted in "\\PC{0,3}|[\\[\\]{}\"'=.,#\\n\\r]{1,3}",
    ) {
        let (from, to) = (cut(&source, one), cut(&source, other));
        judged(&format!("{}{inserted}{}", &source[..from], &source[to..]))?;
    }

    #[test]
    fn a_value_put_in_another_place_makes_no_panic(
        source in files(),
        one in any::<proptest::sample::Index>(),
        other in any::<proptest::sample::Index>(),
    ) {
        let mut lines: Vec<&str> = source.lines().collect();
        let (one, other) = (one.index(lines.len()), other.index(lines.len()));
        let value = lines[other].split_once(" = ").map_or("", |(_, value)| value);
        let key = lines[one].split_once(" = ").map_or("", |(key, _)| key);
        let line = format!("{key} = {value}");
        lines[one] = &line;
        judged(&lines.join("\n"))?;
    }

    #[test]
    fn no_text_makes_the_reader_panic(source in "\\PC*|(.|\\n)*") {
        judged(&source)?;
    }
}
