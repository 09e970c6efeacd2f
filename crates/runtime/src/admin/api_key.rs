//! `consentry-admin api-key …`

use clap::Subcommand;
use consentry_policy::Period;
use consentry_service::{
    Api,
    ports::{ApiKey, ApiKeyId, Scope},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Format, Listing,
    output::{Table, print_json, print_line, say},
};
use crate::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum ApiKeyCommand {
    /// Make a key for the JSON API; its token is printed once and stored nowhere
    Create {
        /// What the program that holds it is called
        #[arg(long)]
        name: String,
        /// What it may do, as often as needed: topics:read, subscribers:read, subscribers:write,
        /// subscribers:export, subscribers:erase
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
        /// When it ends, counted from now, such as "90 days"; never if left out
        #[arg(long, value_name = "PERIOD")]
        expires: Option<Period>,
        #[command(flatten)]
        listing: Listing,
    },
    /// List every key, without its token
    List(Listing),
    /// Take a key back; it opens nothing from now on
    Revoke {
        /// Its id in `api-key list`
        id: ApiKeyId,
    },
}

pub(super) async fn run(api: &Api, command: ApiKeyCommand) -> Result<(), Failure> {
    match command {
        ApiKeyCommand::Create {
            name,
            scopes,
            expires,
            listing,
        } => {
            let name = name.trim();
            if name.is_empty() {
                return Err(Failure::usage("the key needs a name"));
            }
            let scopes = scopes.into_iter().collect();
            let (key, token) = api.create_key(name, scopes, expires).await?;
            if listing.format == Format::Json {
                return print_json(&Created {
                    key: Listed::new(&key, key.created_at),
                    token: token.expose(),
                });
            }
            say("this token is not shown again");
            print_line(token.expose())
        }
        ApiKeyCommand::List(listing) => list(api, listing).await,
        ApiKeyCommand::Revoke { id } => {
            if !api.revoke_key(id).await? {
                return Err(Failure::Found(format!("there is no key {id}")));
            }
            say("revoked");
            Ok(())
        }
    }
}

#[derive(Serialize)]
struct Created<'a> {
    #[serde(flatten)]
    key: Listed,
    token: &'a str,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    name: String,
    state: &'static str,
    scopes: Vec<&'static str>,
    created_at: String,
    last_used_on: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

impl Listed {
    fn new(key: &ApiKey, now: Timestamp) -> Self {
        let state = match key.revoked_at {
            Some(_) => "revoked",
            None if key.is_valid(now) => "valid",
            None => "expired",
        };
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            state,
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            created_at: key.created_at.to_string(),
            last_used_on: key.last_used_on.map(|day| day.to_string()),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

async fn list(api: &Api, listing: Listing) -> Result<(), Failure> {
    let now = api.service().now();
    let keys = api.keys().await?;
    let keys: Vec<_> = keys.iter().map(|key| Listed::new(key, now)).collect();
    if listing.format == Format::Json {
        return print_json(&keys);
    }
    if keys.is_empty() {
        say("no keys");
        return Ok(());
    }
    let mut table = Table::new(["id", "name", "state", "scopes", "last used", "expires"]);
    for key in &keys {
        table.row([
            &key.id,
            &key.name,
            key.state,
            &key.scopes.join(" "),
            key.last_used_on.as_deref().unwrap_or("never"),
            key.expires_at.as_deref().unwrap_or("never"),
        ]);
    }
    table.print()
}
