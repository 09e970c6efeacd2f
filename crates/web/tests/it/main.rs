//! The site as a visitor, a mail program, a scanner and a program see it, over fakes of the ports.

#![allow(clippy::unwrap_used)]

mod api;
mod confirmation;
mod errors;
mod fake_keys;
mod fake_records;
mod fakes;
mod headers;
mod language;
mod limits;
mod local_mailbox;
mod log;
mod lost_link;
mod one_click;
mod pages;
mod preferences;
mod printed;
mod public;
mod site;
mod static_files;
mod subscribe;
mod work;
