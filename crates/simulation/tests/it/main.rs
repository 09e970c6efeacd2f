//! The five policies at work: what they promise happens on its day, for as long as their longest
//! period and two years more.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ai_platform;
mod any_policy;
mod document_vendor;
mod marketing_platform;
mod picture;
mod rehearsed;
mod saas_portal;
mod self_care;
mod support;
