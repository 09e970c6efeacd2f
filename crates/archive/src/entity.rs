//! The tables as SeaORM sees them. What each column holds is in `docs/data.md`.

#![expect(
    unreachable_pub,
    reason = "the derives make public items; nothing of them is exported"
)]

pub(crate) mod record {
    //! Table `consentry_archive_records`.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consentry_archive_records")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub controller: String,
        pub dataset: String,
        pub stage: String,
        pub state: Option<String>,
        pub row_index: Vec<u8>,
        /// In another database.
        pub key_id: i64,
        pub taken_at: i64,
        pub sealed: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod moment {
    //! Table `consentry_archive_moments`.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consentry_archive_moments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub record_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub clock: String,
        pub controller: String,
        pub dataset: String,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod opening {
    //! Table `consentry_archive_openings`.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consentry_archive_openings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub controller: String,
        pub at: i64,
        pub act: String,
        pub author: String,
        pub reason: String,
        pub matter: Option<String>,
        pub dataset: Option<String>,
        /// In another database; none where nobody was found.
        pub key_id: Option<i64>,
        pub records: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
