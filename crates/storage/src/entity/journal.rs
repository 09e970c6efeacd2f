//! Table `consentry_journal`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub controller: String,
    /// Not a foreign key: the entry outlives the record.
    pub subject: i64,
    pub kind: String,
    pub topic: Option<String>,
    pub sealed_address: Option<Vec<u8>>,
    pub generation: i32,
    pub at: i64,
    /// By the clock of the database.
    pub written_at: i64,
    /// Whether the restore that is under way has yet to repeat it.
    pub to_replay: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
