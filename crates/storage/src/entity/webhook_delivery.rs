//! Table `webhook_deliveries`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub webhook_id: i64,
    pub controller: String,
    pub message: i64,
    /// No foreign key: that a record was purged is told after it is gone.
    pub subject_id: i64,
    pub event: String,
    pub topics: String,
    pub at: i64,
    /// When it is to be sent; `NULL` when no further try is owed.
    pub due_at: Option<i64>,
    pub attempts: i32,
    pub worker: Option<String>,
    pub leased_until: Option<i64>,
    pub status: Option<i32>,
    pub dead_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
