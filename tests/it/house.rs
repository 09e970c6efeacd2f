//! The rules of the house. Each failure says what to do.

mod arrows;
mod files;
mod promises;
