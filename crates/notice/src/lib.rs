//! The documents printed from a policy: the privacy notice (GDPR art. 13, 14) and the legal page.
//!
//! Nothing in them is typed twice: every period, figure and name comes from the [`Policy`] that the
//! engine executes (what changed is told with the figures that were). A document is made for one language and rendered as HTML or as Markdown.
//!
//! ```
//! use consentry_notice::{Places, privacy};
//! use consentry_policy::{Language, Policy};
//!
//! let notice = privacy(&Policy::demo(), Language::En, &Places::default(), &[]);
//! assert!(notice.markdown().contains("12\u{a0}months"));
//! assert!(notice.html().contains("<h1>Privacy notice</h1>"));
//! ```
//!
//! The crate is pure: no clock, no file, no network.

mod document;
mod html;
mod markdown;
mod sections;
mod timeline;
mod words;

use consentry_policy::{Clause, Language, NoticeSection, Place, Policy};
use jiff::civil::Date;

pub use document::Document;
pub use html::STYLE;

use document::{Block, Blocks, Labels};
use words::Words;

/// Where the pages are that a document refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// What every path is preceded by, such as `https://example.org/news`.
    pub base: String,
    /// What every path is followed by, such as `?lang=fr`.
    pub query: String,
}

impl Places {
    fn page(&self, path: &str) -> String {
        format!("{}{path}{}", self.base, self.query)
    }
}

/// A published version, for the list of versions (S1-03, S2-05, S2-61).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// What the policy declares, as in `/privacy/{version}`.
    pub version: String,
    /// Since when it was in force.
    pub since: Option<Date>,
    /// Why it differs from the one before.
    pub reason: Option<consentry_policy::ChangeReason>,
    /// What changed, for people, sentence by sentence, in the language of the document.
    pub changes: Vec<String>,
}

/// The privacy notice. `earlier` are the published versions before this one, newest first.
pub fn privacy(
    policy: &Policy,
    language: Language,
    places: &Places,
    earlier: &[Edition],
) -> Document {
    let words = &Words {
        policy,
        language,
        places,
    };
    let mut document = Document {
        language,
        title: title(words),
        lead: sections::lead(words).0,
        sections: sections::all(words, earlier),
        labels: labels(words, true),
    };
    let legal_page: Vec<_> = legal_clauses(policy)
        .map(|clause| target(words, clause, &places.page("/legal")))
        .collect();
    document.resolve(words, &legal_page);
    document
}

/// The legal page: who publishes and who hosts the site, which law governs (S0-01 to S0-10).
pub fn legal(policy: &Policy, language: Language, places: &Places) -> Document {
    let words = &Words {
        policy,
        language,
        places,
    };
    let mut document = Document {
        language,
        title: words.say("notice-legal-title"),
        lead: sections::legal(words).0,
        sections: Vec::new(),
        labels: labels(words, false),
    };
    let notice = places.page("/privacy");
    let mut notice_page: Vec<_> = NoticeSection::ALL
        .iter()
        .map(|section| {
            let anchor = section.as_str();
            let title = words.say(&format!("notice-section-{anchor}"));
            (anchor.to_owned(), title, format!("{notice}#{anchor}"))
        })
        .collect();
    let clauses = policy.clauses.iter();
    let others = clauses.filter(|clause| clause.place != Place::Legal);
    notice_page.extend(others.map(|clause| target(words, clause, &notice)));
    document.resolve(words, &notice_page);
    document
}

impl Document {
    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }
}

fn title(words: &Words<'_>) -> String {
    let declared = words.policy.notice.as_ref();
    let title = declared.and_then(|notice| notice.title.as_ref());
    title.map_or_else(
        || words.say("notice-title"),
        |title| words.get(title).to_owned(),
    )
}

fn labels(words: &Words<'_>, has_contents: bool) -> Labels {
    Labels {
        contents: has_contents.then(|| words.say("notice-contents")),
        colon: words.say("notice-colon"),
        informational: words.say("notice-informational"),
    }
}

fn legal_clauses(policy: &Policy) -> impl Iterator<Item = &Clause> {
    let clauses = policy.clauses.iter();
    clauses.filter(|clause| clause.place == Place::Legal)
}

/// A clause of another page: anchor, title, link.
fn target(words: &Words<'_>, clause: &Clause, page: &str) -> (String, String, String) {
    let anchor = clause.id.to_string();
    let title = clause.title.get(words.language).to_owned();
    let href = format!("{page}#{anchor}");
    (anchor, title, href)
}

/// The clauses that stand in one place, marked as informational (S0-09).
fn clauses(words: &Words<'_>, place: Place, blocks: &mut Blocks) {
    let here = words.policy.clauses.iter();
    for clause in here.filter(|clause| clause.place == place) {
        blocks.0.push(Block::Clause(document::Clause {
            anchor: clause.id.to_string(),
            title: words.get(&clause.title).to_owned(),
            paragraphs: document::Text::paragraphs(words.get(&clause.text)),
        }));
    }
}
