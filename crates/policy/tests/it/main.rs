//! The policy crate as its users see it.

mod period;
