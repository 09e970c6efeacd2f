//! The query for rows that may be due to a stage. SQL bounds them, [`decide`](crate::decide)
//! decides about each.

mod bound;
mod keys;

use consentry_policy::{Join, SqlName};
use jiff::Timestamp;

use crate::catalogue::Kind;
use crate::check::Layout;
use crate::pending;
use crate::rules::{Mark, Rules, StageRule, Trigger};
use crate::sql::{Dialect, Sql, Value};

pub(crate) use self::keys::{among, keyed};

/// The row that ended a page.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    /// The clock's column, when pages go by it.
    pub(crate) order: Option<Value>,
    pub(crate) key: Vec<Value>,
}

/// A stretch of what comes after a page. In one condition no engine would seek past the rows of a
/// moment that were seen, and a million of one day would be read once for each page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum After<'a> {
    /// By key, of those at the cursor's moment where there is an order.
    Key(&'a Cursor),
    /// Those at a later moment.
    Moment(&'a Cursor),
}

impl<'a> After<'a> {
    /// The stretches after a cursor, in order.
    pub(crate) fn stretches(cursor: &'a Cursor) -> impl Iterator<Item = Self> {
        let later = cursor.order.is_some().then_some(Self::Moment(cursor));
        [Self::Key(cursor)].into_iter().chain(later)
    }
}

/// Which rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) after: Option<After<'a>>,
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
    /// Whether something depends on whose a row is: else it is not read.
    pub(crate) whose: bool,
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

    /// Where that column stands among the [facts](Self::facts): it is read with its clock.
    pub(crate) fn place_of_order(&self, stage: &StageRule<'_>) -> Option<usize> {
        self.order(stage)?;
        let Trigger::Clock(clock) = stage.trigger else {
            return None;
        };
        let (before, _) = self.rules.dataset.clocks.split_at(clock);
        let moments = before
            .iter()
            .map(|clock| clock.columns.len() + clock.joins.len());
        let whose = usize::from(self.identity().is_some());
        let states = usize::from(!self.rules.dataset.states.is_empty());
        Some(self.layout.source.key.len() + whose + states + moments.sum::<usize>())
    }

    /// Facts of rows that may be due to a stage, oldest first where an index can serve it.
    pub(crate) fn candidates(&self, stage: &StageRule<'_>, page: Page<'_>) -> Sql {
        let order = self.order(stage);
        let mut sql = self.facts();
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
        self.by_key(&mut sql);
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
    pub(crate) fn facts_of(&self, keys: &[&[Value]]) -> Sql {
        let mut sql = self.facts();
        among(sql.push(" WHERE "), self.layout, keys);
        sql
    }

    /// Facts of the rows of a person, whatever the capitals, by key. Nothing where the dataset does
    /// not say whose its rows are.
    pub(crate) fn facts_about(
        &self,
        subject: &str,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Option<Sql> {
        let source = self.layout.source;
        let identity = source.identity.as_ref()?;
        let mut sql = self.facts();
        sql.push(" WHERE ");
        pending::conditions(&mut sql, self.layout, &source.table, "t", &source.rows);
        sql.push(" AND lower(trim(");
        read(&mut sql, "t", identity.as_str()).push(")) = lower(");
        sql.bind(Value::Text(subject.trim().to_owned()), "text")
            .push(")");
        if let Some(after) = after {
            self.after(&mut sql, None, After::Key(after));
        }
        sql.push(" ORDER BY ");
        self.by_key(&mut sql);
        sql.push(" LIMIT ").number(limit);
        Some(sql)
    }

    fn by_key(&self, sql: &mut Sql) {
        sql.columns("t", self.layout.source.key.iter().map(SqlName::as_str));
    }

    /// The column that says whose a row is, where that is asked.
    pub(crate) fn identity(&self) -> Option<&SqlName> {
        let identity = self.layout.source.identity.as_ref();
        identity.filter(|_| self.whose)
    }

    /// `SELECT` of facts: key, identity, state, moments of every clock, values of marks.
    /// Identity and state only where there are any: each column is a copy on its way here.
    pub(crate) fn facts(&self) -> Sql {
        let source = self.layout.source;
        let mut sql = Sql::new(self.layout.dialect, "SELECT ");
        for (index, key) in source.key.iter().enumerate() {
            read(
                sql.push(if index > 0 { ", " } else { "" }),
                "t",
                key.as_str(),
            );
        }
        if let Some(identity) = self.identity() {
            read(sql.push(", "), "t", identity.as_str());
        }
        if !self.rules.dataset.states.is_empty() {
            self.state(sql.push(", "));
        }
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
            if let Mark::Unreduced(column, _) = mark {
                self.value(&mut sql, column);
            } else {
                sql.push("CASE WHEN ");
                pending::mark(&mut sql, self.layout, mark);
                sql.push(" THEN '1' END");
            }
        }
        sql.push(" FROM ").table(&source.table).push(" AS t");
        sql
    }

    /// The first state that a row meets, by its index.
    fn state(&self, sql: &mut Sql) {
        let states = &self.rules.dataset.states;
        sql.push("CASE");
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

    fn ordered<'s>(&self, sql: &'s mut Sql, order: &SqlName) -> &'s mut Sql {
        sql.column("t", order.as_str());
        let kind = self.layout.kind(&self.layout.source.table, order.as_str());
        if kind == Kind::Text && sql.dialect == Dialect::Postgres {
            sql.push(" COLLATE \"C\"");
        }
        sql
    }

    fn after(&self, sql: &mut Sql, order: Option<&SqlName>, after: After<'_>) {
        let source = self.layout.source;
        let (After::Key(cursor) | After::Moment(cursor)) = after;
        if let (Some(order), Some(value)) = (order, &cursor.order) {
            let cast = self.layout.cast(&source.table, order.as_str());
            let compares = match after {
                After::Key(_) => " = ",
                After::Moment(_) => " > ",
            };
            self.ordered(sql.push(" AND "), order)
                .push(compares)
                .bind(value.clone(), cast);
        }
        if let After::Key(cursor) = after {
            self.by_key(sql.push(" AND ("));
            sql.push(") > (");
            for (index, (key, value)) in source.key.iter().zip(&cursor.key).enumerate() {
                let cast = self.layout.cast(&source.table, key.as_str());
                sql.push(if index > 0 { ", " } else { "" })
                    .bind(value.clone(), cast);
            }
            sql.push(")");
        }
    }
}

/// A column as it is read: as text on PostgreSQL.
fn read<'s>(sql: &'s mut Sql, alias: &str, column: &str) -> &'s mut Sql {
    sql.column(alias, column);
    match sql.dialect {
        Dialect::Postgres => sql.push("::text"),
        Dialect::Sqlite => sql,
    }
}
