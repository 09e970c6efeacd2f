//! What leaves the house: letters, signatures, hand-overs.

#![allow(clippy::unwrap_used)]

mod double;
mod letters;
mod logs;
mod mailbox;
mod messages;
mod pipelining;
mod samples;
mod signatures;
mod smtp;
mod tls;
