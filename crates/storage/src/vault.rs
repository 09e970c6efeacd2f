//! What is sealed in a person's row, and how it is found again.

use std::sync::Arc;

use consentry_address::EmailAddress;
use consentry_domain::Subject;
use consentry_keys::{
    KeyRing, KeySource, KeyUse,
    seal::{DataKey, Place, SealError},
};
use consentry_policy::ControllerId;
use consentry_service::ports::{Identity, Random, StoreError};

use crate::{
    entity::subject,
    error::{unreadable, unreadable_column},
};

const WRAPPED_KEY: &str = "subjects.wrapped_key";
const ADDRESS: &str = "subjects.sealed_address";
const REQUESTED_ADDRESS: &str = "subjects.sealed_requested_address";

/// The sealed columns of one row.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) address_index: Vec<u8>,
    pub(crate) address_index_key: i16,
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) address: Vec<u8>,
    pub(crate) requested_address: Option<Vec<u8>>,
}

impl Sealed {
    /// What a row holds already.
    pub(crate) fn of(row: &subject::Model) -> Self {
        Self {
            address_index: row.address_index.clone(),
            address_index_key: row.address_index_key,
            wrapped_key: row.wrapped_key.clone(),
            address: row.sealed_address.clone(),
            requested_address: row.sealed_requested_address.clone(),
        }
    }
}

/// The addresses of one row.
pub(crate) struct Opened {
    pub(crate) address: EmailAddress,
    pub(crate) requested_address: Option<EmailAddress>,
}

/// The key ring at work on rows.
pub(crate) struct Vault {
    keys: Arc<dyn KeySource>,
    random: Arc<dyn Random>,
}

impl Vault {
    pub(crate) fn new(keys: Arc<dyn KeySource>, random: Arc<dyn Random>) -> Self {
        Self { keys, random }
    }

    /// The ring in force.
    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys).ring()
    }

    /// Unpredictable bytes.
    pub(crate) fn fill(&self, buffer: &mut [u8]) {
        self.random.fill(buffer);
    }

    /// A random number for a row of its own.
    pub(crate) fn number(&self) -> i64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        i64::from_be_bytes(bytes)
    }

    /// Under which values a row of this address is found, whichever index key it was made with.
    pub(crate) fn indexes(
        &self,
        controller: &ControllerId,
        address: &EmailAddress,
    ) -> Vec<Vec<u8>> {
        self.ring()
            .blind_indexes(controller.as_str(), &address.comparison_key())
            .map(Vec::from)
            .collect()
    }

    /// Under which value the name of an import is kept. No address is one: none has a colon
    /// before its at sign.
    pub(crate) fn name_index(&self, controller: &ControllerId, name: &str) -> Vec<u8> {
        let name = import_name(name);
        self.ring().blind_index(controller.as_str(), &name).to_vec()
    }

    /// The same under every index key.
    pub(crate) fn name_indexes(&self, controller: &ControllerId, name: &str) -> Vec<Vec<u8>> {
        self.ring()
            .blind_indexes(controller.as_str(), &import_name(name))
            .map(Vec::from)
            .collect()
    }

    /// Under which value somebody of an application's table is found, and which key made it. No
    /// address is one: none has a colon before its at sign.
    pub(crate) fn identity_index(&self, controller: &str, person: &Identity) -> (Vec<u8>, i16) {
        let ring = self.ring();
        let index = ring.blind_index(controller, &identity_name(person));
        let key = ring.current(KeyUse::Index).id();
        (index.to_vec(), i16::from(key.as_byte()))
    }

    /// The same under every index key.
    pub(crate) fn identity_indexes(
        &self,
        controller: &ControllerId,
        person: &Identity,
    ) -> Vec<Vec<u8>> {
        self.ring()
            .blind_indexes(controller.as_str(), &identity_name(person))
            .map(Vec::from)
            .collect()
    }

    /// Seals the addresses of a new person under a new data key.
    pub(crate) fn seal(&self, person: &Subject) -> Sealed {
        let data_key = DataKey::generate(&mut |buffer| self.random.fill(buffer));
        let wrapped_key = self
            .ring()
            .wrap(&data_key, &place(person, WRAPPED_KEY), &mut |buffer| {
                self.random.fill(buffer);
            });
        let (address_index, address_index_key) = self.index(person);
        Sealed {
            address_index,
            address_index_key,
            wrapped_key,
            address: self.seal_one(&data_key, person, ADDRESS, &person.address),
            requested_address: self.seal_requested(&data_key, person),
        }
    }

    /// Seals anew what differs from `before`. Nothing is opened when nothing differs.
    pub(crate) fn reseal(
        &self,
        person: &Subject,
        before: &Subject,
        sealed: Sealed,
    ) -> Result<Sealed, StoreError> {
        let mut sealed = sealed;
        let requested = |subject: &Subject| {
            let requested = subject.requested_address.as_ref();
            requested.map(|requested| requested.address.clone())
        };
        let moved = person.address != before.address;
        if !moved && requested(person) == requested(before) {
            return Ok(sealed);
        }
        let data_key = self
            .ring()
            .unwrap(&sealed.wrapped_key, &place(person, WRAPPED_KEY))
            .map_err(refused)?;
        if moved {
            (sealed.address_index, sealed.address_index_key) = self.index(person);
            sealed.address = self.seal_one(&data_key, person, ADDRESS, &person.address);
        }
        sealed.requested_address = self.seal_requested(&data_key, person);
        Ok(sealed)
    }

    /// Opens the addresses of a row.
    pub(crate) fn open(&self, row: &subject::Model) -> Result<Opened, StoreError> {
        let place = |column| place_of(row, column);
        let data_key = self
            .ring()
            .unwrap(&row.wrapped_key, &place(WRAPPED_KEY))
            .map_err(refused)?;
        let open = |sealed: &[u8], column| {
            let plain = data_key.open(sealed, &place(column)).map_err(refused)?;
            let text = std::str::from_utf8(&plain).map_err(unreadable_column(column))?;
            EmailAddress::parse(text).map_err(unreadable_column(column))
        };
        Ok(Opened {
            address: open(&row.sealed_address, ADDRESS)?,
            requested_address: row
                .sealed_requested_address
                .as_deref()
                .map(|sealed| open(sealed, REQUESTED_ADDRESS))
                .transpose()?,
        })
    }

    /// Opens an address that was sealed for a row and now lies elsewhere.
    pub(crate) fn open_address(
        &self,
        row: &subject::Model,
        sealed: &[u8],
    ) -> Result<EmailAddress, StoreError> {
        let row = subject::Model {
            sealed_address: sealed.to_vec(),
            sealed_requested_address: None,
            ..row.clone()
        };
        Ok(self.open(&row)?.address)
    }

    /// The same row under the active keys: its data key wrapped, its address indexed. What is
    /// sealed stays as it is.
    pub(crate) fn renew(&self, row: subject::Model) -> Result<subject::Model, StoreError> {
        let ring = self.ring();
        let mut row = row;
        if is_outdated(&ring, &row, KeyUse::Index) {
            let address = self.open(&row)?.address;
            (row.address_index, row.address_index_key) = index(&ring, &row.controller, &address);
        }
        if is_outdated(&ring, &row, KeyUse::Seal) {
            let place = place_of(&row, WRAPPED_KEY);
            let data_key = ring.unwrap(&row.wrapped_key, &place).map_err(refused)?;
            row.wrapped_key = ring.wrap(&data_key, &place, &mut |buffer| self.random.fill(buffer));
        }
        Ok(row)
    }

    fn index(&self, person: &Subject) -> (Vec<u8>, i16) {
        index(&self.ring(), person.controller.as_str(), &person.address)
    }

    fn seal_requested(&self, data_key: &DataKey, person: &Subject) -> Option<Vec<u8>> {
        let requested = person.requested_address.as_ref()?;
        Some(self.seal_one(data_key, person, REQUESTED_ADDRESS, &requested.address))
    }

    fn seal_one(
        &self,
        data_key: &DataKey,
        person: &Subject,
        column: &str,
        address: &EmailAddress,
    ) -> Vec<u8> {
        let plain = address.expose().as_bytes();
        data_key.seal(plain, &place(person, column), &mut |buffer| {
            self.random.fill(buffer);
        })
    }
}

fn identity_name(person: &Identity) -> String {
    format!("identity:{}", person.expose())
}

fn import_name(name: &str) -> String {
    format!("import:{name}")
}

fn place<'a>(person: &'a Subject, column: &'a str) -> Place<'a> {
    Place {
        controller: person.controller.as_str(),
        record: person.id.0,
        column,
    }
}

fn place_of<'a>(row: &'a subject::Model, column: &'a str) -> Place<'a> {
    row_place(&row.controller, row.id, column)
}

/// The place of a value in a row of any table; the column names the table.
pub(crate) fn row_place<'a>(controller: &'a str, id: i64, column: &'a str) -> Place<'a> {
    Place {
        controller,
        record: id.cast_unsigned(),
        column,
    }
}

fn index(ring: &KeyRing, controller: &str, address: &EmailAddress) -> (Vec<u8>, i16) {
    let index = ring.blind_index(controller, &address.comparison_key());
    let key = ring.current(KeyUse::Index).id();
    (index.to_vec(), i16::from(key.as_byte()))
}

/// Whether a row was made with another key than the active one.
fn is_outdated(ring: &KeyRing, row: &subject::Model, key_use: KeyUse) -> bool {
    let active = ring.current(key_use).id().as_byte();
    match key_use {
        KeyUse::Index => row.address_index_key != i16::from(active),
        KeyUse::Seal => row.wrapped_key.first() != Some(&active),
        KeyUse::Token => false,
    }
}

/// The message names a key at most.
fn refused(error: SealError) -> StoreError {
    unreadable(error.to_string())
}
