//! The policy crate as its users see it.

mod demo;
mod edit;
mod errors;
mod period;
mod policy;
mod strict;
