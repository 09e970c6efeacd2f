//! Table `jobs`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub controller: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: String,
    pub worker: Option<String>,
    pub leased_until: Option<i64>,
    pub started_at: Option<i64>,
    pub succeeded_at: Option<i64>,
    pub outcome: Option<String>,
    pub failed: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
