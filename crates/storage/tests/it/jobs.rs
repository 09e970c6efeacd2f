//! The leases of jobs and what is known of their last run.

use consentry_service::ports::{JobStatus, Store};

use crate::{
    fixtures::{acme, minutes, now, other, worker},
    support::TestDatabase,
};

on_both! {
    a_job_runs_at_one_worker_at_a_time,
    a_job_of_a_dead_worker_is_taken_over,
    a_failure_keeps_the_time_of_the_last_success,
}

async fn a_job_runs_at_one_worker_at_a_time(database: &TestDatabase) {
    let store = database.store().await;
    let (a, b) = (worker("a"), worker("b"));
    let lease = async |controller, worker| {
        let taken = store.lease_job(&controller, "remind", worker).await;
        taken.unwrap()
    };
    let (one, two) = tokio::join!(lease(acme(), &a), lease(acme(), &b));
    assert!(one != two, "one of them, not both");
    let (holder, waiting) = if one { (&a, &b) } else { (&b, &a) };
    assert!(lease(acme(), holder).await, "renewed by calling again");
    assert!(!lease(acme(), waiting).await);
    assert!(
        lease(other(), waiting).await,
        "another controller's job is another job"
    );
    assert_eq!(store.job_statuses(&acme()).await.unwrap(), []);

    store
        .finish_job(&acme(), waiting, &status(true))
        .await
        .unwrap();
    assert!(
        !lease(acme(), waiting).await,
        "only the holder gives it back"
    );
    store
        .finish_job(&acme(), holder, &status(true))
        .await
        .unwrap();
    assert!(lease(acme(), waiting).await);
}

async fn a_job_of_a_dead_worker_is_taken_over(database: &TestDatabase) {
    let store = database.store().await;
    let (dead, heir) = (worker("dead"), worker("heir"));
    assert!(store.lease_job(&acme(), "remind", &dead).await.unwrap());
    assert!(!store.lease_job(&acme(), "remind", &heir).await.unwrap());
    database.expire_leases().await;
    assert!(store.lease_job(&acme(), "remind", &heir).await.unwrap());
    assert!(!store.lease_job(&acme(), "remind", &dead).await.unwrap());
}

async fn a_failure_keeps_the_time_of_the_last_success(database: &TestDatabase) {
    let store = database.store().await;
    let a = worker("a");
    let (good, bad) = (status(true), status(false));
    store.finish_job(&acme(), &a, &good).await.unwrap();
    assert_eq!(store.job_statuses(&acme()).await.unwrap(), [good]);
    store.finish_job(&acme(), &a, &bad).await.unwrap();
    let failed = JobStatus {
        succeeded_at: Some(minutes(1)),
        ..bad
    };
    assert_eq!(store.job_statuses(&acme()).await.unwrap(), [failed]);
    assert_eq!(store.job_statuses(&other()).await.unwrap(), []);
}

fn status(went_well: bool) -> JobStatus {
    JobStatus {
        job: "remind".to_owned(),
        started_at: Some(now()),
        succeeded_at: went_well.then(|| minutes(1)),
        outcome: Some(format!("went well: {went_well}")),
        failed: !went_well,
    }
}
