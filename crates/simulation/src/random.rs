//! Numbers that look random and are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use consentry_service::ports::Random;

/// The generator `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        let step = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        let mixed = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to one below `bound`.
    pub(crate) fn below(&self, bound: i64) -> i64 {
        let bound = bound.max(1).unsigned_abs();
        (self.next() % bound).cast_signed()
    }

    pub(crate) fn one_in(&self, count: i64) -> bool {
        self.below(count) == 0
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_be_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}
