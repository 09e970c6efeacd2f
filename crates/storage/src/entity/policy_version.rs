//! Table `consentry_policy_versions`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_policy_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub controller: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub version: String,
    pub fingerprint: String,
    pub source: String,
    pub published_at: i64,
    pub in_force_from: i64,
    pub reason: String,
    pub announce: String,
    pub substantial: bool,
    pub classes: String,
    pub told_to: Option<i64>,
    pub told_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
