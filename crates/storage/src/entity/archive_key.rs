//! Table `consentry_archive_keys`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_archive_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub controller: String,
    /// None where the record is nobody's.
    pub subject_index: Option<Vec<u8>>,
    pub subject_index_key: Option<i16>,
    pub wrapped_key: Vec<u8>,
    pub sealed_subject: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
