//! The search for bytes that should be gone.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

/// A place where the text could still be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// How the text is written there.
    pub form: &'static str,
}

/// Looks in the file `place`, or in every file under the folder `place`, for each of `needles`: in any
/// letter case, as it is, percent-encoded, quoted-printable, in hexadecimal, or inside base64 of either
/// alphabet at any alignment.
pub fn scan(place: &Path, needles: &[&str]) -> Vec<Finding> {
    let needles: Vec<Needle> = needles.iter().map(|text| Needle::new(text)).collect();
    let mut findings = Vec::new();
    visit(place, &mut |path, bytes| {
        let lower_case = bytes.to_ascii_lowercase();
        for form in needles
            .iter()
            .flat_map(|needle| needle.find(bytes, &lower_case))
        {
            findings.push(Finding {
                path: path.to_owned(),
                form,
            });
        }
    });
    findings.sort();
    findings.dedup();
    findings
}

/// The files under `place` that contain one of these byte strings as it is.
pub fn scan_bytes(place: &Path, needles: &[Vec<u8>]) -> Vec<PathBuf> {
    let finders: Vec<Finder> = needles.iter().map(Finder::new).collect();
    let mut paths = Vec::new();
    visit(place, &mut |path, bytes| {
        if finders.iter().any(|finder| finder.find(bytes).is_some()) {
            paths.push(path.to_owned());
        }
    });
    paths
}

/// How one of `needles` is written in `text`, such as a log; empty when it is not.
pub fn forms_in(text: &str, needles: &[&str]) -> Vec<&'static str> {
    let lower_case = text.to_ascii_lowercase();
    let find = |needle: &&str| Needle::new(needle).find(text.as_bytes(), lower_case.as_bytes());
    needles.iter().flat_map(find).collect()
}

/// A text in all its forms.
struct Needle(Vec<(&'static str, Finder<'static>)>);

impl Needle {
    fn new(text: &str) -> Self {
        let finders = forms(text)
            .into_iter()
            .map(|(form, written)| (form, Finder::new(&written).into_owned()))
            .collect();
        Self(finders)
    }

    fn find(&self, bytes: &[u8], lower_case: &[u8]) -> Vec<&'static str> {
        self.0
            .iter()
            .filter(|(form, finder)| {
                let haystack = if form.starts_with("base64") {
                    bytes
                } else {
                    lower_case
                };
                finder.find(haystack).is_some()
            })
            .map(|(form, _)| *form)
            .collect()
    }
}

fn forms(needle: &str) -> Vec<(&'static str, Vec<u8>)> {
    let folded = needle.to_ascii_lowercase();
    let mut forms = vec![
        ("plain", folded.clone().into_bytes()),
        ("percent-encoded", folded.replace('@', "%40").into_bytes()),
        ("quoted-printable", folded.replace('@', "=40").into_bytes()),
        ("hexadecimal", hexadecimal(&folded)),
        ("hexadecimal", hexadecimal(needle)),
    ];
    for text in [needle, &folded] {
        for shift in 0..3 {
            forms.push(("base64", inside_base64(&STANDARD_NO_PAD, text, shift)));
            forms.push(("base64", inside_base64(&URL_SAFE_NO_PAD, text, shift)));
        }
    }
    // Many texts look the same in several forms.
    let mut seen = BTreeSet::new();
    forms.retain(|(_, written)| seen.insert(written.clone()));
    forms
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    digits.concat().into_bytes()
}

/// The characters of base64 that depend on `text` alone when `shift` bytes stand before it.
fn inside_base64(alphabet: &impl base64::Engine, text: &str, shift: usize) -> Vec<u8> {
    let encoded = alphabet.encode([vec![0; shift], text.as_bytes().to_vec()].concat());
    let first = (shift * 8).div_ceil(6);
    let last = (shift + text.len()) * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}

fn visit(place: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    if place.is_file() {
        if let Ok(bytes) = fs::read(place) {
            look(place, &bytes);
        }
        return;
    }
    // A file that disappears while a database works is no residue.
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            visit(&entry.path(), look);
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    const NEEDLE: &str = "Anna.Berger@example.org";

    fn found(content: &[u8]) -> Vec<&'static str> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("deep")).expect("a folder can be made");
        fs::write(folder.path().join("deep/file"), content).expect("a file can be written");
        scan(folder.path(), &[NEEDLE])
            .iter()
            .map(|finding| finding.form)
            .collect()
    }

    #[test]
    fn every_way_to_write_the_text_is_found() {
        assert_eq!(found(b"\0anna.BERGER@example.org\0"), ["plain"]);
        assert_eq!(
            found(b"?email=anna.berger%40example.org"),
            ["percent-encoded"]
        );
        assert_eq!(found(b"anna.berger=40example.org"), ["quoted-printable"]);
        assert_eq!(found(&hexadecimal(NEEDLE)), ["hexadecimal"]);
        for before in ["", "x", "xy", "xyz"] {
            let text = STANDARD_NO_PAD.encode(format!("{before}{NEEDLE}, and more"));
            assert_eq!(found(text.as_bytes()), ["base64"]);
        }
    }

    #[test]
    fn another_text_is_not_found() {
        assert!(found(b"hanna.berger@example.com").is_empty());
    }
}
