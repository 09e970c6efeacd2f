//! `consentry-admin keys …`

use std::time::Duration;

use clap::Subcommand;
use consentry::{KeyFile, KeyFileChange, SEEN_BY_ALL, SystemClock, SystemRandom};
use consentry_keys::{KeyId, KeyRing, KeyState, KeyUse};
use consentry_service::ports::{Clock, Random, Store};

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, say},
};
use crate::{Failure, app::App, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List every key: its use, its state and its age; never its secret
    List(Listing),
    /// Add a key for each use, make it the active one and bring every record under it, while web
    /// and worker processes run; former keys stay and still verify and open
    Rotate {
        /// Only the key of this use: token, index or seal; may be given more than once
        #[arg(long = "use", value_name = "USE", value_parser = key_use)]
        uses: Vec<KeyUse>,
        /// Only add the keys: where the file is copied to other machines, prepare, copy, rotate,
        /// copy again
        #[arg(long)]
        prepare: bool,
    },
    /// Destroy a former key for good; refused while a record needs it
    Retire {
        /// token, index or seal
        #[arg(value_name = "USE", value_parser = key_use)]
        key_use: KeyUse,
        /// Its number in `keys list`
        id: u8,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

fn key_use(name: &str) -> Result<KeyUse, &'static str> {
    KeyUse::from_name(name).ok_or("it is token, index or seal")
}

pub(super) async fn run(settings: &Settings, command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::List(listing) => list(settings, listing),
        KeysCommand::Rotate { uses, prepare } => {
            let uses = if uses.is_empty() {
                KeyUse::ALL.to_vec()
            } else {
                uses
            };
            rotate(settings, &uses, prepare).await
        }
        KeysCommand::Retire {
            key_use,
            id,
            confirmed,
        } => retire(settings, key_use, KeyId::from_byte(id), confirmed).await,
    }
}

fn list(settings: &Settings, listing: Listing) -> Result<(), Failure> {
    let ring = KeyFile::load(&settings.keys_file)?;
    let keys = ring.list().map(|key| {
        (
            key.key_use.to_string(),
            key.id.to_string(),
            key.state.to_string(),
            key.created.to_string(),
        )
    });
    match listing.format {
        Format::Json => {
            let keys: Vec<_> = keys
                .map(|(key_use, id, state, created)| {
                    serde_json::json!({
                        "use": key_use, "id": id, "state": state, "created": created,
                    })
                })
                .collect();
            print_json(&keys)
        }
        Format::Table => {
            let mut table = Table::new(["use", "id", "state", "created"]);
            for (key_use, id, state, created) in keys {
                table.row([&key_use, &id, &state, &created]);
            }
            table.print()
        }
    }
}

/// Two steps and a renewal. A key is known to every process before the first one uses it, and no
/// process uses the former one any more before the records are brought under the new one.
async fn rotate(settings: &Settings, uses: &[KeyUse], only_prepare: bool) -> Result<(), Failure> {
    let (change, mut ring) = KeyFile::change(&settings.keys_file)?;
    // Before anything changes: a database that does not answer leaves everything as it was.
    let app = open(settings).await?;
    for key_use in uses {
        let mut random = |buffer: &mut [u8]| SystemRandom.fill(buffer);
        let prepared = ring.prepare(*key_use, &mut random, SystemClock.now());
        let id = prepared.map_err(|error| Failure::Found(error.to_string()))?;
        say(&format!("{key_use} key {id} is prepared"));
    }
    change.write(&ring)?;
    if only_prepare {
        app.close().await;
        say("copy the key ring to every machine, then run `consentry-admin keys rotate`");
        return Ok(());
    }
    say("waiting until every process knows it");
    tokio::time::sleep(SEEN_BY_ALL).await;

    for key_use in uses {
        ring.activate(*key_use);
    }
    change.write(&ring)?;
    say("it is active; waiting until every process uses it");
    tokio::time::sleep(SEEN_BY_ALL).await;

    let renewed = app.store().renew_keys().await?;
    say(&match renewed {
        1 => "1 record was brought under it".to_owned(),
        count => format!("{count} records were brought under it"),
    });
    let former = former_keys(&app, &ring).await;
    app.close().await;
    for line in former? {
        say(&line);
    }
    Ok(())
}

/// A line for each key that is no longer active.
async fn former_keys(app: &App, ring: &KeyRing) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for key in ring.list() {
        if key.state != KeyState::VerifyOnly {
            continue;
        }
        let name = format!("{} key {}", key.key_use, key.id);
        let retire = format!("`consentry-admin keys retire {} {}`", key.key_use, key.id);
        let records = app.store().records_under(key.key_use, key.id).await?;
        lines.push(match (key.key_use, records) {
            (KeyUse::Token, _) => format!(
                "{name} still verifies the links in letters that are out; when they may die, {retire}"
            ),
            (_, 0) => format!("{name} is needed by no record; {retire} destroys it"),
            (_, records) => format!("{name} is still needed by {records} records"),
        });
    }
    Ok(lines)
}

async fn retire(
    settings: &Settings,
    key_use: KeyUse,
    id: KeyId,
    confirmed: Confirmed,
) -> Result<(), Failure> {
    let (change, mut ring) = KeyFile::change(&settings.keys_file)?;
    ring.retire(key_use, id)
        .map_err(|error| Failure::Found(error.to_string()))?;
    let app = open(settings).await?;
    let ended = retire_from(&app, &change, &ring, key_use, id, confirmed).await;
    app.close().await;
    ended
}

/// `ring` is the one without the key.
async fn retire_from(
    app: &App,
    change: &KeyFileChange,
    ring: &KeyRing,
    key_use: KeyUse,
    id: KeyId,
    confirmed: Confirmed,
) -> Result<(), Failure> {
    require_unused(app, key_use, id).await?;
    let consequence = match key_use {
        KeyUse::Token => {
            "Every link in a letter that was made with it dies, unsubscribe links included."
        }
        KeyUse::Index | KeyUse::Seal => {
            "A database backup from before its rotation cannot be used any more, by nobody and              for nobody."
        }
    };
    ask(
        &format!("{consequence} Destroy {key_use} key {id} for good?"),
        confirmed,
    )?;
    if key_use != KeyUse::Token {
        // However shortly ago it was rotated: nobody begins to use the key after this, and whoever
        // began before is waited for by the count.
        tokio::time::sleep(SEEN_BY_ALL).await;
        require_unused(app, key_use, id).await?;
    }
    change.write(ring)?;
    say(&format!("{key_use} key {id} is destroyed"));
    if key_use == KeyUse::Token {
        return Ok(());
    }
    say(if clean(app).await? {
        "what it had wrapped or indexed is cleaned out of the database's files"
    } else {
        "the database is being read; the worker's next pass cleans what it had wrapped or indexed \
         out of the database's files"
    });
    say(
        "destroy the copies of the old key ring; backups of the database from before the rotation \
         are unreadable without them, purged people included: take a new one",
    );
    Ok(())
}

async fn require_unused(app: &App, key_use: KeyUse, id: KeyId) -> Result<(), Failure> {
    match app.store().records_under(key_use, id).await? {
        0 => Ok(()),
        records => Err(Failure::Found(format!(
            "{key_use} key {id} is still needed by {records} records; bring them under a new key \
             with `consentry-admin keys rotate --use {key_use}` first"
        ))),
    }
}

/// Tries for some seconds: readers stand in the way on SQLite.
async fn clean(app: &App) -> Result<bool, Failure> {
    for _ in 0..5 {
        if app.store().clean_purged_bytes().await? {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(false)
}

async fn open(settings: &Settings) -> Result<App, Failure> {
    let app = App::open(settings).await?;
    app.require_schema().await?;
    Ok(app)
}
