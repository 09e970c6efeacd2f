//! `consentry-admin hold …` and `consentry-admin event …`

use clap::{Args, Subcommand};
use consentry_address::EmailAddress;
use consentry_policy::{DatasetId, OwnDataset, Slug, SqlName};
use consentry_service::{
    Error, Events,
    ports::{HoldId, Identity, LegalHold, RetentionStore},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, print_line, say},
    short,
};
use crate::{
    Failure,
    retention::{Retention, random},
};

#[derive(Debug, Subcommand)]
pub(super) enum HoldCommand {
    /// Let no rule touch rows of a dataset until the hold is lifted; prints its id
    #[command(visible_alias = "set")]
    Add {
        /// The dataset, as the policy names it
        dataset: DatasetId,
        /// Whose rows: the value of the identity column; everybody's if left out
        #[arg(long)]
        identity: Option<String>,
        /// Only this field; the whole row if left out
        #[arg(long)]
        field: Option<SqlName>,
        /// The kind of hold, as the policy names it
        #[arg(long)]
        kind: Slug,
        /// The case that it is for
        #[arg(long)]
        case: String,
        /// Who sets it
        #[arg(long)]
        author: String,
        /// When somebody looks at it again (RFC 3339); what the policy says of its kind if left out
        #[arg(long, value_name = "TIME")]
        review: Option<Timestamp>,
    },
    /// Lift a hold, and forget whose rows it was on
    Lift {
        /// Its id in `hold list`
        id: String,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// List the holds, oldest first
    List {
        /// Those that were lifted too
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        listing: Listing,
    },
}

#[derive(Debug, Args)]
pub(super) struct EventArgs {
    /// The event, as the policy names it
    event: Slug,
    /// To whom it happened: the value of the identity column
    identity: String,
    /// When it happened (RFC 3339) [now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// As it is listed.
#[derive(Serialize)]
struct Listed<'a> {
    id: String,
    dataset: &'a str,
    identity: Option<&'a str>,
    field: Option<&'a str>,
    kind: &'a str,
    case: &'a str,
    author: &'a str,
    since: Timestamp,
    review_at: Timestamp,
    lifted_at: Option<Timestamp>,
}

pub(super) async fn run(retention: &Retention, command: HoldCommand) -> Result<(), Failure> {
    let (store, controller) = (retention.store(), retention.controller());
    match command {
        HoldCommand::Add {
            dataset,
            identity,
            field,
            kind,
            case,
            author,
            review,
        } => {
            let since = retention.now();
            check(retention, &dataset, identity.as_deref(), field.as_ref())?;
            let policy = retention.policy();
            let known = policy.holds.iter().find(|known| known.id == kind);
            let known = known.ok_or_else(|| {
                let kinds = policy.holds.iter().map(|known| known.id.as_str());
                unknown("kind of hold", &kind, kinds)
            })?;
            let review_at = review.unwrap_or_else(|| known.review.after(since, &policy.calendar));
            let hold = LegalHold {
                id: HoldId(u64::from_be_bytes(random())),
                dataset,
                identity: identity.map(Identity::new),
                field,
                kind,
                case,
                author,
                since,
                review_at,
                lifted_at: None,
            };
            store.set_hold(controller, &hold).await?;
            print_line(&written(hold.id))
        }
        HoldCommand::Lift { id, confirmed } => {
            let id = u64::from_str_radix(&id, 16)
                .map_err(|_| Failure::usage(format!("`{id}` is no id of a hold")))?;
            ask("Lift this hold, so that rules act again?", confirmed)?;
            let lifted = store.lift_hold(controller, HoldId(id), retention.now());
            if !lifted.await? {
                return Err(Failure::Found("no hold of that id is in force".to_owned()));
            }
            say("lifted");
            Ok(())
        }
        HoldCommand::List { all, listing } => {
            let holds = store.legal_holds(controller).await?;
            let holds = holds.iter().filter(|hold| all || hold.lifted_at.is_none());
            list(&holds.map(listed).collect::<Vec<_>>(), listing)
        }
    }
}

/// Notes that an event happened.
pub(super) async fn event(events: &Events, args: EventArgs) -> Result<(), Failure> {
    let identity = Identity::new(args.identity);
    match events.report(args.event.as_str(), identity, args.at).await {
        Ok(noted) => {
            say(if noted { "noted" } else { "known already" });
            Ok(())
        }
        Err(Error::UnknownEvent) => Err(unknown("event", &args.event, events.known())),
        Err(error) => Err(error.into()),
    }
}

/// A hold that can find nothing would protect nobody.
fn check(
    retention: &Retention,
    dataset: &DatasetId,
    identity: Option<&str>,
    field: Option<&SqlName>,
) -> Result<(), Failure> {
    if dataset.as_str() == OwnDataset::Subscribers.as_str() {
        return check_subscriber(identity, field);
    }
    let datasets = &retention.policy().datasets;
    let sourced = |one: &&consentry_policy::Dataset| one.source.is_some();
    let Some(found) = datasets
        .iter()
        .filter(sourced)
        .find(|one| one.id == *dataset)
    else {
        let ids = datasets.iter().filter(sourced).map(|one| one.id.as_str());
        let ids = ids.chain([OwnDataset::Subscribers.as_str()]);
        return Err(unknown("dataset that can be held", dataset, ids));
    };
    let column = found.source.as_ref().and_then(|one| one.identity.as_ref());
    if identity.is_some() && column.is_none() {
        return Err(Failure::usage(format!(
            "dataset `{dataset}` names no `identity` column, so nobody's rows can be told apart"
        )));
    }
    match field {
        Some(field) if found.field(field.as_str()).is_none() => {
            let fields = found.fields.iter().map(|one| one.id.as_str());
            Err(unknown("field", field, fields))
        }
        _ => Ok(()),
    }
}

/// Subscribers are found by their address, and their records go as a whole.
fn check_subscriber(identity: Option<&str>, field: Option<&SqlName>) -> Result<(), Failure> {
    if field.is_some() {
        return Err(Failure::usage(
            "--field: the record of a subscriber is kept as a whole",
        ));
    }
    match identity.map(EmailAddress::parse) {
        Some(Err(error)) => Err(Failure::usage(format!(
            "--identity: subscribers are named by their address: {error}"
        ))),
        _ => Ok(()),
    }
}

fn unknown<'a>(
    what: &str,
    name: impl std::fmt::Display,
    known: impl Iterator<Item = &'a str>,
) -> Failure {
    let known: Vec<_> = known.collect();
    let known = if known.is_empty() {
        "it has none".to_owned()
    } else {
        format!("it has {}", known.join(", "))
    };
    Failure::usage(format!("the policy has no {what} `{name}`; {known}"))
}

fn written(id: HoldId) -> String {
    format!("{:016x}", id.0)
}

fn listed(hold: &LegalHold) -> Listed<'_> {
    Listed {
        id: written(hold.id),
        dataset: hold.dataset.as_str(),
        identity: hold.identity.as_ref().map(Identity::expose),
        field: hold.field.as_ref().map(SqlName::as_str),
        kind: hold.kind.as_str(),
        case: &hold.case,
        author: &hold.author,
        since: hold.since,
        review_at: hold.review_at,
        lifted_at: hold.lifted_at,
    }
}

fn list(holds: &[Listed<'_>], listing: Listing) -> Result<(), Failure> {
    if listing.format == Format::Json {
        return print_json(&holds);
    }
    let mut table = Table::new([
        "id", "dataset", "identity", "field", "kind", "case", "author", "review", "lifted",
    ]);
    for hold in holds {
        let lifted = hold.lifted_at.map(|at| short(&at.to_string()));
        let everybody = if hold.lifted_at.is_some() { "" } else { "all" };
        table.row([
            &hold.id,
            hold.dataset,
            hold.identity.unwrap_or(everybody),
            hold.field.unwrap_or("all"),
            hold.kind,
            hold.case,
            hold.author,
            &short(&hold.review_at.to_string()),
            &lifted.unwrap_or_default(),
        ]);
    }
    table.print()
}
