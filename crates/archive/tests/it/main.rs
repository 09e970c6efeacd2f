//! What the archive promises, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[macro_use]
mod support;

mod documented;
mod keys;
mod opening;
mod sealed;
