//! What every store promises, run on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[macro_use]
mod support;

mod api_keys;
mod backup;
mod census;
mod dispatch;
mod documented;
mod fixtures;
mod imports;
mod jobs;
mod joined;
mod kept;
mod keys;
mod letters;
mod outbox;
mod people;
mod purge;
mod recovery;
mod retention;
mod schema;
mod sealed;
mod units;
mod versions;
mod webhooks;
