//! The documents printed from policies.

#![allow(clippy::unwrap_used)]

mod policies;
mod prints;
mod round_trip;
mod structure;
