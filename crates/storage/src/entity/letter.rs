//! Table `letters`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_letters")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub subject_id: i64,
    pub controller: String,
    pub kind: String,
    pub state: String,
    pub queued_at: i64,
    /// When it is to be handed over; `NULL` when no further try is owed.
    pub due_at: Option<i64>,
    pub attempts: i32,
    pub uncertain: i32,
    pub worker: Option<String>,
    pub leased_until: Option<i64>,
    pub reason: Option<String>,
    pub reply_code: Option<i32>,
    pub reply_status: Option<String>,
    pub settled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
