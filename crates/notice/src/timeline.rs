//! How long each thing lives, as a picture: one bar for each rule.

use consentry_policy::{Period, PeriodUnit};

/// Bars in groups, in the order of the policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    pub(crate) words: Words,
    pub(crate) lines: Vec<Line>,
    /// In pixels.
    pub(crate) height: u32,
}

/// What is said of the picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words {
    pub(crate) heading: String,
    pub(crate) introduction: String,
    /// The picture's name and its equivalent in words, for those who do not see it.
    pub(crate) title: String,
    pub(crate) description: String,
}

/// One rule.
pub(crate) struct Bar {
    /// The dataset: bars of one stand together.
    pub(crate) group: String,
    pub(crate) label: String,
    pub(crate) period: Period,
    /// The period in words.
    pub(crate) words: String,
    /// Whether something is still there afterwards.
    pub(crate) keeps: bool,
}

/// What is drawn, from top to bottom; `y` in pixels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    Group {
        y: u32,
        words: String,
    },
    Label {
        y: u32,
        words: String,
    },
    Bar {
        y: u32,
        /// Where the words stand: on the middle of the bar.
        words_y: u32,
        /// In percent of the picture's width.
        width: u32,
        words: String,
        keeps: bool,
    },
}

/// The longest bar, in percent: its period stands behind it.
const LONGEST: usize = 74;
/// How many characters of a label fit a telephone.
const COLUMNS: usize = 44;
const LINE: u32 = 20;
const BAR: u32 = 14;
const GAP: u32 = 12;

impl Timeline {
    /// The scale is stepped: each longer period of the policy is one step longer, so that minutes
    /// and decades are both seen, and the picture knows no period but the policy's.
    pub(crate) fn new(words: Words, bars: Vec<Bar>) -> Self {
        let mut steps: Vec<u64> = bars.iter().map(|bar| minutes(bar.period)).collect();
        steps.sort_unstable();
        steps.dedup();
        let mut lines = Vec::new();
        let mut y = 0;
        let mut group = None;
        for bar in bars {
            if group.as_ref() != Some(&bar.group) {
                y += LINE;
                for words in wrapped(&bar.group) {
                    lines.push(Line::Group { y, words });
                    y += LINE;
                }
                group = Some(bar.group);
            }
            for words in wrapped(&bar.label) {
                lines.push(Line::Label { y, words });
                y += LINE;
            }
            let step = steps.partition_point(|&step| step < minutes(bar.period)) + 1;
            let top = y - BAR + 2;
            let percent = LONGEST * step / steps.len().max(1);
            lines.push(Line::Bar {
                y: top,
                words_y: top + BAR - 3,
                width: u32::try_from(percent.max(1)).unwrap_or(1),
                words: bar.words,
                keeps: bar.keeps,
            });
            y += BAR + GAP;
        }
        Self {
            words,
            lines,
            height: y,
        }
    }
}

/// Close enough to put periods in order; months and years as they are on average.
fn minutes(period: Period) -> u64 {
    let unit: u64 = match period.unit() {
        PeriodUnit::Minutes => 1,
        PeriodUnit::Hours => 60,
        PeriodUnit::Days => 1_440,
        // Five of seven days.
        PeriodUnit::WorkingDays => 2_016,
        PeriodUnit::Weeks => 10_080,
        PeriodUnit::Months => 43_830,
        PeriodUnit::Years => 525_960,
    };
    unit * u64::from(period.amount())
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Bar, Line, Timeline, Words};

    fn widths(periods: &[&str]) -> Vec<u32> {
        let bars = periods.iter().map(|period| Bar {
            group: "group".to_owned(),
            label: "label".to_owned(),
            period: period.parse().expect("a period"),
            words: (*period).to_owned(),
            keeps: false,
        });
        let timeline = Timeline::new(Words::default(), bars.collect());
        let widths = timeline.lines.iter().filter_map(|line| match line {
            Line::Bar { width, .. } => Some(*width),
            _ => None,
        });
        widths.collect()
    }

    #[test]
    fn a_longer_period_is_a_longer_bar_and_an_equal_one_the_same() {
        let periods = ["30 minutes", "30 days", "10 working days", "12 months"];
        let [minutes, days, working_days, months] = widths(&periods)[..] else {
            panic!("one bar for each rule");
        };
        assert!(minutes < working_days && working_days < days && days < months);
        let [year, months, longer] = widths(&["1 year", "12 months", "13 months"])[..] else {
            panic!("one bar for each rule");
        };
        assert!(year == months && months < longer);
    }
}
