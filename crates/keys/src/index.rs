//! The blind index: equality look-ups over sealed addresses.
//!
//! The index is a pseudonym, not an anonymous value: whoever holds the key can recompute it from
//! an address (GDPR recital 26). It therefore goes with the record.

use crate::{Key, KeyRing, KeyUse};

const CONTEXT: &str = "blind index v1";

impl KeyRing {
    /// The index under which an address is stored: HMAC-SHA256 of the controller and the
    /// comparison key under the active index key. The same address at two controllers has two
    /// indexes that nobody without the key can join.
    ///
    /// `comparison_key` is the normalised address, in the form in which equal addresses are equal
    /// texts.
    pub fn blind_index(&self, controller: &str, comparison_key: &str) -> [u8; 32] {
        index(self.current(KeyUse::Index), controller, comparison_key)
    }

    /// The index under every index key, the active one first: what a look-up asks for until every
    /// row has been indexed anew after a rotation.
    pub fn blind_indexes(
        &self,
        controller: &str,
        comparison_key: &str,
    ) -> impl Iterator<Item = [u8; 32]> {
        self.keys()
            .filter(|(key, _)| key.key_use() == KeyUse::Index)
            .map(move |(key, _)| index(key, controller, comparison_key))
    }
}

fn index(key: &Key, controller: &str, comparison_key: &str) -> [u8; 32] {
    key.mac(CONTEXT, &[controller.as_bytes(), comparison_key.as_bytes()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;

    use super::*;
    use crate::testing::{counting, ring};

    #[test]
    fn one_address_at_two_controllers_has_two_indexes() {
        let ring = ring();
        let here = ring.blind_index("acme", "anna@example.org");
        assert_eq!(here, ring.blind_index("acme", "anna@example.org"));
        assert_ne!(here, ring.blind_index("other", "anna@example.org"));
        assert_ne!(here, ring.blind_index("acmea", "nna@example.org"));
    }

    /// Computed independently; a change of this value would orphan every stored row.
    #[test]
    fn the_index_of_a_given_key_and_address_never_changes() {
        let index = ring().blind_index("acme", "anna@example.org");
        let expected = [
            0xd8, 0x09, 0xa3, 0xba, 0x58, 0x85, 0x7c, 0xd8, 0xf6, 0xa8, 0x5e, 0xd9, 0xfd, 0x2c,
            0x5e, 0x96, 0x63, 0xdf, 0x60, 0xf5, 0x41, 0x8f, 0xf0, 0xd2, 0x2c, 0x0e, 0xfa, 0xd9,
            0x8f, 0x7d, 0x4d, 0xc2,
        ];
        assert_eq!(index, expected);
    }

    #[test]
    fn during_a_rotation_the_former_index_is_still_looked_up() {
        let mut ring = ring();
        let former = ring.blind_index("acme", "anna@example.org");
        let mut random = counting();
        ring.rotate(KeyUse::Index, &mut |_| (), Timestamp::UNIX_EPOCH)
            .unwrap();
        ring.rotate(KeyUse::Token, &mut random, Timestamp::UNIX_EPOCH)
            .unwrap();
        let all: Vec<_> = ring.blind_indexes("acme", "anna@example.org").collect();
        assert_eq!(all, [ring.blind_index("acme", "anna@example.org"), former]);
    }
}
