//! What the engine promises, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::format_push_string,
    reason = "policies are put together piece by piece"
)]

#[macro_use]
mod support;

mod anonymise;
mod archived;
mod brake;
mod events;
mod faults;
mod gone;
mod kept;
mod outlook;
mod promised;
mod purge;
mod reference;
mod schema;
mod speed;
