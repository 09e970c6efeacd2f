//! The integration tests: the programs from outside, and the rules of the house.

mod abuse;
mod api;
mod bench;
mod browser;
mod calendar;
mod centre;
mod cli;
mod crash;
mod embedded;
mod faults;
mod house;
mod keys;
mod neutrality;
mod operations;
mod outages;
mod races;
mod recovery;
mod relay;
mod sealed;
mod serving;
mod sink;
mod steps;
mod story;
mod transfer;
mod webhooks;
mod workers;
