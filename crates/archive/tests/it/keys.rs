//! The archive's own key ring: another one opens nothing, and a rotation goes on with what is there.

use consentry_archive::ArchiveError;
use consentry_keys::{KeyId, KeyUse};

use crate::opening::REASON;
use crate::support::{Ring, World, now};

on_both! {
    another_ring_is_refused,
    a_rotation_brings_every_key_under_the_new_one,
}

async fn another_ring_is_refused(world: &World) {
    assert!(
        world.open_with(Ring::new(2)).await.is_ok(),
        "nothing is sealed yet"
    );
    world.take(1, Some("anna@kunde.example"), 2020).await;
    let Err(error) = world.open_with(Ring::new(2)).await else {
        panic!("another ring opens it");
    };
    assert!(matches!(error, ArchiveError::WrongKeys(_)));
    assert!(error.to_string().contains("archive-keys.toml"), "{error}");
}

async fn a_rotation_brings_every_key_under_the_new_one(world: &World) {
    let anna = "anna@kunde.example";
    world.take(1, Some(anna), 2020).await;
    world.take(2, None, 2020).await;
    world.ring.rotate();
    // Between rotation and renewal the same person is found, and the same row replaced.
    world.take(1, Some(anna), 2020).await;
    assert_eq!((world.keys.count(), world.until(2030).await.len()), (2, 2));
    let former = KeyId::from_byte(1);
    assert_eq!(
        world
            .archive
            .keys_under(KeyUse::Seal, former)
            .await
            .unwrap(),
        2
    );
    assert_eq!(world.archive.renew_keys().await.unwrap(), 2);
    assert_eq!(world.archive.renew_keys().await.unwrap(), 0);
    for key_use in [KeyUse::Index, KeyUse::Seal] {
        assert_eq!(world.archive.keys_under(key_use, former).await.unwrap(), 0);
        world.ring.retire(key_use, 1);
    }
    let opened = world.archive.open(anna, None, REASON, now()).await.unwrap();
    assert_eq!(opened.len(), 1);
}
