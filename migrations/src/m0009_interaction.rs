//! When a person last did something here: the clock of subscribers who are kept for a period.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                "ALTER TABLE consentry_subjects
                     ADD COLUMN last_interaction_at BIGINT NOT NULL DEFAULT 0;
                 UPDATE consentry_subjects SET last_interaction_at = COALESCE(
                     (SELECT MAX(at) FROM consentry_consent_events
                         WHERE subject_id = consentry_subjects.id
                             AND channel NOT IN ('schedule', 'import')),
                     first_submitted_at);
                 CREATE INDEX consentry_subjects_inactive
                     ON consentry_subjects (controller, last_interaction_at)
                     WHERE state = 'confirmed' AND erased_at IS NULL;",
            )
            .await?;
        Ok(())
    }
}
