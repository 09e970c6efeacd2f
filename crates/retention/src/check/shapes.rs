//! Whether columns can take what stages write into them.

use consentry_policy::{Action, Method, Stage, Store};

use super::Check;
use crate::catalogue::{Column, Kind, Table};
use crate::sql::Dialect;
use crate::transform::Shape;

/// What a method has to write into a column, when it can.
pub(crate) fn shape(kind: Kind, method: &Method) -> Option<Shape> {
    use Kind::{Date, Integer, Network, Number, Text, Timestamp};
    match (method, kind) {
        (Method::Bucket(_), Integer | Number) => Some(Shape::Number),
        (Method::Bucket(_), _) => None,
        (Method::MonthAndDay | Method::Year | Method::DateBucket(_), Date | Timestamp) => {
            Some(Shape::Date)
        }
        (Method::Drop, _) | (Method::NetworkPrefix, Network) | (_, Text) => Some(Shape::Text),
        _ => None,
    }
}

impl Check<'_> {
    pub(super) fn stages(&mut self, table: &Table) {
        for (index, stage) in self.dataset.stages.iter().enumerate() {
            self.stage(&format!("stages[{index}]"), stage, table);
        }
        self.reduced_once();
    }

    fn stage(&mut self, key: &str, stage: &Stage, table: &Table) {
        for (index, field) in stage.fields.iter().enumerate() {
            if let Some(column) = table.column(field.as_str())
                && stage.action == Action::Purge
                && stage.within == Store::Live
            {
                self.can_be_empty(&format!("{key}.fields[{index}]"), column);
            }
        }
        for (name, method) in &stage.methods {
            let Some(column) = table.column(name) else {
                continue;
            };
            self.can_be_reduced(&format!("{key}.methods.{name}"), column, method, table);
        }
        let missing = match stage.action {
            Action::Hide if self.source.hidden.is_none() => "hidden",
            Action::Restrict if self.source.restricted.is_none() => "restricted",
            _ => "",
        };
        if !missing.is_empty() {
            self.error(
                &format!("{key}.action"),
                format!("nothing says which column `{}` sets", stage.action),
                format!("add `{missing} = \"…\"` to the source"),
            );
        }
        let flags = [
            (Action::Hide, &self.source.hidden),
            (Action::Restrict, &self.source.restricted),
        ];
        for (action, column) in flags {
            let Some(column) = column.as_ref().and_then(|name| table.column(name.as_str())) else {
                continue;
            };
            if stage.action == action && !self.is_flag(column.kind) {
                self.error(
                    &format!("{key}.action"),
                    format!("`{}` is neither a flag nor a moment", column.name),
                    "name a column that is true, or holds the time, once it is done",
                );
            }
        }
        if stage.on.is_some() && self.source.identity.is_none() {
            self.error(
                &format!("{key}.on"),
                "an event happens to a person, and nothing says whose a row is".to_owned(),
                "name the column that identifies the person, `source.identity`",
            );
        }
    }

    fn is_flag(&self, kind: Kind) -> bool {
        let on_sqlite = self.dialect == Dialect::Sqlite;
        match kind {
            Kind::Flag => true,
            Kind::Timestamp => !on_sqlite,
            Kind::Integer | Kind::Text => on_sqlite,
            _ => false,
        }
    }

    fn can_be_empty(&mut self, key: &str, column: &Column) {
        if !column.nullable {
            let message = format!("`{}` cannot be emptied: it is NOT NULL", column.name);
            self.error(
                key,
                message,
                "allow NULL, or anonymise it with `constant(…)`",
            );
        }
    }

    fn can_be_reduced(&mut self, key: &str, column: &Column, method: &Method, table: &Table) {
        if self
            .source
            .key
            .iter()
            .any(|part| part.as_str() == column.name)
        {
            let message = format!("`{}` is part of the key", column.name);
            return self.error(key, message, "rows are found by it: name another field");
        }
        if shape(column.kind, method).is_none() {
            let message = format!("`{}` cannot hold what `{method}` leaves", column.name);
            return self.error(key, message, "use `drop`, or a method for its type");
        }
        // What a method cannot read is dropped.
        if !matches!(method, Method::Constant(_) | Method::RandomToken) {
            self.can_be_empty(key, column);
        }
        let names_rows = |columns: &[String]| columns == [column.name.as_str()];
        let unique = table
            .indexes
            .iter()
            .any(|index| index.unique && names_rows(&index.columns));
        if unique && !matches!(method, Method::Drop | Method::RandomToken) {
            let message = format!("`{}` is unique, and `{method}` is not", column.name);
            self.error(key, message, "use `drop` or `random-token`");
        }
    }

    /// A field that two methods reduce in turn would change for ever; what is dropped stays so.
    fn reduced_once(&mut self) {
        let mut reduced: Vec<(&str, &Stage)> = Vec::new();
        let dataset = self.dataset;
        for (index, stage) in dataset.stages.iter().enumerate() {
            for (name, method) in &stage.methods {
                if *method == Method::Drop {
                    continue;
                }
                let overlaps = |other: &Stage| {
                    stage.state.is_none() || other.state.is_none() || stage.state == other.state
                };
                let before = reduced
                    .iter()
                    .find(|(other, stage)| other == name && overlaps(stage));
                if let Some((_, other)) = before {
                    let message = format!("`{name}` is reduced by `{}` already", other.id);
                    self.error(
                        &format!("stages[{index}].methods.{name}"),
                        message,
                        "reduce it once; after that it can only be dropped",
                    );
                }
                reduced.push((name, stage));
            }
        }
    }
}
