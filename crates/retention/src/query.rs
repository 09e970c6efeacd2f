//! The query for rows that may be due to a stage. SQL bounds them, [`decide`](crate::decide)
//! decides about each.

use consentry_policy::{Clock, Join, SqlName, TimeFormat};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::catalogue::Kind;
use crate::check::Layout;
use crate::moment;
use crate::pending;
use crate::rules::{Mark, Rules, StageRule, Trigger};
use crate::sql::{Dialect, Sql, Value};

/// Where a page begins: after the row that ended the one before.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    /// The clock's column, when pages go by it.
    pub(crate) order: Option<Value>,
    pub(crate) key: Vec<Value>,
}

/// Which rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) after: Option<&'a Cursor>,
    /// Only those of these people, for what happens on an event.
    pub(crate) subjects: Option<&'a [String]>,
    pub(crate) limit: u64,
    /// Whether nobody may change them until the transaction ends.
    pub(crate) lock: bool,
}

/// Writes the queries of one dataset at one moment.
pub(crate) struct Queries<'a> {
    pub(crate) layout: &'a Layout<'a>,
    pub(crate) rules: &'a Rules<'a>,
    pub(crate) now: Timestamp,
}

impl Queries<'_> {
    /// The column that rows of a stage are taken by, oldest first: of a clock with no other.
    pub(crate) fn order(&self, stage: &StageRule<'_>) -> Option<&SqlName> {
        let Trigger::Clock(clock) = stage.trigger else {
            return None;
        };
        match &*self.rules.dataset.clocks[clock].columns {
            [column] if self.rules.dataset.clocks[clock].joins.is_empty() => Some(column),
            _ => None,
        }
    }

    /// Facts of rows that may be due to a stage, oldest first where an index can serve it.
    ///
    /// Columns: the key, the column of the order, then those of [`Self::facts`].
    pub(crate) fn candidates(&self, stage: &StageRule<'_>, page: Page<'_>) -> Sql {
        let order = self.order(stage);
        let mut sql = self.facts(order);
        self.filter(&mut sql, stage, page.subjects);
        if page.lock && stage.ends_row() {
            self.unguarded(&mut sql);
        }
        if let Some(after) = page.after {
            self.after(&mut sql, order, after);
        }
        sql.push(" ORDER BY ");
        if let Some(order) = order {
            self.ordered(&mut sql, order).push(", ");
        }
        for (index, key) in self.layout.source.key.iter().enumerate() {
            sql.push(if index > 0 { ", " } else { "" })
                .column("t", key.as_str());
        }
        sql.push(" LIMIT ").number(page.limit);
        if page.lock && sql.dialect == Dialect::Postgres {
            // Somebody else's work is left to them: another runner, or the application.
            sql.push(" FOR UPDATE OF t SKIP LOCKED");
        }
        sql
    }

    /// How many rows may be due to a stage that counts from columns.
    pub(crate) fn at_most(&self, stage: &StageRule<'_>) -> Sql {
        let mut sql = Sql::new(self.layout.dialect, "SELECT ");
        sql.push(match sql.dialect {
            Dialect::Postgres => "count(*)::text FROM ",
            Dialect::Sqlite => "count(*) FROM ",
        });
        sql.table(&self.layout.source.table).push(" AS t");
        self.filter(&mut sql, stage, None);
        sql
    }

    /// How many rows the dataset has, counted no further than `limit`.
    pub(crate) fn size(&self, limit: u64) -> Sql {
        let mut sql = Sql::new(self.layout.dialect, "SELECT ");
        sql.push(match sql.dialect {
            Dialect::Postgres => "count(*)::text",
            Dialect::Sqlite => "count(*)",
        });
        let source = self.layout.source;
        sql.push(" FROM (SELECT 1 FROM ")
            .table(&source.table)
            .push(" AS t WHERE ");
        pending::conditions(&mut sql, self.layout, &source.table, "t", &source.rows);
        sql.push(" LIMIT ").number(limit).push(") AS sample");
        sql
    }

    /// Facts of these rows.
    pub(crate) fn facts_of(&self, order: Option<&SqlName>, keys: &[&[Value]]) -> Sql {
        let mut sql = self.facts(order);
        among(sql.push(" WHERE "), self.layout, keys);
        sql
    }

    /// `SELECT` of facts: key, order, identity, state, moments of every clock, values of marks.
    pub(crate) fn facts(&self, order: Option<&SqlName>) -> Sql {
        let source = self.layout.source;
        let mut sql = Sql::new(self.layout.dialect, "SELECT ");
        for key in &source.key {
            read(&mut sql, "t", key.as_str()).push(", ");
        }
        match order {
            Some(order) => read(&mut sql, "t", order.as_str()),
            None => sql.push("NULL"),
        };
        sql.push(", ");
        match &source.identity {
            Some(identity) => read(&mut sql, "t", identity.as_str()),
            None => sql.push("NULL"),
        };
        self.state(&mut sql);
        for clock in &self.rules.dataset.clocks {
            for column in &clock.columns {
                read(sql.push(", "), "t", column.as_str());
            }
            for join in &clock.joins {
                self.latest(sql.push(", "), join);
            }
        }
        for mark in &self.rules.marks {
            sql.push(", ");
            match mark {
                Mark::Unreduced(column, _) => self.value(&mut sql, column),
                _ => {
                    sql.push("CASE WHEN ");
                    pending::mark(&mut sql, self.layout, mark);
                    sql.push(" THEN '1' END");
                }
            }
        }
        sql.push(" FROM ").table(&source.table).push(" AS t");
        sql
    }

    /// The first state that a row meets, by its index.
    fn state(&self, sql: &mut Sql) {
        let states = &self.rules.dataset.states;
        if states.is_empty() {
            sql.push(", NULL");
            return;
        }
        sql.push(", CASE");
        for (index, state) in states.iter().enumerate() {
            sql.push(" WHEN ");
            let table = &self.layout.source.table;
            pending::conditions(sql, self.layout, table, "t", &state.when);
            sql.push(&format!(" THEN '{index}'"));
        }
        sql.push(" END");
    }

    /// The value of a field; a day without its midnight.
    fn value(&self, sql: &mut Sql, column: &SqlName) {
        let kind = self.layout.kind(&self.layout.source.table, column.as_str());
        if kind == Kind::Timestamp {
            sql.push("CASE WHEN ")
                .column("t", column.as_str())
                .push(" = date_trunc('day', ");
            sql.column("t", column.as_str())
                .push(") THEN ")
                .column("t", column.as_str());
            sql.push("::date::text ELSE ")
                .column("t", column.as_str())
                .push("::text END");
        } else {
            read(sql, "t", column.as_str());
        }
    }

    fn latest(&self, sql: &mut Sql, join: &Join) {
        sql.push("(SELECT ");
        let is_text = self.layout.kind(&join.table, join.column.as_str()) == Kind::Text;
        sql.push("max(").column("j", join.column.as_str());
        match sql.dialect {
            Dialect::Postgres if is_text => sql.push(" COLLATE \"C\")"),
            Dialect::Postgres => sql.push(")::text"),
            Dialect::Sqlite => sql.push(")"),
        };
        self.joined(sql, join);
        sql.push(")");
    }

    /// ` FROM j WHERE …`, open for more.
    fn joined(&self, sql: &mut Sql, join: &Join) {
        sql.push(" FROM ").table(&join.table).push(" AS j WHERE ");
        pending::conditions(sql, self.layout, &join.table, "j", &join.rows);
        for (theirs, ours) in &join.on {
            sql.push(" AND ")
                .column("j", theirs)
                .push(" = ")
                .column("t", ours.as_str());
        }
    }

    fn filter(&self, sql: &mut Sql, stage: &StageRule<'_>, subjects: Option<&[String]>) {
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
            let cutoff = self.cutoff(clock, stage.after());
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
        if stage.ends_row() && stage.stage.action == consentry_policy::Action::Purge {
            self.not_kept(sql, stage);
        }
    }

    /// No row of another dataset refers to it: its own rules come first.
    fn unguarded(&self, sql: &mut Sql) {
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

    /// A bound for the moments of a clock that a period counts from.
    fn cutoff(&self, clock: &Clock, after: Option<consentry_policy::Period>) -> Timestamp {
        let calendar = self.rules.calendar;
        let cutoff = after.map_or(self.now, |period| period.cutoff(self.now, calendar));
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
            let cutoff = self.cutoff(clock, Some(rule.minimum.period));
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

    fn ordered<'s>(&self, sql: &'s mut Sql, order: &SqlName) -> &'s mut Sql {
        sql.column("t", order.as_str());
        let kind = self.layout.kind(&self.layout.source.table, order.as_str());
        if kind == Kind::Text && sql.dialect == Dialect::Postgres {
            sql.push(" COLLATE \"C\"");
        }
        sql
    }

    fn after(&self, sql: &mut Sql, order: Option<&SqlName>, after: &Cursor) {
        let source = self.layout.source;
        sql.push(" AND ");
        if let (Some(order), Some(value)) = (order, &after.order) {
            let cast = self.layout.cast(&source.table, order.as_str());
            self.ordered(sql, order)
                .push(" >= ")
                .bind(value.clone(), cast);
            sql.push(" AND (");
            self.ordered(sql, order)
                .push(" > ")
                .bind(value.clone(), cast);
            sql.push(" OR ");
        } else {
            sql.push("(");
        }
        sql.push("(");
        for (index, key) in source.key.iter().enumerate() {
            sql.push(if index > 0 { ", " } else { "" })
                .column("t", key.as_str());
        }
        sql.push(") > (");
        for (index, (key, value)) in source.key.iter().zip(&after.key).enumerate() {
            let cast = self.layout.cast(&source.table, key.as_str());
            sql.push(if index > 0 { ", " } else { "" })
                .bind(value.clone(), cast);
        }
        sql.push("))");
    }
}

/// Databases know no year zero.
const FIRST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

fn days_after(day: Date, days: i64) -> String {
    day.checked_add(days.days())
        .unwrap_or(Date::MAX)
        .to_string()
}

/// `t` is one of the rows with these keys.
pub(crate) fn among(sql: &mut Sql, layout: &Layout<'_>, keys: &[&[Value]]) {
    let source = layout.source;
    let columns: Vec<(&str, &str, &SqlName)> = source
        .key
        .iter()
        .map(|key| ("t", key.as_str(), &source.table))
        .collect();
    keyed(sql, layout, &columns, keys);
}

/// The columns, each with its alias and table, hold one of the keys.
pub(crate) fn keyed(
    sql: &mut Sql,
    layout: &Layout<'_>,
    columns: &[(&str, &str, &SqlName)],
    keys: &[&[Value]],
) {
    let is_single = columns.len() == 1;
    sql.push(if is_single { "" } else { "(" });
    for (index, (alias, column, _)) in columns.iter().enumerate() {
        sql.push(if index > 0 { ", " } else { "" })
            .column(alias, column);
    }
    sql.push(if is_single { "" } else { ")" });
    if sql.dialect == Dialect::Sqlite {
        sql.push(if is_single { " IN (" } else { " IN (VALUES " });
        for (place, key) in keys.iter().enumerate() {
            sql.push(if place > 0 { ", " } else { "" });
            sql.push(if is_single { "" } else { "(" });
            for (index, value) in key.iter().enumerate() {
                sql.push(if index > 0 { ", " } else { "" })
                    .bind(value.clone(), "");
            }
            sql.push(if is_single { "" } else { ")" });
        }
        sql.push(")");
        return;
    }
    sql.push(if is_single {
        " = ANY ("
    } else {
        " IN (SELECT * FROM unnest("
    });
    for (index, (_, column, table)) in columns.iter().enumerate() {
        let texts = keys.iter().map(|key| key[index].clone().into_text());
        sql.push(if index > 0 { ", " } else { "" });
        sql.bind_all(texts.collect(), layout.cast(table, column));
    }
    sql.push(if is_single { ")" } else { "))" });
}

/// A column as it is read: as text on PostgreSQL.
fn read<'s>(sql: &'s mut Sql, alias: &str, column: &str) -> &'s mut Sql {
    sql.column(alias, column);
    match sql.dialect {
        Dialect::Postgres => sql.push("::text"),
        Dialect::Sqlite => sql,
    }
}

fn any_of(sql: &mut Sql, values: &[String], cast: &str) {
    match sql.dialect {
        Dialect::Postgres => {
            let texts = values.iter().cloned().map(Some).collect();
            sql.push(" = ANY (").bind_all(texts, cast).push(")");
        }
        Dialect::Sqlite => {
            sql.push(" IN (");
            for (index, value) in values.iter().enumerate() {
                sql.push(if index > 0 { ", " } else { "" });
                sql.bind(Value::Text(value.clone()), cast);
            }
            sql.push(")");
        }
    }
}
