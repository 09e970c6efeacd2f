//! Published versions of the policy, and how far their letters are queued. Rows are never changed
//! but for that.

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
CREATE TABLE consentry_policy_versions (
    controller TEXT NOT NULL,
    number BIGINT NOT NULL,
    version TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    source TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    in_force_from BIGINT NOT NULL,
    reason TEXT NOT NULL,
    announce TEXT NOT NULL,
    substantial BOOLEAN NOT NULL,
    classes TEXT NOT NULL,
    told_to BIGINT,
    told_at BIGINT,
    PRIMARY KEY (controller, number)
);
CREATE UNIQUE INDEX consentry_policy_versions_version
    ON consentry_policy_versions (controller, version);
";
