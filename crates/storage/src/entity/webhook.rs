//! Table `webhooks`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consentry_webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub controller: String,
    pub url: String,
    pub events: String,
    pub wrapped_key: Vec<u8>,
    pub sealed_secret: Vec<u8>,
    pub sealed_former_secret: Option<Vec<u8>>,
    pub former_until: Option<i64>,
    pub created_at: i64,
    pub delivered_at: Option<i64>,
    pub paused_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
