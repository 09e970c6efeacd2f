//! `docs/data.md` lists every column of the schema with the rule that removes it.

use std::collections::BTreeSet;

use crate::support::TestDatabase;

on_both! { every_column_is_documented_with_the_rule_that_removes_it, }

const DOCUMENT: &str = include_str!("../../../../docs/data.md");

async fn every_column_is_documented_with_the_rule_that_removes_it(database: &TestDatabase) {
    database.store().await;
    let sql = if database.is_sqlite() {
        "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name <> 'consentry_migrations'"
    } else {
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> 'consentry_migrations'"
    };
    let held: BTreeSet<String> = database.column(sql).await.into_iter().collect();
    let (documented, rules): (BTreeSet<String>, BTreeSet<&str>) = rows().unzip();
    assert_eq!(documented, held);
    for rule in rules {
        assert!(DOCUMENT.contains(&format!("- **{rule}**: ")), "{rule}");
    }
}

/// The rows of the tables in the document: column and rule.
fn rows() -> impl Iterator<Item = (String, &'static str)> {
    DOCUMENT.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let column = cells.next()?.trim_end_matches('`');
        let rule = cells.nth(1)?;
        Some((column.to_owned(), rule))
    })
}
