//! The integration tests: the programs from outside, and the rules of the house.

mod browser;
mod calendar;
mod cli;
mod house;
mod neutrality;
mod relay;
mod sealed;
mod sink;
mod steps;
mod story;
mod workers;
