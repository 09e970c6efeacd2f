//! Table `subjects`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_subjects")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub controller: String,
    pub address_index: Vec<u8>,
    pub address_index_key: i16,
    pub wrapped_key: Vec<u8>,
    pub sealed_address: Vec<u8>,
    pub sealed_requested_address: Option<Vec<u8>>,
    pub requested_address_at: Option<i64>,
    pub language: String,
    pub generation: i32,
    pub state: String,
    pub first_submitted_at: i64,
    pub last_interaction_at: i64,
    pub imported: bool,
    pub last_prompted_at: Option<i64>,
    pub prompted_at: Option<i64>,
    pub prompted_in_a_row: i32,
    pub prompted_unconfirmed: i32,
    pub reminded_at: Option<i64>,
    pub objected_at: Option<i64>,
    pub restricted_at: Option<i64>,
    pub erased_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
