//! People as CSV: read with a reason for every row that is refused, written safe for spreadsheets.
//!
//! [`Reader`] turns any reader of bytes into [`Row`]s; [`Writer`] turns people into lines that it
//! reads again. Neither knows a database: `Service::import` takes what a reader gives.
//!
//! * **Bounded.** One record is one line of at most [`MAX_LINE`] bytes. Whatever is in the file,
//!   memory stays flat, and one broken line takes no other along.
//! * **Told.** A file that cannot be meant is a [`FileError`] that says what to do; a row that
//!   cannot be used is a [`Refusal`] with a code, and the number of its line.
//! * **Safe.** A cell that a spreadsheet would calculate is written with an apostrophe before it
//!   (CSV injection, OWASP), which the reader takes off again.
//!
//! Architecture invariant: no async, no clock, no randomness, no files: bytes in, rows out.
//!
//! ```
//! use consentry_policy::{Language, Policy};
//! use consentry_transfer::{Ground, Reader, Refusal, Row, Rules};
//!
//! let policy = Policy::demo();
//! let rules = Rules {
//!     topics: policy.default_topics().map(|topic| topic.id.clone()).collect(),
//!     language: Language::En,
//!     now: "2026-11-22T10:00:00Z".parse()?,
//!     ground: Ground::Unproven { source: None },
//!     delimiter: b',',
//!     ignored: Vec::new(),
//! };
//! let file = "email,language\nanna@example.org,fr\nben.example.org,en\n";
//! let mut reader = Reader::new(file.as_bytes(), rules, &policy)?;
//!
//! let Some(Row::Person(anna)) = reader.read()? else { panic!() };
//! assert_eq!(anna.address.expose(), "anna@example.org");
//! let Some(Row::Refused(refusal)) = reader.read()? else { panic!() };
//! assert_eq!((reader.line(), refusal.code()), (3, "missing-at"));
//! assert_eq!(reader.read()?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod column;
mod error;
mod formula;
mod lines;
mod reader;
mod row;
mod writer;

pub use column::Column;
pub use error::{FileError, Refusal};
pub use lines::MAX_LINE;
pub use reader::{Ground, Reader, Row, Rules};
pub use row::{UnreadableTime, moment};
pub use writer::Writer;
