//! Nothing personal is readable in the bytes of a database, before any purge.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use consentry_domain::RequestedAddress;
use consentry_service::ports::Store;

use crate::{
    fixtures::{acme, address, insert, now, pending, update},
    support::{TestDatabase, on_sqlite},
};

/// How many of the needles, each of 8 bytes or more, stand in any file of a folder.
pub(crate) fn found(folder: &Path, needles: &[Vec<u8>]) -> usize {
    let mut by_start: HashMap<[u8; 8], Vec<&[u8]>> = HashMap::new();
    for needle in needles {
        let (start, _) = needle.split_first_chunk().unwrap();
        by_start.entry(*start).or_default().push(needle);
    }
    let mut found: HashSet<&[u8]> = HashSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let content = fs::read(entry.unwrap().path()).unwrap();
        for (at, start) in content.array_windows::<8>().enumerate() {
            let candidates = by_start.get(start).into_iter().flatten().copied();
            found.extend(candidates.filter(|needle| content[at..].starts_with(needle)));
        }
    }
    found.len()
}

/// The ways in which an address could stand in a file.
fn spellings(address: &str) -> Vec<Vec<u8>> {
    let lower = address.to_lowercase();
    let utf16: Vec<u8> = lower.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // The local part in base64, without what depends on its neighbours.
    let base64 = b"YW5uYS1zZW50aW5lbC".to_vec();
    let local = lower.split('@').next().unwrap();
    vec![
        address.as_bytes().to_vec(),
        local.as_bytes().to_vec(),
        hex::encode(local).into_bytes(),
        hex::encode(local).to_uppercase().into_bytes(),
        base64,
        utf16,
    ]
}

/// S0-64: an address is never readable in the database file or its WAL, not even before a purge.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_is_readable_in_a_sqlite_file() {
    on_sqlite(async |database: &TestDatabase| {
        let store = database.store().await;
        let mut person = pending("Anna-Sentinel@Example.org");
        insert(&store, &person).await;
        person.requested_address = Some(RequestedAddress {
            address: address("anna-sentinel-new@example.org"),
            at: now(),
        });
        update(&store, &person).await;
        let folder = database.folder.as_ref().unwrap().path();
        let is_clean = || found(folder, &spellings(person.address.expose())) == 0;
        let topic = [b"newsletter".to_vec()];
        assert_eq!(found(folder, &topic), 1, "the search finds what is there");
        assert!(is_clean());
        let read = store.subject(&acme(), person.id).await.unwrap();
        assert_eq!(read.unwrap().address, person.address);
        store.close().await.unwrap();
        assert!(is_clean(), "also after the WAL was merged into the file");
    })
    .await;
}

/// S1-38: nobody else may read the database, from its first byte on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_new_database_are_private() {
    on_sqlite(async |database: &TestDatabase| {
        let store = database.store().await;
        insert(&store, &pending("anna@example.org")).await;
        let files = fs::read_dir(database.folder.as_ref().unwrap().path()).unwrap();
        let modes: Vec<_> = files
            .map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert_eq!(modes, [0o600; 3], "the database, its WAL and their index");
    })
    .await;
}
