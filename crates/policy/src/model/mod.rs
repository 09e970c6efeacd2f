//! The tables of the policy file.

pub(crate) mod calendar;
pub(crate) mod controller;
pub(crate) mod cookies;
pub(crate) mod dataset;
pub(crate) mod document;
pub(crate) mod own;
pub(crate) mod processor;
pub(crate) mod purpose;
pub(crate) mod recipient;
pub(crate) mod rights;
pub(crate) mod rule;
pub(crate) mod sending;
pub(crate) mod value;
