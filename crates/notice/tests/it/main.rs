//! The documents printed from policies.

mod policies;
mod prints;
mod round_trip;
mod structure;
