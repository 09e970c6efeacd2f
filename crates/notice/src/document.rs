//! A document before it is HTML or Markdown.

use std::collections::BTreeMap;

use consentry_policy::{Language, NoticeSection};

use crate::timeline::Timeline;
use crate::words::Words;

/// A document in one language: made by [`privacy`](crate::privacy) and [`legal`](crate::legal).
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub(crate) language: Language,
    pub(crate) title: String,
    /// What stands above the sections.
    pub(crate) lead: Vec<Block>,
    pub(crate) sections: Vec<Section>,
    pub(crate) labels: Labels,
}

/// What a renderer says of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labels {
    /// Above the list of sections; nothing for a document without one.
    pub(crate) contents: Option<String>,
    /// Between a term and what is said about it, in running text.
    pub(crate) colon: String,
    /// Beside a text without effect on the engine (S0-09).
    pub(crate) informational: String,
}

/// A section, numbered by its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    pub(crate) anchor: &'static str,
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    Heading(String),
    Paragraph(Text),
    List(Vec<Text>),
    Facts(Vec<Fact>),
    Table(Table),
    Timeline(Timeline),
    Clause(Clause),
}

/// A term and what there is to say about it, line by line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    pub(crate) term: String,
    pub(crate) lines: Vec<Text>,
}

/// A table whose first column names the row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) head: Vec<String>,
    /// Each as long as the head; a cell is its lines.
    pub(crate) rows: Vec<Vec<Vec<Text>>>,
}

/// A text of the policy that no engine executes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    pub(crate) anchor: String,
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<Text>,
}

/// Words of one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text(pub(crate) Vec<Inline>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Inline {
    Words(String),
    Link {
        words: String,
        href: String,
    },
    /// `{#anchor}`, until the sections are numbered.
    Reference(String),
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self(vec![Inline::Words(words)])
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl Text {
    pub(crate) fn link(words: impl Into<String>, href: impl Into<String>) -> Self {
        Self(vec![Inline::Link {
            words: words.into(),
            href: href.into(),
        }])
    }

    /// A mail address.
    pub(crate) fn mail(address: &str) -> Self {
        Self::link(address, format!("mailto:{address}"))
    }

    /// The same words, with something behind them.
    pub(crate) fn and(mut self, more: impl Into<Self>) -> Self {
        self.0.push(Inline::Words(" ".to_owned()));
        self.0.extend(more.into().0);
        self
    }

    /// A text of the policy, in which `{#anchor}` refers to a section or a clause.
    pub(crate) fn referring(text: &str) -> Self {
        let mut inlines = Vec::new();
        let mut rest = text;
        while let Some((before, anchor, after)) = next_reference(rest) {
            inlines.push(Inline::Words(before.to_owned()));
            inlines.push(Inline::Reference(anchor.to_owned()));
            rest = after;
        }
        inlines.push(Inline::Words(rest.to_owned()));
        inlines.retain(|inline| *inline != Inline::Words(String::new()));
        Self(inlines)
    }

    /// The paragraphs of a prose text.
    pub(crate) fn paragraphs(prose: &str) -> Vec<Self> {
        let paragraphs = prose.split("\n\n").map(str::trim);
        let filled = paragraphs.filter(|paragraph| !paragraph.is_empty());
        filled.map(Self::referring).collect()
    }
}

fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{#")?;
    let (anchor, after) = rest.split_once('}')?;
    Some((before, anchor, after))
}

impl Fact {
    /// A term with one line.
    pub(crate) fn new(term: String, line: impl Into<Text>) -> Self {
        Self {
            term,
            lines: vec![line.into()],
        }
    }
}

/// What collects a document, part by part.
#[derive(Default)]
pub(crate) struct Blocks(pub(crate) Vec<Block>);

impl Blocks {
    pub(crate) fn heading(&mut self, title: impl Into<String>) {
        self.0.push(Block::Heading(title.into()));
    }

    pub(crate) fn paragraph(&mut self, text: impl Into<Text>) {
        self.0.push(Block::Paragraph(text.into()));
    }

    /// Paragraphs of the policy.
    pub(crate) fn prose(&mut self, prose: &str) {
        let paragraphs = Text::paragraphs(prose);
        self.0.extend(paragraphs.into_iter().map(Block::Paragraph));
    }

    pub(crate) fn list<T: Into<Text>>(&mut self, items: impl IntoIterator<Item = T>) {
        let items: Vec<Text> = items.into_iter().map(Into::into).collect();
        if !items.is_empty() {
            self.0.push(Block::List(items));
        }
    }

    pub(crate) fn facts(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let facts: Vec<Fact> = facts.into_iter().collect();
        if !facts.is_empty() {
            self.0.push(Block::Facts(facts));
        }
    }

    /// A table without rows is not there, nor is a column that is empty in every row.
    pub(crate) fn table(&mut self, mut table: Table) {
        let is_filled: Vec<bool> = (0..table.head.len())
            .map(|column| table.rows.iter().any(|row| !row[column].is_empty()))
            .collect();
        keep(&mut table.head, &is_filled);
        for row in &mut table.rows {
            keep(row, &is_filled);
        }
        if !table.rows.is_empty() {
            self.0.push(Block::Table(table));
        }
    }

    /// The section that these blocks make; none without any.
    pub(crate) fn section(self, name: NoticeSection, words: &Words<'_>) -> Option<Section> {
        let anchor = name.as_str();
        (!self.0.is_empty()).then(|| Section {
            anchor,
            title: words.say(&format!("notice-section-{anchor}")),
            blocks: self.0,
        })
    }
}

fn keep<T>(items: &mut Vec<T>, which: &[bool]) {
    let mut which = which.iter();
    items.retain(|_| which.next().copied().unwrap_or_default());
}

impl Document {
    /// Numbers the sections and resolves the references to them (S1-18).
    ///
    /// `elsewhere` are the anchors of another document, with title and link.
    pub(crate) fn resolve(&mut self, words: &Words<'_>, elsewhere: &[(String, String, String)]) {
        let mut targets: BTreeMap<String, (String, String)> = elsewhere
            .iter()
            .map(|(anchor, title, href)| (anchor.clone(), (words.quoted(title), href.clone())))
            .collect();
        for (index, section) in self.sections.iter().enumerate() {
            let name = words.words(
                "notice-reference",
                &[
                    ("number", (&(index + 1).to_string()).into()),
                    ("title", (&section.title).into()),
                ],
            );
            let href = format!("#{}", section.anchor);
            targets.insert(section.anchor.to_owned(), (name, href));
        }
        for block in self.blocks() {
            if let Block::Clause(clause) = block {
                let href = format!("#{}", clause.anchor);
                targets.insert(clause.anchor.clone(), (words.quoted(&clause.title), href));
            }
        }
        let sections = self.sections.iter_mut().map(|section| &mut section.blocks);
        for block in self.lead.iter_mut().chain(sections.flatten()) {
            for text in block.texts() {
                text.resolve(&targets);
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        let sections = self.sections.iter().flat_map(|section| &section.blocks);
        self.lead.iter().chain(sections)
    }
}

impl Block {
    fn texts(&mut self) -> Vec<&mut Text> {
        match self {
            Self::Heading(_) | Self::Timeline(_) => Vec::new(),
            Self::Paragraph(text) => vec![text],
            Self::List(items) => items.iter_mut().collect(),
            Self::Facts(facts) => facts.iter_mut().flat_map(|fact| &mut fact.lines).collect(),
            Self::Table(table) => table.rows.iter_mut().flatten().flatten().collect(),
            Self::Clause(clause) => clause.paragraphs.iter_mut().collect(),
        }
    }
}

impl Text {
    /// A reference to nothing keeps its anchor: the lint finds it, and the reader sees it.
    fn resolve(&mut self, targets: &BTreeMap<String, (String, String)>) {
        for inline in &mut self.0 {
            if let Inline::Reference(anchor) = inline {
                *inline = match targets.get(anchor) {
                    Some((words, href)) => Inline::Link {
                        words: words.clone(),
                        href: href.clone(),
                    },
                    None => Inline::Words(format!("⟦{anchor}⟧")),
                };
            }
        }
    }
}
