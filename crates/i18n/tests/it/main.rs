//! The catalogue as a whole: complete in every language, all of it used, good grammar.

#![allow(clippy::unwrap_used)]

mod catalogue;
mod words;
