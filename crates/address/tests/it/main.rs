//! E-mail addresses as the other crates see them.

mod compare;
mod parse;
mod print;
