//! Purged means gone, as far as the engine reaches; and what rights it takes to get there.

use consentry_retention::{Residue, grants};

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::World;

const PURGE: &str = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"";
const NOW: &str = "2026-06-01T00:00:00Z";

/// S0-64: not a byte of a purged value is left in the file or its write-ahead log.
#[tokio::test]
async fn no_byte_of_a_purged_row_is_left_in_a_sqlite_file() {
    crate::support::on_sqlite(async |world: &mut World| {
        world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
        world.execute(TABLES).await;
        world
            .execute("CREATE INDEX clients_email ON clients (email)")
            .await;
        for id in 1..=300 {
            let seen = if id % 3 == 1 {
                "2020-01-01"
            } else {
                "2026-01-01"
            };
            client(world, id, seen).await;
        }
        world.execute("ANALYZE").await;
        world.close().await;
        let present = |id: u32| world.files_hold(&format!("c{id}@example.org"));
        assert!(present(1) && present(2));
        let report = world.run(NOW).await;
        assert_eq!(report.residue["crm"], [Residue::Backups]);
        for id in 1..=300 {
            assert_eq!(present(id), id % 3 != 1, "{id}");
        }
    })
    .await;
}

/// S0-64: what the engine cannot reach is named.
#[tokio::test]
async fn what_is_out_of_reach_is_named_on_postgres() {
    crate::support::on_postgres(async |world: &mut World| {
        world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
        world.execute(TABLES).await;
        client(world, 1, "2020-01-01").await;
        let report = world.run(NOW).await;
        let left: Vec<String> = report.residue["crm"]
            .iter()
            .map(Residue::to_string)
            .collect();
        assert_eq!(
            left,
            [
                "backups of the database",
                "the write-ahead log, its archive and replicas",
                "the free space of `orders`",
                "the free space of `clients`",
            ]
        );
        assert!(world.run(NOW).await.residue.is_empty());
    })
    .await;
}

/// The printed rights are enough, and the application's other columns stay unreadable.
#[tokio::test]
async fn the_printed_grants_are_enough() {
    crate::support::on_postgres(async |world: &mut World| {
        let reduce = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\n\
                      after = \"6 months\"\nmethods = { name = \"initials\" }";
        let clients = CLIENTS.replace("columns = [\"seen\"]", "columns = [\"seen\"]\n\
            [[datasets.clocks.joins]]\ntable = \"visits\"\non = { client = \"id\" }\ncolumn = \"at\"");
        world.promise(&format!("{clients}{}{}", stage(PURGE), stage(reduce)));
        world.execute(TABLES).await;
        world
            .execute(
                "CREATE TABLE visits (client INTEGER, at TIMESTAMPTZ, page TEXT);
                 CREATE INDEX visits_client ON visits (client);
                 ALTER TABLE clients ADD COLUMN secret TEXT",
            )
            .await;
        for id in 1..=2 {
            client(world, id, if id == 1 { "2020-01-01" } else { "2025-10-01" }).await;
        }
        world.restrict_to(&grants(&world.policy, "crm", "consentry")).await;
        let report = world.run(NOW).await;
        assert_eq!((report.rules[0].done, report.rules[1].done), (1, 1));
        assert_eq!(world.column("SELECT name FROM clients").await, ["C.2."]);
        let not_owned = Residue::NotOwned("clients".to_owned());
        assert!(report.residue["crm"].contains(&not_owned));
        let granted = grants(&world.policy, "crm", "consentry").join("\n");
        assert!(!granted.contains("secret") && !granted.contains("page"));
    })
    .await;
}
