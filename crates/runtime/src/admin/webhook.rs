//! `consentry-admin webhook …`

use clap::Subcommand;
use consentry_service::{
    Webhooks,
    ports::{DeliveryRecord, DeliveryState, EventKind, MessageId, Webhook, WebhookId, WebhookUrl},
};
use serde::Serialize;

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, print_line, say},
};
use crate::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum WebhookCommand {
    /// Register an endpoint; its secret is printed once
    Add {
        /// https, or http on this machine; an endpoint gets people's addresses, so it is your choice
        /// whether it may lie in a private network
        #[arg(long, value_parser = WebhookUrl::parse)]
        url: WebhookUrl,
        /// What to tell it of, such as subscriber.confirmed, as often as needed; everything if left
        /// out (docs/api.md lists the events)
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<EventKind>,
        #[command(flatten)]
        listing: Listing,
    },
    /// List every endpoint, without its secret
    List(Listing),
    /// Give an endpoint a new secret; the former one signs too for 7 days
    Rotate {
        /// Its id in `webhook list`
        id: WebhookId,
        #[command(flatten)]
        listing: Listing,
    },
    /// Remove an endpoint with everything that waits for it
    Remove {
        /// Its id in `webhook list`
        id: WebhookId,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// List what waits and what was given up; what was delivered is not kept
    Deliveries {
        /// Only what was given up
        #[arg(long)]
        dead: bool,
        /// At most so many, oldest first
        #[arg(long, default_value_t = 1000)]
        limit: u64,
        #[command(flatten)]
        listing: Listing,
    },
    /// Queue again what was given up
    Requeue {
        /// Only this message; everything if left out
        message: Option<MessageId>,
    },
}

pub(super) async fn run(webhooks: &Webhooks, command: WebhookCommand) -> Result<(), Failure> {
    match command {
        WebhookCommand::Add {
            url,
            events,
            listing,
        } => {
            let (webhook, secret) = webhooks.add(url, events).await?;
            if listing.format == Format::Json {
                return print_json(&WithSecret {
                    webhook: Listed::new(&webhook),
                    secret: secret.written(),
                });
            }
            say(&format!(
                "endpoint {}; this secret is not shown again",
                webhook.id
            ));
            print_line(&secret.written())
        }
        WebhookCommand::List(listing) => list(webhooks, listing).await,
        WebhookCommand::Rotate { id, listing } => {
            let (secret, until) = webhooks.rotate(id).await?.ok_or_else(|| unknown(id))?;
            if listing.format == Format::Json {
                return print_json(&Rotated {
                    id: id.to_string(),
                    former_until: until.to_string(),
                    secret: secret.written(),
                });
            }
            say(&format!(
                "this secret is not shown again; the former one signs too until {until}"
            ));
            print_line(&secret.written())
        }
        WebhookCommand::Remove { id, confirmed } => {
            ask("Remove this endpoint and what waits for it?", confirmed)?;
            if !webhooks.remove(id).await? {
                return Err(unknown(id));
            }
            say("removed");
            Ok(())
        }
        WebhookCommand::Deliveries {
            dead,
            limit,
            listing,
        } => {
            let state = dead.then_some(DeliveryState::Dead);
            deliveries(&webhooks.deliveries(state, limit).await?, listing)
        }
        WebhookCommand::Requeue { message } => match webhooks.requeue(message).await? {
            0 => Err(Failure::Found("nothing of this was given up".to_owned())),
            1 => {
                say("1 message queued");
                Ok(())
            }
            count => {
                say(&format!("{count} messages queued"));
                Ok(())
            }
        },
    }
}

fn unknown(id: WebhookId) -> Failure {
    Failure::Found(format!("there is no endpoint {id}"))
}

#[derive(Serialize)]
struct WithSecret {
    #[serde(flatten)]
    webhook: Listed,
    secret: String,
}

#[derive(Serialize)]
struct Rotated {
    id: String,
    former_until: String,
    secret: String,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    url: String,
    events: Vec<&'static str>,
    created_at: String,
    delivered_at: Option<String>,
    paused_until: Option<String>,
    former_until: Option<String>,
}

impl Listed {
    fn new(webhook: &Webhook) -> Self {
        let text = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.expose().to_string(),
            events: webhook.events.iter().map(|event| event.as_str()).collect(),
            created_at: webhook.created_at.to_string(),
            delivered_at: text(webhook.delivered_at),
            paused_until: text(webhook.paused_until),
            former_until: text(webhook.former_until),
        }
    }
}

async fn list(webhooks: &Webhooks, listing: Listing) -> Result<(), Failure> {
    let endpoints: Vec<_> = webhooks.list().await?.iter().map(Listed::new).collect();
    if listing.format == Format::Json {
        return print_json(&endpoints);
    }
    if endpoints.is_empty() {
        say("no endpoints");
        return Ok(());
    }
    let mut table = Table::new(["id", "url", "events", "last delivery", "paused until"]);
    for endpoint in &endpoints {
        let events = match endpoint.events.as_slice() {
            [] => "all".to_owned(),
            events => events.join(" "),
        };
        table.row([
            &endpoint.id,
            &endpoint.url,
            &events,
            endpoint.delivered_at.as_deref().unwrap_or("never"),
            endpoint.paused_until.as_deref().unwrap_or(""),
        ]);
    }
    table.print()
}

#[derive(Serialize)]
struct Waiting {
    message: String,
    webhook: String,
    subject: String,
    event: &'static str,
    at: String,
    state: &'static str,
    attempts: u32,
    due_at: Option<String>,
    status: Option<u16>,
}

impl Waiting {
    fn new(record: &DeliveryRecord) -> Self {
        Self {
            message: record.message.to_string(),
            webhook: record.webhook.to_string(),
            subject: record.subject.to_string(),
            event: record.notice.kind.as_str(),
            at: record.notice.at.to_string(),
            state: record.state.as_str(),
            attempts: record.attempts,
            due_at: record.due_at.map(|at| at.to_string()),
            status: record.status,
        }
    }
}

fn deliveries(records: &[DeliveryRecord], listing: Listing) -> Result<(), Failure> {
    let waiting: Vec<_> = records.iter().map(Waiting::new).collect();
    if listing.format == Format::Json {
        return print_json(&waiting);
    }
    if waiting.is_empty() {
        say("nothing waits and nothing was given up");
        return Ok(());
    }
    let mut table = Table::new([
        "message", "endpoint", "event", "at", "state", "tries", "answer", "next try",
    ]);
    for one in &waiting {
        table.row([
            &one.message,
            &one.webhook,
            one.event,
            &one.at,
            one.state,
            &one.attempts.to_string(),
            &one.status
                .map_or_else(String::new, |status| status.to_string()),
            one.due_at.as_deref().unwrap_or(""),
        ]);
    }
    table.print()
}
