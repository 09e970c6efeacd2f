//! The tables as SeaORM sees them. What each column holds is in `docs/data.md`.

#![expect(
    unreachable_pub,
    reason = "the derives make public items; nothing of them is exported"
)]

pub(crate) mod api_key;
pub(crate) mod archive_key;
pub(crate) mod consent_event;
pub(crate) mod event;
pub(crate) mod event_settlement;
pub(crate) mod hold;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod installation;
pub(crate) mod job;
pub(crate) mod journal;
pub(crate) mod letter;
pub(crate) mod policy_version;
pub(crate) mod purge;
pub(crate) mod retention_plan;
pub(crate) mod retention_run;
pub(crate) mod subject;
pub(crate) mod subscription;
pub(crate) mod tombstone;
pub(crate) mod total;
pub(crate) mod webhook;
pub(crate) mod webhook_delivery;
