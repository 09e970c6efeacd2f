//! Data: what is held, about whom, where, and how long.

use super::own::OwnDataset;
use super::rule::{Action, Clock, Minimum, Stage, State, Store};
use crate::read::{
    CONDITION, FLAG, METHOD, PROMISE, SQL_NAME, TEXT, choice, choices, named, tables,
};
use crate::{Condition, DatasetId, Localized, Method, PromiseId, PurposeId, Role, Slug, SqlName};

choices! {
    /// Where a field's value comes from (S1-06, S4-12; GDPR art. 14(2)(f)).
    pub enum FieldSource {
        /// The person gave it.
        Provided = "provided",
        /// The person gave it when registering.
        Registration = "registration",
        /// It arose when the person used the service.
        Use = "use",
        /// The person wrote it to us.
        Communication = "communication",
        /// Collected without the person's doing.
        Automatic = "automatic",
        /// Somebody else gave it.
        ThirdParty = "third-party",
        /// Concluded from other data; not portable (S3-92).
        Derived = "derived",
    }

    /// What a field may hold (S2-10).
    pub enum FieldFormat {
        /// Any text.
        Text = "text",
        /// One of the listed values.
        Choice = "choice",
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// A number.
        Number = "number",
        /// A date.
        Date = "date",
        /// A day and a month without a year: a year is refused and not stored.
        DayMonth = "day-month",
        /// A point in time.
        Timestamp = "timestamp",
        /// Yes or no.
        Flag = "flag",
        /// A network address.
        IpAddress = "ip-address",
    }

    /// Why data of a special category may be processed (GDPR art. 9(2)).
    pub enum SpecialGround {
        /// Explicit consent, art. 9(2)(a).
        ExplicitConsent = "explicit-consent",
        /// Employment and social law, art. 9(2)(b).
        Employment = "employment",
        /// Vital interests, art. 9(2)(c).
        VitalInterests = "vital-interests",
        /// Made public by the person, art. 9(2)(e).
        MadePublic = "made-public",
        /// Legal claims, art. 9(2)(f).
        LegalClaims = "legal-claims",
        /// Substantial public interest, art. 9(2)(g).
        PublicInterest = "public-interest",
        /// Health care, art. 9(2)(h).
        HealthCare = "health-care",
    }

    /// How a database stores points in time.
    pub enum TimeFormat {
        /// As its type for timestamps, or text of ISO 8601.
        Timestamp = "timestamp",
        /// A day without a time: it begins at midnight in the policy's zone.
        Date = "date",
        /// Whole seconds since 1970.
        Seconds = "seconds",
        /// Milliseconds since 1970.
        Milliseconds = "milliseconds",
        /// Microseconds since 1970.
        Microseconds = "microseconds",
    }
}

tables! {
    /// Data of one kind about one kind of people, with the rules that end them.
    ///
    /// `subscribers`, `events`, `requests`, `conversations` and `cookie-choices` are Consentry's
    /// own; every other dataset names its `source`.
    pub struct Dataset {
        /// Names the dataset in plans, reports and commands.
        pub id: DatasetId => required(&named("\"clients\"")),
        /// What it is called on pages.
        pub name: Localized => localized,
        /// Whose data it holds.
        pub people: Localized => localized,
        /// In which capacity they are processed (S2-63, S3-163).
        pub role: Role => default(&choice("\"controller\""), "\"controller\""),
        /// What the data are used for; every field may narrow it.
        pub purposes: Vec<PurposeId> => optional_list(&named("\"product-news\"")),
        /// Where they lie: ids of hosts; the main host when left out (S0-91).
        pub hosts: Vec<Slug> => optional_list(&named("\"main-host\"")),
        /// Teams that see them (S0-86, S3-39).
        pub teams: Vec<Slug> => optional_list(&named("\"sales\"")),
        /// Whether they are processed by machines; paper files are not portable (S4-90).
        pub automated: bool => default(&FLAG, "true"),
        /// Whether they are in use; otherwise the notice announces them, and nothing may be
        /// collected yet (S1-129).
        pub enabled: bool => default(&FLAG, "true"),
        /// Whether they are anonymised before anything else is done with them (S4-15).
        pub anonymised_at_collection: bool => default(&FLAG, "false"),
        /// The table that holds them; none for Consentry's own datasets.
        pub source: Option<TableSource> => optional_section,
        /// What is collected. What is not named is not collected (S2-11, S4-01).
        pub fields: Vec<Field> => optional_sections,
        /// States that a row may be in, first match first; Consentry's own datasets have theirs.
        pub states: Vec<State> => optional_sections,
        /// The moments that periods count from; Consentry's own datasets have theirs.
        pub clocks: Vec<Clock> => optional_sections,
        /// What happens to the data, and when.
        pub stages: Vec<Stage> => optional_sections,
        /// For how long some of them must stay.
        pub minima: Vec<Minimum> => optional_sections,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A table of a database (PostgreSQL or SQLite).
    pub struct TableSource {
        /// Names the database: its URL is in the environment, `CONSENTRY_SOURCE_` and this id in
        /// capitals, hyphens as underscores.
        pub database: Slug => required(&named("\"crm\"")),
        /// The table.
        pub table: SqlName => required(&SQL_NAME),
        /// The columns that name a row.
        pub key: Vec<SqlName> => list(&SQL_NAME),
        /// The column that tells whose row it is: an e-mail address or another name of a person.
        pub identity: Option<SqlName> => optional(&SQL_NAME),
        /// Which rows of the table belong to the dataset; all of them when left out.
        pub rows: Vec<(String, Condition)> => map(&CONDITION),
        /// The column that hides a row, for `hide`: a flag, or the moment since when.
        pub hidden: Option<SqlName> => optional(&SQL_NAME),
        /// The column that restricts a row, for `restrict`: a flag, or the moment since when.
        pub restricted: Option<SqlName> => optional(&SQL_NAME),
        /// Tables whose rows belong to a row of this one and go with it.
        pub dependants: Vec<Dependant> => optional_sections,
        /// How its clocks' columns store time, where a clock says nothing else.
        pub time_format: TimeFormat => default(&choice("\"timestamp\""), "\"timestamp\""),
    }

    /// A table whose rows go with those of another.
    pub struct Dependant {
        /// The table.
        pub table: SqlName => required(&SQL_NAME),
        /// Which rows belong together: a column of this table, and the column of the dataset's
        /// table that it names.
        pub on: Vec<(String, SqlName)> => map(&SQL_NAME),
    }

    /// One datum (S2-11: every one has a purpose and a lifespan).
    pub struct Field {
        /// The name: the column, for a dataset with a source.
        pub id: SqlName => required(&SQL_NAME),
        /// What it is called on pages.
        pub name: Localized => localized,
        /// The category that pages list it under.
        pub category: Option<Slug> => optional(&named("\"identification\"")),
        /// Where it comes from.
        pub source: FieldSource => default(&choice("\"provided\""), "\"provided\""),
        /// What it may hold.
        pub format: FieldFormat => default(&choice("\"text\""), "\"text\""),
        /// The values that are offered, for `choice`.
        pub values: Vec<String> => optional_list(&TEXT),
        /// The longest text accepted, in characters.
        pub max_length: Option<u32> => optional(&crate::read::COUNT),
        /// What it is used for; the dataset's purposes when left out.
        pub purposes: Vec<PurposeId> => optional_list(&named("\"product-news\"")),
        /// Why it is needed (S2-11).
        pub justification: Option<Localized> => optional_localized,
        /// Whether it must be given (GDPR art. 13(2)(e)).
        pub mandatory: bool => default(&FLAG, "false"),
        /// What follows when it is not given (S3-65, S4-18).
        pub consequence: Option<Localized> => optional_localized,
        /// Why it may be processed although it is of a special category (GDPR art. 9).
        pub special: Option<SpecialGround> => optional(&choice("\"explicit-consent\"")),
        /// Whether it tells of other people: looked at before it is handed out (S4-73).
        pub third_party: bool => default(&FLAG, "false"),
        /// Whether it is a trade secret, and so not portable (S3-90).
        pub trade_secret: bool => default(&FLAG, "false"),
        /// Whether it stands for anything at all: named in the notice, never stored (S1-09, S3-10).
        pub open_ended: bool => default(&FLAG, "false"),
        /// How it is reduced before it is stored (S2-10).
        pub at_write: Option<Method> => optional(&METHOD),
        /// Teams that see it, where it differs from the dataset (S2-13).
        pub teams: Vec<Slug> => optional_list(&named("\"billing\"")),
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A category of data as pages list them.
    pub struct Category {
        /// Named by fields.
        pub id: Slug => required(&named("\"identification\"")),
        /// The name on pages.
        pub name: Localized => localized,
    }
}

impl Dataset {
    /// Which of Consentry's own datasets this is.
    pub fn own(&self) -> Option<OwnDataset> {
        OwnDataset::ALL
            .into_iter()
            .find(|own| own.as_str() == self.id.as_str())
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id.as_str() == name)
    }

    /// What a field is used for: the dataset's purposes, where it does not narrow them.
    pub(crate) fn purposes_of<'a>(&'a self, field: &'a Field) -> &'a [PurposeId] {
        if field.purposes.is_empty() {
            &self.purposes
        } else {
            &field.purposes
        }
    }

    /// Whether a field serves this purpose and no other.
    pub(crate) fn serves_alone(&self, field: &Field, purpose: &PurposeId) -> bool {
        let mut purposes = self.purposes_of(field).iter();
        purposes.len() > 0 && purposes.all(|one| one == purpose)
    }

    /// Whether nothing of a row serves another purpose.
    pub(crate) fn serves_only(&self, purpose: &PurposeId) -> bool {
        match &*self.fields {
            [] => self.purposes.iter().all(|one| one == purpose),
            fields => fields.iter().all(|field| self.serves_alone(field, purpose)),
        }
    }

    /// A purge at the end of a purpose takes what serves this purpose alone: the row where all of it
    /// does, and else those fields (S1-41).
    pub(crate) fn settle_purposes(&mut self) {
        for index in 0..self.stages.len() {
            let stage = &self.stages[index];
            let Some(purpose) = &stage.purpose else {
                continue;
            };
            let purges = stage.action == Action::Purge && stage.within == Store::Live;
            if !purges || !stage.fields.is_empty() || self.serves_only(purpose) {
                continue;
            }
            let fields = self.fields.iter().filter(|field| !field.open_ended);
            let ending = fields.filter(|field| self.serves_alone(field, purpose));
            self.stages[index].fields = ending.map(|field| field.id.clone()).collect();
        }
    }

    /// The clock of that name, where the dataset declares it.
    pub fn clock(&self, id: &str) -> Option<&Clock> {
        self.clocks.iter().find(|clock| clock.id.as_str() == id)
    }

    /// The state of that name, where the dataset declares it.
    pub fn state(&self, id: &str) -> Option<&State> {
        self.states.iter().find(|state| state.id.as_str() == id)
    }
}
