//! What a query leaves out: rows that are certainly not due.

use consentry_policy::{Action, Clock, SqlName, TimeFormat};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::Queries;
use super::keys::any_of;
use crate::catalogue::Kind;
use crate::moment;
use crate::pending;
use crate::rules::{StageRule, Trigger};
use crate::sql::{Dialect, Sql, Value};

/// Databases know no year zero.
const FIRST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

fn days_after(day: Date, days: i64) -> String {
    day.checked_add(days.days())
        .unwrap_or(Date::MAX)
        .to_string()
}

impl Queries<'_> {
    pub(super) fn filter(&self, sql: &mut Sql, stage: &StageRule<'_>, subjects: Option<&[String]>) {
        let source = self.layout.source;
        let dataset = self.rules.dataset;
        sql.push(" WHERE ");
        pending::conditions(sql, self.layout, &source.table, "t", &source.rows);
        if let Some(state) = stage.state {
            sql.push(" AND ");
            let when = &dataset.states[state].when;
            pending::conditions(sql, self.layout, &source.table, "t", when);
        }
        if let Trigger::Clock(clock) = stage.trigger {
            let clock = &dataset.clocks[clock];
            let cutoff = self.began_by(clock, stage.cutoff(self.now, self.rules.calendar));
            if clock.event.is_none() {
                sql.push(" AND ");
                self.not_later(sql, clock, cutoff);
            }
        }
        if let (Some(subjects), Some(identity)) = (subjects, &source.identity) {
            sql.push(" AND ").column("t", identity.as_str());
            let cast = self.layout.cast(&source.table, identity.as_str());
            any_of(sql, subjects, cast);
        }
        if !stage.ends_row() && !stage.marks.is_empty() {
            self.any_open(sql.push(" AND "), &stage.marks);
        }
        if stage.ends_row() && stage.stage.action == Action::Purge {
            self.not_kept(sql, stage);
        }
    }

    /// No row of another dataset refers to it: its own rules come first.
    pub(super) fn unguarded(&self, sql: &mut Sql) {
        for link in &self.layout.guards {
            sql.push(" AND NOT EXISTS (SELECT 1 FROM ")
                .table(&link.child_name);
            sql.push(" AS g WHERE 1 = 1");
            for (theirs, ours) in &link.columns {
                sql.push(" AND ")
                    .column("g", theirs)
                    .push(" = ")
                    .column("t", ours);
            }
            sql.push(")");
        }
    }

    /// A bound for the events that a stage counts from.
    pub(crate) fn events_until(&self, stage: &StageRule<'_>) -> Timestamp {
        match stage.trigger {
            Trigger::Clock(clock) => {
                let cutoff = stage.cutoff(self.now, self.rules.calendar);
                self.began_by(&self.rules.dataset.clocks[clock], cutoff)
            }
            Trigger::Event => self.now,
        }
    }

    /// A bound for what stands in the columns of a clock, by one for its moment.
    fn began_by(&self, clock: &Clock, cutoff: Timestamp) -> Timestamp {
        let calendar = self.rules.calendar;
        clock
            .end_of
            .map_or(cutoff, |span| moment::start_of(span, cutoff, calendar))
    }

    fn any_open(&self, sql: &mut Sql, marks: &[usize]) {
        sql.push("(1 = 0");
        for &mark in marks {
            sql.push(" OR ");
            pending::mark(sql, self.layout, &self.rules.marks[mark]);
        }
        sql.push(")");
    }

    /// Leaves out rows that a minimum keeps for certain, unless some of their fields may go.
    fn not_kept(&self, sql: &mut Sql, stage: &StageRule<'_>) {
        let dataset = self.rules.dataset;
        for rule in &self.rules.minima {
            let clock = &dataset.clocks[rule.clock];
            if clock.event.is_some() {
                continue;
            }
            let cutoff = rule.minimum.period.cutoff(self.now, self.rules.calendar);
            let cutoff = self.began_by(clock, cutoff);
            sql.push(" AND ((");
            self.later(sql, clock, cutoff);
            if let Some(state) = rule.state {
                sql.push(" AND ");
                let table = &self.layout.source.table;
                pending::conditions(sql, self.layout, table, "t", &dataset.states[state].when);
                // The first state counts, and a query for it alone knows no others.
                sql.push(" AND ");
                self.in_state(sql, state);
            }
            sql.push(") IS NOT TRUE");
            if !rule.minimum.fields.is_empty() {
                self.any_open(sql.push(" OR "), &stage.marks);
            }
            sql.push(")");
        }
    }

    fn in_state(&self, sql: &mut Sql, state: usize) {
        sql.push("(1 = 1");
        for earlier in &self.rules.dataset.states[..state] {
            sql.push(" AND (");
            let table = &self.layout.source.table;
            pending::conditions(sql, self.layout, table, "t", &earlier.when);
            sql.push(") IS NOT TRUE");
        }
        sql.push(")");
    }

    /// The clock has a moment, and none later than the bound.
    fn not_later(&self, sql: &mut Sql, clock: &Clock, bound: Timestamp) {
        let table = &self.layout.source.table;
        if let ([column], []) = (&*clock.columns, &*clock.joins) {
            // What an index can serve.
            self.compare(sql, "t", table, column, clock, (true, bound));
            return;
        }
        sql.push("((1 = 0");
        for column in &clock.columns {
            sql.push(" OR ")
                .column("t", column.as_str())
                .push(" IS NOT NULL");
        }
        for join in &clock.joins {
            sql.push(" OR EXISTS (SELECT 1");
            self.joined(sql, join);
            sql.push(" AND ")
                .column("j", join.column.as_str())
                .push(" IS NOT NULL)");
        }
        sql.push(")");
        for column in &clock.columns {
            sql.push(" AND (");
            self.compare(sql, "t", table, column, clock, (true, bound));
            sql.push(" OR ")
                .column("t", column.as_str())
                .push(" IS NULL)");
        }
        for join in &clock.joins {
            sql.push(" AND NOT EXISTS (SELECT 1");
            self.joined(sql, join);
            sql.push(" AND ");
            self.compare(sql, "j", &join.table, &join.column, clock, (false, bound));
            sql.push(")");
        }
        sql.push(")");
    }

    /// Some moment of the clock is later than the bound.
    fn later(&self, sql: &mut Sql, clock: &Clock, bound: Timestamp) {
        sql.push("(1 = 0");
        for column in &clock.columns {
            sql.push(" OR ");
            let table = &self.layout.source.table;
            self.compare(sql, "t", table, column, clock, (false, bound));
        }
        for join in &clock.joins {
            sql.push(" OR EXISTS (SELECT 1");
            self.joined(sql, join);
            sql.push(" AND ");
            self.compare(sql, "j", &join.table, &join.column, clock, (false, bound));
            sql.push(")");
        }
        sql.push(")");
    }

    /// A column against a moment, in the form in which the column stores time. Texts are compared
    /// by their day, with room for every offset.
    fn compare(
        &self,
        sql: &mut Sql,
        alias: &str,
        table: &SqlName,
        column: &SqlName,
        clock: &Clock,
        (until, bound): (bool, Timestamp),
    ) {
        let kind = self.layout.kind(table, column.as_str());
        let format = clock.time_format.unwrap_or(self.layout.source.time_format);
        let calendar = self.rules.calendar;
        let bound = bound.clamp(FIRST, Timestamp::MAX);
        let local = calendar.zone().to_datetime(bound).date();
        let (value, is_open) = match (format, kind) {
            (TimeFormat::Seconds, _) => (Value::Integer(bound.as_second()), false),
            (TimeFormat::Milliseconds, _) => (Value::Integer(bound.as_millisecond()), false),
            (TimeFormat::Microseconds, _) => (Value::Integer(bound.as_microsecond()), false),
            (TimeFormat::Date, Kind::Date) => (Value::Text(local.to_string()), false),
            (TimeFormat::Date, _) => (Value::Text(days_after(local, 1)), true),
            (_, Kind::Text) => {
                let day = TimeZone::UTC.to_datetime(bound).date();
                (Value::Text(days_after(day, 2)), true)
            }
            _ => (Value::Text(bound.to_string()), false),
        };
        sql.column(alias, column.as_str());
        if kind == Kind::Text && sql.dialect == Dialect::Postgres {
            sql.push(" COLLATE \"C\"");
        }
        sql.push(match (until, is_open) {
            (true, true) => " < ",
            (true, false) => " <= ",
            (false, true) => " >= ",
            (false, false) => " > ",
        });
        sql.bind(value, self.layout.cast(table, column.as_str()));
    }
}
