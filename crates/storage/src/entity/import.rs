//! Table `consentry_imports`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_imports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub controller: String,
    pub name_index: Vec<u8>,
    pub started_at: i64,
    pub updated_at: i64,
    pub rows_read: i64,
    pub accepted: i64,
    pub already_there: i64,
    pub left_out: i64,
    pub duplicates: i64,
    pub finished: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
