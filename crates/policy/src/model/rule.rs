//! Rules: clocks, states, stages, minima, holds.

use super::dataset::TimeFormat;
use crate::read::{
    CONDITION, DATE, FLAG, METHOD, PERIOD, PROMISE, SQL_NAME, choice, choices, named, tables,
};
use crate::{Condition, Localized, Method, Period, PromiseId, PurposeId, Slug, SqlName};

choices! {
    /// What a stage does to data.
    pub enum Action {
        /// No read path shows them any more.
        Hide = "hide",
        /// They stay and nothing else is done with them (GDPR art. 18).
        Restrict = "restrict",
        /// They move to the separate, sealed store (S2-22, S2-23).
        Archive = "archive",
        /// What would tell who it is is reduced or dropped (S2-17).
        Anonymise = "anonymise",
        /// They are deleted, and the bytes cleaned (S0-64).
        Purge = "purge",
        /// Somebody decides: listed until it is done.
        Review = "review",
    }

    /// Where the data lie that a stage acts on.
    pub enum Store {
        /// In the live database.
        Live = "live",
        /// In the archive.
        Archive = "archive",
    }

    /// The end of the span of the calendar that a clock is moved to.
    pub enum EndOf {
        /// The end of the day.
        Day = "day",
        /// The end of the month.
        Month = "month",
        /// The end of the quarter.
        Quarter = "quarter",
        /// The end of the calendar year.
        Year = "year",
        /// The end of the financial year (S3-49).
        FinancialYear = "financial-year",
    }

    /// Why data must stay (S4-47 to S4-49).
    pub enum MinimumReason {
        /// A law says so.
        Law = "law",
        /// They prove a right or a contract.
        Proof = "proof",
        /// For legal claims, until they lapse.
        Claims = "claims",
    }
}

tables! {
    /// A state of rows: those that meet the condition.
    pub struct State {
        /// Named by stages and minima.
        pub id: Slug => required(&named("\"open\"")),
        /// The name on pages.
        pub name: Localized => localized,
        /// What columns hold, such as `{ status = "open" }`; all of it has to be so.
        pub when: Vec<(String, Condition)> => map(&CONDITION),
    }

    /// The moment that periods count from: the latest of its columns and joins, or a named event.
    /// A clock without a moment never fires.
    pub struct Clock {
        /// Named by stages and minima.
        pub id: Slug => required(&named("\"last-order\"")),
        /// What it is called on pages, as in "from the last order".
        pub name: Localized => localized,
        /// Columns of the table.
        pub columns: Vec<SqlName> => optional_list(&SQL_NAME),
        /// Columns of other tables.
        pub joins: Vec<Join> => optional_sections,
        /// A named event, reported by `consentry-admin event` or the API.
        pub event: Option<Slug> => optional(&named("\"contract-ended\"")),
        /// What counts, in words (S1-48).
        pub counts: Vec<Localized> => localized_list,
        /// Moves the moment to the end of a span of the calendar (S3-49).
        pub end_of: Option<EndOf> => optional(&choice("\"financial-year\"")),
        /// How the columns store time, where it differs from the source.
        pub time_format: Option<TimeFormat> => optional(&choice("\"date\"")),
    }

    /// A column of another table: the latest of the rows that belong to a row.
    pub struct Join {
        /// The other table.
        pub table: SqlName => required(&SQL_NAME),
        /// Which rows belong together: a column of the other table, and the column of the dataset's
        /// table that it names.
        pub on: Vec<(String, SqlName)> => map(&SQL_NAME),
        /// The column that holds the moment.
        pub column: SqlName => required(&SQL_NAME),
        /// Which of its rows count; all of them when left out.
        pub rows: Vec<(String, Condition)> => map(&CONDITION),
    }

    /// One step in the life of data: by a clock and a period, or on an event.
    pub struct Stage {
        /// Names the rule in plans, reports and metrics.
        pub id: Slug => required(&named("\"purge-inactive\"")),
        /// What happens.
        pub action: Action => required(&choice("\"purge\"")),
        /// It happens to rows in this state; to all when left out.
        pub state: Option<Slug> => optional(&named("\"open\"")),
        /// The clock that its period counts from; left out for an event.
        pub clock: Option<Slug> => optional(&named("\"last-order\"")),
        /// How long after the clock's moment; at once when left out.
        pub after: Option<Period> => optional(&PERIOD),
        /// The named event that it happens on, in place of a clock.
        pub on: Option<Slug> => optional(&named("\"unsubscribed\"")),
        /// Where the data lie that it acts on: `archive`, to purge what was archived before.
        pub within: Store => default(&choice("\"live\""), "\"live\""),
        /// The fields it acts on; the whole row when left out. Not for `anonymise`.
        pub fields: Vec<SqlName> => optional_list(&SQL_NAME),
        /// How each field is reduced, for `anonymise`, such as `{ name = "initials" }`.
        pub methods: Vec<(String, Method)> => map(&METHOD),
        /// The purpose whose end it is, where a row serves several (S1-41): a purge takes the fields
        /// that serve this purpose alone. For `archive`, what is archived is kept for it (S2-25).
        pub purpose: Option<PurposeId> => optional(&named("\"product-news\"")),
        /// Why so long, or what becomes of the data, for the notice.
        pub reason: Option<Localized> => optional_localized,
        /// The date by which somebody looks at it again, for a rule that catches all (S3-55).
        pub review: Option<jiff::civil::Date> => optional(&DATE),
        /// The share of the dataset, in percent, that the rule may take at once before an operator
        /// has to approve of it.
        pub brake: Option<u32> => optional(&crate::read::PERCENT),
        /// Promises of the notice that it keeps.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// For how long data must stay. The longest minimum wins over every stage.
    pub struct Minimum {
        /// Names it in answers to people.
        pub id: Slug => required(&named("\"accounting\"")),
        /// The clock that its period counts from.
        pub clock: Slug => required(&named("\"document-date\"")),
        /// How long after the clock's moment.
        pub period: Period => required(&PERIOD),
        /// Which fields must stay; the whole row when left out.
        pub fields: Vec<SqlName> => optional_list(&SQL_NAME),
        /// Which kind of reason it is.
        pub reason: MinimumReason => required(&choice("\"law\"")),
        /// The law, or the right that is proved, in words: no minimum without one (S4-47).
        pub basis: Localized => localized,
        /// It holds for rows in this state; for all when left out.
        pub state: Option<Slug> => optional(&named("\"closed\"")),
        /// Promises of the notice that it keeps.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// An event that stages (`on`) and clocks (`event`) wait for.
    pub struct NamedEvent {
        /// Its name in this file, and where it is reported.
        pub id: Slug => required(&named("\"contract-ended\"")),
        /// What it is called on pages, as in "the end of the contract".
        pub name: Localized => localized,
    }

    /// A kind of legal hold: what may stop every rule for a person, a dataset or a field (S3-26).
    pub struct HoldKind {
        /// Named when a hold is set.
        pub id: Slug => required(&named("\"litigation\"")),
        /// What is told to people.
        pub name: Localized => localized,
        /// How long until somebody has to look at it again.
        pub review: Period => required(&PERIOD),
    }

    /// What becomes of data that no rule names (S3-55).
    pub struct CatchAll {
        /// How long they stay.
        pub after: Option<Period> => optional(&PERIOD),
        /// The date by which somebody decides.
        pub review: Option<jiff::civil::Date> => optional(&DATE),
        /// What it covers, for the notice.
        pub description: Localized => localized,
        /// Promises of the notice that it keeps.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// How the engine runs.
    pub struct Engine {
        /// The share of a dataset, in percent, that a rule may take at once before an operator has to
        /// approve of it.
        pub brake: u32 => default(&crate::read::PERCENT, "20"),
        /// When the daily pass begins, on the clock of the policy's zone.
        pub daily_at: jiff::civil::Time => default(&crate::read::TIME_OF_DAY, "\"03:00\""),
        /// Groups of fewer people are left out of statistics (S2-19).
        pub smallest_group: u32 => default(&crate::read::COUNT, "5"),
        /// Whether a longer period counts for data that were collected under a shorter one, too.
        pub longer_reaches_back: bool => default(&FLAG, "false"),
    }
}
