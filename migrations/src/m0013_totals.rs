//! Totals that survive a purge: how many people asked for a topic in a month, and how they stood at
//! their end (S2-18). Nobody is named, and no row leads to anybody.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE consentry_totals (
    controller TEXT NOT NULL,
    month TEXT NOT NULL,
    topic TEXT NOT NULL,
    state TEXT NOT NULL,
    people BIGINT NOT NULL,
    PRIMARY KEY (controller, month, topic, state)
)";
