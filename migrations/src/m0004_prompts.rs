//! How many letters a stranger could have caused, and what the breaker counts.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(SCHEMA)
            .await
            .map(drop)
    }
}

/// The breaker's index of confirmed people is one that a sign-up does not write.
const SCHEMA: &str = "
ALTER TABLE consentry_subjects ADD COLUMN prompted_at BIGINT;
ALTER TABLE consentry_subjects ADD COLUMN prompted_in_a_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE consentry_subjects ADD COLUMN prompted_unconfirmed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX consentry_subjects_confirmed ON consentry_subjects (controller, first_submitted_at)
    WHERE state = 'confirmed' AND erased_at IS NULL;
";
