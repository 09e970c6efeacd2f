//! No statement is waited for without a limit.

use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};

/// Longer than PostgreSQL itself lets a statement run: who waits longer has a connection that is
/// dead without saying so.
const LIMIT: Duration = Duration::from_secs(35);

/// A transaction whose every statement ends in time. One that did not leaves its connection in an
/// unknown state: the pool asks it for a sign of life, and closes it when none comes.
pub(crate) struct Bounded(DatabaseTransaction);

impl Bounded {
    pub(crate) fn new(transaction: DatabaseTransaction) -> Self {
        Self(transaction)
    }

    /// For what the trait does not reach: savepoints and migrations.
    pub(crate) fn unbounded(&self) -> &DatabaseTransaction {
        &self.0
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        in_time(self.0.commit()).await
    }
}

/// Ends a call to the database that nobody answers.
pub(crate) async fn in_time<T>(call: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let answer = tokio::time::timeout(LIMIT, call).await;
    answer.unwrap_or_else(|_| {
        let silent = RuntimeErr::Internal("no answer in time".to_owned());
        Err(DbErr::Conn(silent))
    })
}

#[async_trait]
impl ConnectionTrait for Bounded {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        in_time(self.0.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        in_time(self.0.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        in_time(self.0.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        in_time(self.0.query_all_raw(statement)).await
    }
}
