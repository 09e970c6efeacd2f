//! Cleaning the bytes of purged records, and of keys that were wrapped anew, out of the files.
//!
//! What `DELETE` leaves behind is sealed, and its key is gone with the row; this removes what the
//! engine can remove as well. On SQLite that is everything: `secure_delete` alone leaves copies in
//! unallocated space, so the file is rewritten, the statistics with it, and the WAL is cut.

use consentry_service::ports::StoreError;
use sea_orm::{
    DbBackend, EntityTrait,
    sea_query::{Expr, ExprTrait},
    sqlx::{self, Connection, Executor},
};

use crate::bounded::Bounded;
use crate::{
    entity::purge,
    error::{driver_error, is_busy, not_built_in, store_error},
    transaction::Database,
};

/// The tables that a purge deletes from.
#[cfg(feature = "postgres")]
const TOUCHED: [&str; 10] = [
    "consentry_subjects",
    "consentry_subscriptions",
    "consentry_consent_events",
    "consentry_letters",
    "consentry_webhook_deliveries",
    "consentry_journal",
    "consentry_identities",
    "consentry_events",
    "consentry_event_settlements",
    "consentry_archive_keys",
];

/// How long SQLite waits for a lock while it cleans.
#[cfg(feature = "sqlite")]
const PATIENCE: &str = "PRAGMA busy_timeout = 500";

/// Notes that the bytes of so many records are left to clean.
pub(crate) async fn note(db: &Bounded, records: u64) -> Result<(), StoreError> {
    let sum = Expr::col(purge::Column::Purged).add(records.cast_signed());
    purge::Entity::update_many()
        .col_expr(purge::Column::Purged, sum)
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Cleans when something was purged or wrapped anew since the last time; `false` when somebody was reading.
pub(crate) async fn clean(database: &Database) -> Result<bool, StoreError> {
    let purges = purge::Entity::find()
        .one(&database.connection)
        .await
        .map_err(store_error)?;
    let Some(purges) = purges.filter(|purges| purges.purged != purges.cleaned) else {
        return Ok(true);
    };
    let is_clean = match database.connection.get_database_backend() {
        #[cfg(feature = "sqlite")]
        DbBackend::Sqlite => rewrite_sqlite(database).await,
        #[cfg(feature = "postgres")]
        DbBackend::Postgres => vacuum_postgres(database).await.map(|()| true),
        _ => return Err(not_built_in()),
    };
    match is_clean {
        Ok(true) => {}
        Ok(false) => return Ok(false),
        Err(error) if is_busy(&error) => return Ok(false),
        Err(error) => return Err(driver_error(&error)),
    }
    // As it was read before: what was purged meanwhile is left for the next pass.
    let transaction = database.write().await?;
    purge::Entity::update_many()
        .col_expr(purge::Column::Cleaned, Expr::value(purges.purged))
        .exec(&transaction.inner)
        .await
        .map_err(store_error)?;
    transaction.commit().await?;
    Ok(true)
}

#[cfg(feature = "sqlite")]
async fn rewrite_sqlite(database: &Database) -> Result<bool, sqlx::Error> {
    let _turn = database.turn().await;
    let pool = database.connection.get_sqlite_connection_pool();
    // Taken out of the pool: while the checkpoint waits for readers it keeps writers out, so it
    // waits for less time than they would bear.
    let mut connection = pool.acquire().await?.detach();
    connection.execute(PATIENCE).await?;
    let statistics: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')",
    )
    .fetch_optional(&mut connection)
    .await?;
    if statistics.is_some() {
        // Samples of indexed values outlive their rows.
        connection.execute("ANALYZE").await?;
    }
    // The new file is written beside the old one, on the disk: in memory it would have no bound.
    connection.execute("PRAGMA temp_store = FILE").await?;
    connection.execute("VACUUM").await?;
    let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(busy == 0)
}

#[cfg(feature = "postgres")]
async fn vacuum_postgres(database: &Database) -> Result<(), sqlx::Error> {
    let pool = database.connection.get_postgres_connection_pool();
    // Taken out of the pool: no other statement may inherit that it has no time limit.
    let mut connection = pool.acquire().await?.detach();
    connection.execute("SET statement_timeout = 0").await?;
    for table in TOUCHED {
        let vacuum = format!("VACUUM (ANALYZE) {table}");
        connection.execute(sqlx::AssertSqlSafe(vacuum)).await?;
    }
    connection.close().await
}
