//! Table `consent_events`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_consent_events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub subject_id: i64,
    pub controller: String,
    pub receipt: String,
    pub at: i64,
    pub action: String,
    pub channel: String,
    pub topic: Option<String>,
    pub basis: Option<String>,
    pub notice: String,
    pub source: Option<String>,
    pub agreed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
