//! The keys of people: where they lie, how one is found, and their renewal.

use std::{collections::HashMap, fmt};

use async_trait::async_trait;
use consentry_keys::{
    KeyId, KeyRing, KeyUse,
    seal::{DataKey, Place, SealError},
};
use jiff::Timestamp;

use crate::{ArchiveError, SealedArchive};

const WRAPPED_KEY: &str = "consentry_archive_keys.wrapped_key";
const SUBJECT: &str = "consentry_archive_keys.sealed_subject";

/// Keys in one batch of a renewal.
const BATCH: u64 = 500;

/// A data key of the archive, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectKey {
    /// Random number of the key.
    pub id: u64,
    /// Keyed index of whose it is, and the id of the index key; none where a record is nobody's.
    pub index: Option<(Vec<u8>, u8)>,
    /// The key, wrapped by the archive's ring.
    pub wrapped_key: Vec<u8>,
    /// Whose it is, sealed under the key.
    pub sealed_subject: Option<Vec<u8>>,
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        f.debug_struct("SubjectKey")
            .field("id", &id)
            .finish_non_exhaustive()
    }
}

/// Where the keys of one controller lie: in another database than the records.
#[async_trait]
pub trait SubjectKeys: Send + Sync {
    /// Those with one of these indexes.
    async fn of(&self, indexes: &[Vec<u8>]) -> Result<Vec<SubjectKey>, ArchiveError>;

    /// Those with these numbers.
    async fn with(&self, ids: &[u64]) -> Result<Vec<SubjectKey>, ArchiveError>;

    /// A page of all, by number, after the one given.
    async fn after(&self, id: Option<u64>, limit: u64) -> Result<Vec<SubjectKey>, ArchiveError>;

    /// How many were wrapped or indexed by a key of the ring.
    async fn under(&self, key_use: KeyUse, id: KeyId) -> Result<u64, ArchiveError>;

    /// Keeps new ones.
    async fn add(&self, keys: Vec<SubjectKey>) -> Result<(), ArchiveError>;

    /// Puts renewed ones in the place of what they were before; one that is gone stays so.
    async fn renew(&self, keys: Vec<SubjectKey>) -> Result<(), ArchiveError>;

    /// Destroys some for good, also in whatever a backup brings back.
    async fn destroy(&self, ids: &[u64], now: Timestamp) -> Result<(), ArchiveError>;
}

/// A key that can be used.
pub(crate) struct Unlocked {
    pub(crate) id: u64,
    pub(crate) subject: Option<String>,
    pub(crate) key: DataKey,
}

/// Whether two names are those of one person: in an e-mail address capitals tell nobody apart.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.contains('@') && folded(one) == folded(other)
}

fn folded(subject: &str) -> String {
    subject.trim().to_lowercase()
}

impl SealedArchive {
    /// The keys of these people. Somebody may have several, where two processes made one at once.
    pub(crate) async fn keys_of(&self, people: &[String]) -> Result<Vec<Unlocked>, ArchiveError> {
        let ring = self.ring();
        let name = |person: &String| {
            let person = folded(person);
            let indexes = ring.blind_indexes(&self.controller, &person);
            indexes.map(Vec::from).collect::<Vec<_>>()
        };
        let indexes: Vec<Vec<u8>> = people.iter().flat_map(name).collect();
        let mut by_name: HashMap<String, Vec<&String>> = HashMap::new();
        for person in people {
            by_name.entry(folded(person)).or_default().push(person);
        }
        let mut keys = Vec::new();
        for found in self.subjects.of(&indexes).await? {
            let unlocked = self.unlock(&ring, &found)?;
            let is_asked_for = unlocked.subject.as_ref().is_some_and(|subject| {
                let asked = by_name.get(&folded(subject));
                asked.is_some_and(|all| all.iter().any(|one| is_same(one, subject)))
            });
            if is_asked_for {
                keys.push(unlocked);
            }
        }
        Ok(keys)
    }

    /// The keys with these numbers; those that are gone are left out.
    pub(crate) async fn keys_with(
        &self,
        ids: &[u64],
    ) -> Result<HashMap<u64, Unlocked>, ArchiveError> {
        let ring = self.ring();
        let found = self.subjects.with(ids).await?;
        let unlocked = found
            .iter()
            .map(|key| Ok((key.id, self.unlock(&ring, key)?)));
        unlocked.collect()
    }

    /// A new key, and how it is kept.
    pub(crate) fn new_key(&self, id: u64, subject: Option<&str>) -> (Unlocked, SubjectKey) {
        let ring = self.ring();
        let mut random = |buffer: &mut [u8]| (self.random)(buffer);
        let key = DataKey::generate(&mut random);
        let kept = SubjectKey {
            id,
            index: subject.map(|subject| self.index(&ring, subject)),
            wrapped_key: ring.wrap(&key, &self.place(id, WRAPPED_KEY), &mut random),
            sealed_subject: subject
                .map(|subject| key.seal(subject.as_bytes(), &self.place(id, SUBJECT), &mut random)),
        };
        let subject = subject.map(str::to_owned);
        (Unlocked { id, subject, key }, kept)
    }

    fn unlock(&self, ring: &KeyRing, kept: &SubjectKey) -> Result<Unlocked, ArchiveError> {
        let key = ring
            .unwrap(&kept.wrapped_key, &self.place(kept.id, WRAPPED_KEY))
            .map_err(ArchiveError::WrongKeys)?;
        let open = |sealed: &Vec<u8>| {
            let plain = key.open(sealed, &self.place(kept.id, SUBJECT));
            let text = String::from_utf8(plain.map_err(|_| ArchiveError::Altered)?.to_vec());
            text.map_err(|_| ArchiveError::Unreadable("sealed_subject"))
        };
        let subject = kept.sealed_subject.as_ref().map(open).transpose()?;
        Ok(Unlocked {
            id: kept.id,
            subject,
            key,
        })
    }

    fn index(&self, ring: &KeyRing, subject: &str) -> (Vec<u8>, u8) {
        let index = ring.blind_index(&self.controller, &folded(subject));
        (index.to_vec(), ring.current(KeyUse::Index).id().as_byte())
    }

    /// A place in the table of keys, or of records: the column says which.
    pub(crate) fn place<'a>(&'a self, record: u64, column: &'a str) -> Place<'a> {
        Place {
            controller: &self.controller,
            record,
            column,
        }
    }

    /// Whether the ring is the one that the archive was sealed with.
    pub(crate) async fn check_keys(&self) -> Result<(), ArchiveError> {
        let ring = self.ring();
        for kept in self.subjects.after(None, 1).await? {
            self.unlock(&ring, &kept)?;
        }
        Ok(())
    }

    /// Wraps and indexes every key anew that was not made with the active keys of the ring; how
    /// many that were. Records stay as they are.
    pub async fn renew_keys(&self) -> Result<u64, ArchiveError> {
        let ring = self.ring();
        let mut renewed = 0;
        let mut after = None;
        loop {
            // Nobody destroys or makes a key meanwhile.
            let turn = self.database.write().await?;
            let page = self.subjects.after(after, BATCH).await?;
            let Some(last) = page.last() else {
                return Ok(renewed);
            };
            after = Some(last.id);
            let [index, seal] = [KeyUse::Index, KeyUse::Seal].map(|one| ring.current(one).id());
            let is_current = |key: &SubjectKey| {
                key.wrapped_key.first() == Some(&seal.as_byte())
                    && key
                        .index
                        .as_ref()
                        .is_none_or(|(_, made_with)| *made_with == index.as_byte())
            };
            let outdated = page.into_iter().filter(|key| !is_current(key));
            let fresh: Vec<SubjectKey> = outdated
                .map(|key| self.renewed(&ring, key))
                .collect::<Result<_, _>>()?;
            renewed += fresh.len() as u64;
            self.subjects.renew(fresh).await?;
            turn.commit().await?;
        }
    }

    fn renewed(&self, ring: &KeyRing, kept: SubjectKey) -> Result<SubjectKey, ArchiveError> {
        let unlocked = self.unlock(ring, &kept)?;
        let mut random = |buffer: &mut [u8]| (self.random)(buffer);
        let place = self.place(kept.id, WRAPPED_KEY);
        Ok(SubjectKey {
            index: unlocked.subject.map(|subject| self.index(ring, &subject)),
            wrapped_key: ring.wrap(&unlocked.key, &place, &mut random),
            ..kept
        })
    }

    /// How many keys need a key of the ring. Waits for whoever makes one at this moment.
    pub async fn keys_under(&self, key_use: KeyUse, id: KeyId) -> Result<u64, ArchiveError> {
        let turn = self.database.write().await?;
        let count = self.subjects.under(key_use, id).await?;
        turn.commit().await?;
        Ok(count)
    }
}

/// What a sealed record says.
pub(crate) fn opened(
    key: &DataKey,
    sealed: &[u8],
    place: &Place<'_>,
) -> Result<String, ArchiveError> {
    let plain = key
        .open(sealed, place)
        .map_err(|_: SealError| ArchiveError::Altered)?;
    let text = String::from_utf8(plain.to_vec());
    text.map_err(|_| ArchiveError::Unreadable("sealed"))
}
