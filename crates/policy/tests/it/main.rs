//! The policy crate as its users see it.

mod broken;
mod codes;
mod damaged;
mod demo;
mod diff;
mod documentation;
mod edit;
mod history;
mod joinable;
mod lint;
mod period;
mod policy;
mod published;
mod schema;
mod strict;
mod working_days;
