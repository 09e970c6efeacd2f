//! Where a long-lived holder takes the ring from, each time it needs it.

use std::{fmt::Debug, sync::Arc};

use crate::KeyRing;

/// The ring in force. It may be another one at each call, so that keys are rotated while everybody
/// keeps working: take it anew for each operation, and hold it no longer.
pub trait KeySource: Debug + Send + Sync {
    /// The ring in force now.
    fn ring(self: Arc<Self>) -> Arc<KeyRing>;
}

/// A ring that never changes.
impl KeySource for KeyRing {
    fn ring(self: Arc<Self>) -> Arc<KeyRing> {
        self
    }
}
