//! Table `consentry_events`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub controller: String,
    pub at: i64,
    pub received_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
