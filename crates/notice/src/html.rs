//! A document as HTML.

use askama::Template;

use crate::document::{Block, Document, Inline};
use crate::timeline::Line;

/// The style of what [`Document::html`] makes, for a style sheet that sets the colours `--line`,
/// `--surface`, `--soft`, `--edge` and `--accent`.
pub const STYLE: &str = include_str!("../assets/notice.css");

/// What a page of its own needs besides.
const PAGE: &str = include_str!("../assets/standalone.css");

#[derive(Template)]
#[template(path = "fragment.html")]
struct Fragment<'a> {
    document: &'a Document,
}

#[derive(Template)]
#[template(path = "standalone.html")]
struct Standalone<'a> {
    document: &'a Document,
    styles: [&'a str; 2],
    body: &'a str,
}

impl Document {
    /// The document as a fragment with one `<h1>`: no script, no style, every text escaped.
    pub fn html(&self) -> String {
        rendered(&Fragment { document: self })
    }

    /// The document as a complete page with its style, to be read from a file or printed.
    pub fn standalone_html(&self) -> String {
        rendered(&Standalone {
            document: self,
            styles: [PAGE, STYLE],
            body: &self.html(),
        })
    }
}

fn rendered(template: &impl Template) -> String {
    let rendered = template.render();
    rendered.expect("templates of plain values can be written to memory")
}
