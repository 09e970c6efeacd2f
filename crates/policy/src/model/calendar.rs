//! Working days, holidays, the financial year.

use crate::read::{DAY, HOLIDAY, TEXT, choice, choices, tables};
use crate::{Day, Holiday};

choices! {
    /// A day of the week.
    pub enum Weekday {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

tables! {
    /// Which days count as working days (S3-157), and when a financial year ends (S3-49).
    pub struct WorkingTime {
        /// The days of the week on which nobody works.
        pub weekend: Vec<Weekday> => list(&choice("\"saturday\"")),
        /// Days off: `"2026-12-24"` once, `"12-25"` every year, `"easter+1"` counted from Easter.
        pub holidays: Vec<Holiday> => optional_list(&HOLIDAY),
        /// Business hours, such as `"09:00-18:00"` (S3-158).
        pub business_hours: Option<String> => optional(&TEXT),
        /// The last day of a financial year.
        pub financial_year_ends: Option<Day> => optional(&DAY),
    }
}
