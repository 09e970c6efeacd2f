//! The notice and the legal page of the demo, as they are printed.

use consentry_notice::{Edition, Places, legal, privacy};
use consentry_policy::{ChangeReason, Language};

use crate::policies::{files, parsed};

/// The fingerprint changes with every word of the policy.
fn settled(print: &str, version: &str) -> String {
    print.replace(version, "VERSION")
}

/// S0-01 to S0-10, S0-34, S1-28, S3-97, S4-28: the whole of both documents.
#[test]
fn the_documents_of_the_demo_read_well() {
    let (_, source) = files()
        .into_iter()
        .find(|(name, _)| name == "saas-portal")
        .unwrap();
    let policy = parsed(&source);
    let version = policy.notice_version().to_string();
    for language in Language::ALL {
        let places = Places {
            base: "https://portal.example".to_owned(),
            query: format!("?lang={language}"),
        };
        let notice = privacy(&policy, language, &places, &[]);
        let page = legal(&policy, language, &places);
        for (name, document) in [("notice", notice), ("legal", page)] {
            let html = settled(&document.html(), &version);
            insta::assert_snapshot!(format!("{name}.{language}.html"), html);
            let markdown = settled(&document.markdown(), &version);
            insta::assert_snapshot!(format!("{name}.{language}.md"), markdown);
        }
    }
}

/// S1-03, S2-05, S2-61: versions are listed with their dates, reasons and changes, each at a stable
/// address.
#[test]
fn earlier_versions_are_listed_with_what_changed() {
    let (_, source) = files().remove(0);
    let policy = parsed(&source);
    let places = Places {
        base: "/news".to_owned(),
        query: String::new(),
    };
    let earlier = Edition {
        version: "2025-01".to_owned(),
        since: "2025-01-15".parse().ok(),
        reason: Some(ChangeReason::Law),
        changes: vec!["A new recipient: <Postman>.".to_owned()],
    };
    let notice = privacy(&policy, Language::En, &places, &[earlier]).html();
    assert!(notice.contains("<a href=\"/news/privacy/2025-01\""));
    for told in [
        "15 January 2025",
        "The law changed",
        "A new recipient: &#60;Postman&#62;.",
    ] {
        assert!(notice.contains(told), "{told}");
    }
}
