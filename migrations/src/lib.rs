//! The database schema, in order.
//!
//! One migration is one file. A published migration is never changed: what comes later is a new
//! file. Every name begins with `consentry_`, the list of what was applied included: the tables of an
//! embedder lie beside ours. Every table and column is listed in `docs/data.md` with the rule that removes it, and a
//! test of `consentry-storage` holds the two together.
//!
//! ```
//! use consentry_migrations::{Migrator, sea_orm_migration::MigratorTrait};
//!
//! assert_eq!(Migrator::migration_table_name().to_string(), "consentry_migrations");
//! ```

pub use sea_orm_migration;
use sea_orm_migration::{
    MigrationTrait, MigratorTrait, async_trait, sea_orm::DynIden, sea_query::IntoIden,
};

mod former;
mod m0001_initial;
mod m0003_api;
mod m0004_prompts;
mod m0005_imports;
mod m0006_recovery;
mod m0007_trouble;
mod m0008_watched;
mod m0009_interaction;
mod m0010_versions;
mod m0011_retention;
mod m0012_archive_keys;
mod m0013_totals;

pub use former::adopt;

/// The table that lists the migrations that were applied.
pub const APPLIED: &str = "consentry_migrations";

/// The migrations of Consentry, for [`MigratorTrait::up`]. It takes no lock: `consentry-storage`
/// does, and runs them in one transaction.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migration_table_name() -> DynIden {
        APPLIED.into_iden()
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0003_api::Migration),
            Box::new(m0004_prompts::Migration),
            Box::new(m0005_imports::Migration),
            Box::new(m0006_recovery::Migration),
            Box::new(m0007_trouble::Migration),
            Box::new(m0008_watched::Migration),
            Box::new(m0009_interaction::Migration),
            Box::new(m0010_versions::Migration),
            Box::new(m0011_retention::Migration),
            Box::new(m0012_archive_keys::Migration),
            Box::new(m0013_totals::Migration),
        ]
    }
}
