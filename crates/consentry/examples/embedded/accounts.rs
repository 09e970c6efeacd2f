//! The application's own tables, beside those of Consentry in one database.

use consentry::sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{
    MigrationTrait, MigratorTrait, SchemaManager, async_trait, sea_orm::DeriveMigrationName,
};

/// Begins a transaction that may write: on SQLite an immediate one, which waits for its turn to
/// write before it reads.
#[expect(
    clippy::disallowed_methods,
    reason = "the application decides about its own transactions"
)]
pub(crate) async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let is_sqlite = database.get_database_backend() == DbBackend::Sqlite;
    let options = TransactionOptions {
        sqlite_transaction_mode: is_sqlite.then_some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    database.begin_with_options(options).await
}

/// Creates an account; one address has at most one.
pub(crate) async fn insert(db: &DatabaseTransaction, email: &str) -> Result<(), DbErr> {
    let account = account::ActiveModel {
        id: NotSet,
        email: Set(email.to_owned()),
    };
    account::Entity::insert(account)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Redeems an invitation; each works once.
pub(crate) async fn redeem(db: &DatabaseTransaction, code: &str) -> Result<(), DbErr> {
    let redeemed = invitation::ActiveModel {
        code: Set(code.to_owned()),
    };
    invitation::Entity::insert(redeemed)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

mod account {
    #![expect(unreachable_pub, reason = "the derives make public items")]
    use consentry::sea_orm::{self, entity::prelude::*};

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        pub email: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod invitation {
    #![expect(unreachable_pub, reason = "the derives make public items")]
    use consentry::sea_orm::{self, entity::prelude::*};

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "redeemed_invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The application's migrations, listed in SeaORM's usual table.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Accounts)]
    }
}

#[derive(DeriveMigrationName)]
struct Accounts;

#[async_trait::async_trait]
impl MigrationTrait for Accounts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = sea_orm_migration::sea_orm::Schema::new(manager.get_database_backend());
        for table in [
            schema.create_table_from_entity(account::Entity),
            schema.create_table_from_entity(invitation::Entity),
        ] {
            manager.create_table(table).await?;
        }
        Ok(())
    }
}
