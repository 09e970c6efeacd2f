//! The HTTP client as endpoints see it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod signature;
