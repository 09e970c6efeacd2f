//! Indexes over what is asked for all the time and seldom there: letters that did not go, people who
//! left everything. Without them, a look at a million people reads all of them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX consentry_letters_troubled ON consentry_letters (controller, state)
                     WHERE state IN ('failed', 'uncertain');
                 CREATE INDEX consentry_subjects_left
                     ON consentry_subjects (controller, first_submitted_at)
                     WHERE state = 'unsubscribed' AND erased_at IS NULL;",
            )
            .await?;
        Ok(())
    }
}
