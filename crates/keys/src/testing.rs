//! Random sources that tests can repeat.

use jiff::Timestamp;

use crate::KeyRing;

/// 1, 2, 3 … 255, 0, 1 …: every key and nonce differs from its neighbours.
pub(crate) fn counting() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            next = next.wrapping_add(1);
            *byte = next;
        }
    }
}

pub(crate) fn ring() -> KeyRing {
    KeyRing::generate(&mut counting(), Timestamp::UNIX_EPOCH)
}
