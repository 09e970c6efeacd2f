//! `docs/data.md` lists every column of the archive with what ends it.

use std::collections::BTreeSet;

use crate::support::World;

on_both! { every_column_of_the_archive_is_documented, }

const DOCUMENT: &str = include_str!("../../../../docs/data.md");

/// S2-22.
async fn every_column_of_the_archive_is_documented(world: &World) {
    let sql = if world.is_sqlite() {
        "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name <> 'consentry_archive_migrations'"
    } else {
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> 'consentry_archive_migrations'"
    };
    let rows = world.rows(sql).await;
    let held: BTreeSet<String> = rows
        .iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect();
    let documented: BTreeSet<String> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| archive `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, held);
}
