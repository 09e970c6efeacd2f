//! A document as Markdown (`CommonMark` with tables).

use crate::document::{Block, Document, Inline, Labels, Table, Text};

impl Document {
    /// The document as Markdown. The timeline, a picture, is left out: the table of periods says
    /// the same.
    pub fn markdown(&self) -> String {
        let mut out = Lines::default();
        out.block(&format!("# {}", escaped(&self.title)));
        for block in &self.lead {
            out.part(block, 2, &self.labels);
        }
        for (index, section) in self.sections.iter().enumerate() {
            // The renderers in use make anchors from headings, each in its own way.
            out.block(&format!("<a id=\"{}\"></a>", section.anchor));
            out.block(&format!("## {}. {}", index + 1, escaped(&section.title)));
            for block in &section.blocks {
                out.part(block, 3, &self.labels);
            }
        }
        out.0
    }
}

/// What is written, with an empty line between any two blocks.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn block(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.block(&format!("{} {}", "#".repeat(level), escaped(title)));
    }

    fn part(&mut self, block: &Block, level: usize, labels: &Labels) {
        match block {
            Block::Heading(title) => self.heading(level, title),
            Block::Paragraph(text) => self.block(&line(text)),
            Block::List(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| format!("- {}", line(item)))
                    .collect();
                self.block(&items.join("\n"));
            }
            Block::Facts(facts) => {
                let facts: Vec<String> = facts
                    .iter()
                    .map(|fact| {
                        let lines = cell(&fact.lines);
                        format!("- **{}**{} {lines}", escaped(&fact.term), labels.colon)
                    })
                    .collect();
                self.block(&facts.join("\n"));
            }
            Block::Table(table) => self.table(table),
            Block::Timeline(_) => {}
            Block::Clause(clause) => {
                self.block(&format!("<a id=\"{}\"></a>", clause.anchor));
                self.heading(level, &clause.title);
                self.block(&format!("*{}*", escaped(&labels.informational)));
                for paragraph in &clause.paragraphs {
                    self.block(&line(paragraph));
                }
            }
        }
    }

    fn table(&mut self, table: &Table) {
        self.block(&format!("**{}**", escaped(&table.caption)));
        let head: Vec<String> = table.head.iter().map(|column| escaped(column)).collect();
        let mut lines = vec![row(&head), row(&vec!["---".to_owned(); head.len()])];
        lines.extend(table.rows.iter().map(|cells| {
            let cells: Vec<String> = cells.iter().map(|lines| cell(lines)).collect();
            row(&cells)
        }));
        self.block(&lines.join("\n"));
    }
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn cell(lines: &[Text]) -> String {
    let lines: Vec<String> = lines.iter().map(inline).collect();
    lines.join("<br>")
}

fn inline(text: &Text) -> String {
    let inlines = text.0.iter().map(|inline| match inline {
        Inline::Words(words) => escaped(words),
        Inline::Link { words, href } => {
            // In angle brackets nothing of a URL but these three means anything.
            let href = href
                .replace('<', "%3C")
                .replace('>', "%3E")
                .replace('|', "%7C");
            format!("[{}](<{href}>)", escaped(words))
        }
        Inline::Reference(anchor) => escaped(anchor),
    });
    inlines.collect()
}

/// Takes every character its meaning in Markdown and HTML; line breaks become spaces.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '&' => escaped.push_str("&amp;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A line that begins like an item of a list would be one.
fn line(text: &Text) -> String {
    let mut line = inline(text);
    let behind_digits = line
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(line.len());
    let marks = match behind_digits {
        0 => ['-', '+'],
        _ => ['.', ')'],
    };
    if line[behind_digits..].starts_with(marks) {
        line.insert(behind_digits, '\\');
    }
    line
}
