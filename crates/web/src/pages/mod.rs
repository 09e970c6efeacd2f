//! The pages, one module for each place of the site.

pub(crate) mod confirm;
pub(crate) mod fallback;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod lost;
pub(crate) mod mailbox;
pub(crate) mod message;
pub(crate) mod preferences;
pub(crate) mod privacy;
pub(crate) mod work;
