//! Databases of before the tables had a prefix.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement},
};

use crate::APPLIED;

const TABLES: [&str; 7] = [
    "subjects",
    "subscriptions",
    "consent_events",
    "letters",
    "jobs",
    "tombstones",
    "purges",
];

const INDEXES: [&str; 7] = [
    "subjects_live_address",
    "subjects_pending",
    "subjects_erased",
    "consent_events_subject",
    "letters_subject",
    "letters_due",
    "letters_leased",
];

/// Gives the tables of a database that was made before they had a prefix their present names.
/// Does nothing anywhere else. For the transaction that runs the migrations, before them.
///
/// # Errors
/// Whatever the database refuses.
pub async fn adopt(connection: &DatabaseTransaction) -> Result<(), DbErr> {
    let manager = SchemaManager::new(connection);
    if manager.has_table(APPLIED).await? || !manager.has_table("seaql_migrations").await? {
        return Ok(());
    }
    for table in TABLES {
        if !manager.has_table(table).await? {
            return Ok(());
        }
    }
    // A list with anything else in it is somebody else's.
    let others = "SELECT version FROM seaql_migrations WHERE version <> 'm0001_initial'";
    let others = Statement::from_string(connection.get_database_backend(), others);
    if connection.query_one_raw(others).await?.is_some() {
        return Ok(());
    }
    for index in INDEXES {
        let drop = format!("DROP INDEX {index}");
        connection.execute_unprepared(&drop).await?;
    }
    for table in TABLES {
        let rename = format!("ALTER TABLE {table} RENAME TO consentry_{table}");
        connection.execute_unprepared(&rename).await?;
    }
    for index in crate::m0001_initial::indexes() {
        connection.execute_unprepared(index).await?;
    }
    let rename = format!("ALTER TABLE seaql_migrations RENAME TO {APPLIED}");
    connection.execute_unprepared(&rename).await?;
    Ok(())
}
