//! The integration tests: the programs from outside, and the rules of the house.

mod house;
mod sink;
