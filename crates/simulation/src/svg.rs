//! The picture of a timeline: a lane for each rule on one axis of months, in an SVG of its own that is
//! read in light and in dark, by everybody.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::timeline::{Executor, RuleTimeline, Timeline};

/// The words stand left of the lanes, the totals right of them; in pixels.
const WORDS: i64 = 330;
const LANES: i64 = 840;
const TOTAL: i64 = 70;
const WIDTH: i64 = WORDS + LANES + TOTAL;
const LANE: i64 = 34;
const BAR: i64 = 24;
const GROUP: i64 = 34;
const HEAD: i64 = 96;
const FOOT: i64 = 64;

/// Up to so many years a bar is a month, beyond it a quarter: narrower ones are not seen.
const MONTHLY: i64 = 10;

/// Up to so many months, each is named.
const NAMED: i64 = 24;

/// Colours that are told apart by everybody (Okabe and Ito, 2008), darker ones on light ground.
const STYLE: &str = "\
svg{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d6dbe1;--ground:#ffffff;--lane:#f5f7f9;\
--purge:#c04a00;--archive:#0072b2;--anonymise:#00805a;--hide:#a3437c;--review:#8a6d00;--remind:#3c7ea6}\
@media(prefers-color-scheme:dark){svg{--ink:#e8ecf1;--soft:#9ca7b4;--line:#343c46;--ground:#14181d;\
--lane:#1b2027;--purge:#f2833d;--archive:#56b4e9;--anonymise:#2cc394;--hide:#dd8fbd;--review:#e6b800;\
--remind:#8cc8ee}}\
text{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:13px;fill:var(--ink)}\
.title{font-size:19px;font-weight:600}.group{font-weight:600}.soft{fill:var(--soft);font-size:11.5px}\
.end{text-anchor:end}.middle{text-anchor:middle}.total{text-anchor:end;font-variant-numeric:tabular-nums}\
.ground{fill:var(--ground)}.lane{fill:var(--lane)}.year{stroke:var(--line)}\
.purge{fill:var(--purge)}.archive{fill:var(--archive)}.anonymise{fill:var(--anonymise)}\
.hide,.restrict{fill:var(--hide)}.review{fill:var(--review)}.remind{fill:var(--remind)}";

/// Draws a timeline.
///
/// Each lane has the bars of one rule, a bar for a month (a quarter beyond ten years), as high as the
/// root of its share of the rule's fullest one: a single row is seen beside hundreds. Each bar says in
/// words what it stands for, and so does the whole picture.
pub fn draw(timeline: &Timeline) -> String {
    let axis = Axis::new(timeline);
    let mut picture = Picture::default();
    let mut y = HEAD;
    let mut group = "";
    for rule in &timeline.rules {
        if group != rule.dataset {
            group = &rule.dataset;
            y += GROUP;
            picture.text("group", 16, y - 8, group);
        }
        picture.lane(&axis, rule, y);
        y += LANE;
    }
    let bottom = y + 6;
    let mut out = String::new();
    let height = bottom + FOOT;
    let (title, description) = words(timeline);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n",
        escaped(&title),
        escaped(&description)
    );
    let _ = writeln!(out, "{}", tag_text("title", 16, 34, &title));
    let _ = writeln!(out, "{}", tag_text("soft", 16, 55, &policy(timeline)));
    // Lanes lie under the lines of the years, and the bars over both.
    out.push_str(&picture.lanes);
    axis.draw(&mut out, bottom);
    let _ = writeln!(
        out,
        "{}",
        tag_text("soft end", WIDTH - 16, HEAD - 16, "rows in all")
    );
    out.push_str(&picture.marks);
    legend(&mut out, timeline, bottom + 44);
    out.push_str("</svg>\n");
    out
}

/// What the picture is called, and what it shows, for those who do not see it.
fn words(timeline: &Timeline) -> (String, String) {
    let last = timeline.until.yesterday().unwrap_or(timeline.until);
    let title = format!("What happens when, from {} to {last}", timeline.from);
    let acts = timeline
        .rules
        .iter()
        .filter(|rule| rule.rows() > 0)
        .map(|rule| {
            let first = rule.first().map(|day| day.to_string()).unwrap_or_default();
            format!(
                "{} {}: {} rows on {} days, first on {first}.",
                rule.dataset,
                rule.rule,
                rule.rows(),
                rule.days()
            )
        });
    (title, acts.collect::<Vec<_>>().join(" "))
}

fn policy(timeline: &Timeline) -> String {
    let version = timeline
        .policy
        .split('-')
        .take(3)
        .collect::<Vec<_>>()
        .join("-");
    format!("a simulation of the policy of {version} on generated rows; each bar is a rule’s work")
}

/// Months, or quarters, on the width of the lanes.
struct Axis {
    from: Date,
    years: Vec<Date>,
    months: i64,
    /// Months in a bar.
    step: i64,
}

impl Axis {
    fn new(timeline: &Timeline) -> Self {
        let from = timeline.from.first_of_month();
        let last = timeline.until.yesterday().unwrap_or(timeline.until);
        let months = months_between(from, last) + 1;
        let step = if months > MONTHLY * 12 { 3 } else { 1 };
        let years = (from.year()..=last.year()).filter_map(|year| Date::new(year, 1, 1).ok());
        let years = years.filter(|first| *first >= from).collect();
        Self {
            from,
            years,
            months: (months + step - 1) / step * step,
            step,
        }
    }

    /// Where a month begins, in hundredths of a pixel.
    fn x(&self, month: i64) -> i64 {
        WORDS * 100 + LANES * 100 * month / self.months
    }

    /// The lines of the years, as many of them named as there is room for, and the months of few.
    fn draw(&self, out: &mut String, bottom: i64) {
        if self.months <= NAMED {
            for month in 0..self.months {
                let first = self.from.saturating_add(month.months());
                if first.month() > 1 {
                    let (x, name) = (self.x(month) / 100, format!("{:02}", first.month()));
                    let _ = writeln!(out, "{}", tag_text("soft", x, HEAD - 16, &name));
                }
            }
        }
        let every = (self.years.len() / 16 + 1).max(1);
        for (place, first) in self.years.iter().enumerate() {
            let x = hundredths(self.x(months_between(self.from, *first)));
            let _ = writeln!(
                out,
                "<line class=\"year\" x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{bottom}\"/>",
                HEAD - 10
            );
            if place % every == 0 {
                for y in [HEAD - 16, bottom + 14] {
                    let _ = writeln!(
                        out,
                        "<text class=\"soft\" x=\"{x}\" y=\"{y}\">{}</text>",
                        first.year()
                    );
                }
            }
        }
    }
}

/// What is drawn under and over the lines of the years.
#[derive(Default)]
struct Picture {
    lanes: String,
    marks: String,
}

impl Picture {
    fn text(&mut self, class: &str, x: i64, y: i64, words: &str) {
        let _ = writeln!(self.marks, "{}", tag_text(class, x, y, words));
    }

    fn lane(&mut self, axis: &Axis, rule: &RuleTimeline, y: i64) {
        let _ = writeln!(
            self.lanes,
            "<rect class=\"lane\" x=\"{WORDS}\" y=\"{y}\" width=\"{LANES}\" height=\"{}\" rx=\"3\"/>",
            LANE - 6
        );
        self.text("", 16, y + 13, &rule.rule);
        self.text("soft", 16, y + 27, &what(rule));
        let middle = y + LANE / 2 - 3;
        if rule.by == Executor::Nobody {
            let words = "not executed by this version";
            self.text("soft middle", WORDS + LANES / 2, middle + 4, words);
        }
        let bars = bars(axis, rule);
        let fullest = bars.values().copied().max().unwrap_or(1);
        for (month, rows) in bars {
            let (x, next) = (axis.x(month), axis.x(month + axis.step));
            let height = ((rows * 10_000 / fullest).isqrt() * BAR.unsigned_abs() / 100).max(3);
            let top = y + LANE - 8 - height.cast_signed();
            let first = axis.from.saturating_add(month.months());
            let _ = writeln!(
                self.marks,
                "<rect class=\"{}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{height}\">\
                 <title>{}: {rows} rows</title></rect>",
                rule.action,
                hundredths(x + 40),
                hundredths((next - x - 80).max(150)),
                escaped(&span(first, axis.step)),
            );
        }
        if rule.by != Executor::Nobody {
            self.text("total", WIDTH - 16, middle + 5, &rule.rows().to_string());
        }
    }
}

/// Rows by the month in which a bar begins.
fn bars(axis: &Axis, rule: &RuleTimeline) -> BTreeMap<i64, u64> {
    let mut bars = BTreeMap::new();
    for (first, rows) in rule.months() {
        let month = months_between(axis.from, first) / axis.step * axis.step;
        *bars.entry(month).or_default() += rows;
    }
    bars
}

/// What a rule does, and when.
fn what(rule: &RuleTimeline) -> String {
    let place = if rule.in_archive {
        " in the archive"
    } else {
        ""
    };
    let when = match rule.after {
        Some(period) => format!("{period} after {}", rule.counts_from),
        None => format!("at once on {}", rule.counts_from),
    };
    let executor = match rule.by {
        Executor::StandIn => " (stand-in)",
        _ => "",
    };
    format!("{}{place}, {when}{executor}", rule.action)
}

/// The actions that are seen.
fn legend(out: &mut String, timeline: &Timeline, y: i64) {
    let mut x = WORDS;
    for action in [
        "purge",
        "archive",
        "anonymise",
        "hide",
        "restrict",
        "review",
        "remind",
    ] {
        if timeline
            .rules
            .iter()
            .any(|rule| rule.action == action && rule.rows() > 0)
        {
            let _ = writeln!(
                out,
                "<rect class=\"{action}\" x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" rx=\"2\"/>\n{}",
                y - 11,
                tag_text("soft", x + 18, y, action)
            );
            x += 100;
        }
    }
}

fn span(first: Date, months: i64) -> String {
    let month = |day: Date| format!("{}-{:02}", day.year(), day.month());
    if months == 1 {
        return month(first);
    }
    let last = first.saturating_add((months - 1).months());
    format!("{} to {}", month(first), month(last))
}

fn months_between(from: Date, to: Date) -> i64 {
    let months = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
    months(to) - months(from)
}

fn tag_text(class: &str, x: i64, y: i64, words: &str) -> String {
    let class = match class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    format!("<text{class} x=\"{x}\" y=\"{y}\">{}</text>", escaped(words))
}

fn hundredths(number: i64) -> String {
    let text = format!("{}.{:02}", number / 100, number % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
