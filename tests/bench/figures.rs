//! What was measured, and how it is printed.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What a figure is to reach.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    None,
}

/// One measure, taken once in each round.
struct Figure {
    engine: &'static str,
    name: String,
    unit: &'static str,
    target: Target,
    values: Vec<f64>,
    floors: Vec<f64>,
}

/// All measures, in the order in which they were first taken.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds the value of a round, and what the machine could do at best in the same round.
    pub(crate) fn add(
        &mut self,
        engine: &'static str,
        name: &str,
        unit: &'static str,
        target: Target,
        value: f64,
        floor: Option<f64>,
    ) {
        let known = |figure: &Figure| figure.engine == engine && figure.name == name;
        let at = self.0.iter().position(known).unwrap_or_else(|| {
            self.0.push(Figure {
                engine,
                name: name.to_owned(),
                unit,
                target,
                values: Vec::new(),
                floors: Vec::new(),
            });
            self.0.len() - 1
        });
        self.0[at].values.push(value);
        self.0[at].floors.extend(floor);
    }

    /// Leaves out what was taken of a figure so far, and of those whose names begin with it: the
    /// first time only warms the machine up.
    pub(crate) fn forget(&mut self, engine: &str, name: &str) {
        let is_named = |figure: &Figure| figure.engine == engine && figure.name.starts_with(name);
        self.0.retain(|figure| !is_named(figure));
    }

    /// Medians, one line per figure.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![
            [
                "database", "figure", "", "unit", "floor", "ratio", "target", "",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        lines.extend(self.0.iter().map(Figure::line));
        let width = |column: usize| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: Vec<_> = (0..lines[0].len()).map(width).collect();
        let mut table = String::new();
        for line in &lines {
            let mut row = String::new();
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                // Numbers to the right, words to the left. Writing to a string cannot fail.
                let _ = match column {
                    2 | 4 | 5 | 6 => write!(row, "{cell:>width$}  "),
                    _ => write!(row, "{cell:<width$}  "),
                };
            }
            table.push_str(row.trim_end());
            table.push('\n');
        }
        table
    }

    /// The same for programs, every round included.
    pub(crate) fn json(&self) -> Value {
        let figures = self.0.iter().map(Figure::json);
        Value::Array(figures.collect())
    }
}

impl Figure {
    fn value(&self) -> f64 {
        median(&self.values).unwrap_or_default()
    }

    fn ratio(&self) -> Option<f64> {
        median(&self.floors).map(|floor| self.value() / floor)
    }

    fn is_met(&self) -> Option<bool> {
        match self.target {
            Target::AtLeast(target) => Some(self.value() >= target),
            Target::AtMost(target) => Some(self.value() <= target),
            Target::None => None,
        }
    }

    fn line(&self) -> Vec<String> {
        let optional = |number: Option<f64>| number.map_or_else(String::new, number_text);
        let target = match self.target {
            Target::AtLeast(target) => format!("≥ {}", number_text(target)),
            Target::AtMost(target) => format!("≤ {}", number_text(target)),
            Target::None => String::new(),
        };
        let met = match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}"));
        vec![
            self.engine.to_owned(),
            self.name.clone(),
            number_text(self.value()),
            self.unit.to_owned(),
            optional(median(&self.floors)),
            ratio.unwrap_or_default(),
            target,
            met.to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let target = match self.target {
            Target::AtLeast(target) | Target::AtMost(target) => Some(target),
            Target::None => None,
        };
        json!({
            "database": self.engine,
            "figure": self.name,
            "unit": self.unit,
            "median": self.value(),
            "rounds": self.values,
            "floor": median(&self.floors),
            "ratio": self.ratio(),
            "target": target,
            "met": self.is_met(),
        })
    }
}

fn number_text(number: f64) -> String {
    if number < 100.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_rounds_is_compared_with_floor_and_target() {
        let mut figures = Figures::default();
        for (value, floor) in [(1.0, 10_000.0), (4_000.0, 8_000.0), (5_000.0, 1.0)] {
            let target = Target::AtLeast(3_000.0);
            figures.add("SQLite", "sign-ups", "/s", target, value, Some(floor));
        }
        let table = figures.table();
        let line: Vec<_> = table
            .lines()
            .nth(1)
            .expect("a row")
            .split_whitespace()
            .collect();
        assert_eq!(
            line,
            [
                "SQLite", "sign-ups", "4,000", "/s", "8,000", "0.50", "≥", "3,000", "met"
            ]
        );
        assert_eq!(figures.json()[0]["met"], true);
    }
}
