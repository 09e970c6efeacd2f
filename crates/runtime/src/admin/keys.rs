//! `consentry-admin keys …`

use std::{path::Path, time::Duration};

use clap::{Args, Subcommand};
use consentry::{KeyFile, KeyFileChange, SEEN_BY_ALL, SystemClock, SystemRandom};
use consentry_archive::SealedArchive;
use consentry_keys::{KeyId, KeyRing, KeyState, KeyUse};
use consentry_service::ports::{Clock, Random, Store};

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, say},
};
use crate::{
    Failure,
    app::{self, App},
    archive,
    settings::Settings,
};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List every key: its use, its state and its age; never its secret
    List {
        #[command(flatten)]
        listing: Listing,
        #[command(flatten)]
        of: Of,
    },
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
        #[command(flatten)]
        of: Of,
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
        #[command(flatten)]
        of: Of,
    },
}

/// Which ring.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Of {
    /// The key ring of the archive instead
    #[arg(long)]
    archive: bool,
}

impl Of {
    fn file(self, settings: &Settings) -> &Path {
        if self.archive {
            &settings.archive.keys_file
        } else {
            &settings.keys_file
        }
    }

    /// The uses that something is made with.
    fn uses(self) -> Vec<KeyUse> {
        let mut uses = KeyUse::ALL.to_vec();
        uses.retain(|key_use| !self.archive || *key_use != KeyUse::Token);
        uses
    }

    /// As it is written after a command.
    fn flag(self) -> &'static str {
        if self.archive { " --archive" } else { "" }
    }
}

/// What needs the keys of a ring.
struct Held {
    app: App,
    archive: Option<SealedArchive>,
}

impl Held {
    async fn open(settings: &Settings, of: Of) -> Result<Self, Failure> {
        let app = App::open(settings).await?;
        app.require_schema().await?;
        let archive = if of.archive {
            let controller = app::policy(settings)?.controller.id;
            Some(archive::open(&settings.archive, app.store(), &controller).await?)
        } else {
            None
        };
        Ok(Self { app, archive })
    }

    async fn renew(&self) -> Result<u64, Failure> {
        Ok(match &self.archive {
            Some(archive) => archive.renew_keys().await?,
            None => self.app.store().renew_keys().await?,
        })
    }

    /// How many records need a key.
    async fn under(&self, key_use: KeyUse, id: KeyId) -> Result<u64, Failure> {
        Ok(match &self.archive {
            Some(archive) => archive.keys_under(key_use, id).await?,
            None => self.app.store().records_under(key_use, id).await?,
        })
    }
}

fn key_use(name: &str) -> Result<KeyUse, &'static str> {
    KeyUse::from_name(name).ok_or("it is token, index or seal")
}

pub(super) async fn run(settings: &Settings, command: KeysCommand) -> Result<(), Failure> {
    let (KeysCommand::List { of, .. }
    | KeysCommand::Rotate { of, .. }
    | KeysCommand::Retire { of, .. }) = &command;
    if of.archive && !settings.archive.keys_file.exists() {
        let path = settings.archive.keys_file.display();
        let problem = "there is no key ring; the first record that is archived makes one";
        return Err(Failure::Found(format!("{path}: {problem}")));
    }
    match command {
        KeysCommand::List { listing, of } => list(settings, listing, of),
        KeysCommand::Rotate { uses, prepare, of } => {
            let uses = if uses.is_empty() { of.uses() } else { uses };
            rotate(settings, &uses, prepare, of).await
        }
        KeysCommand::Retire {
            key_use,
            id,
            confirmed,
            of,
        } => retire(settings, key_use, KeyId::from_byte(id), confirmed, of).await,
    }
}

fn list(settings: &Settings, listing: Listing, of: Of) -> Result<(), Failure> {
    let ring = KeyFile::load(of.file(settings))?;
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
async fn rotate(
    settings: &Settings,
    uses: &[KeyUse],
    only_prepare: bool,
    of: Of,
) -> Result<(), Failure> {
    let (change, mut ring) = KeyFile::change(of.file(settings))?;
    // Before anything changes: a database that does not answer leaves everything as it was.
    let held = Held::open(settings, of).await?;
    for key_use in uses {
        let mut random = |buffer: &mut [u8]| SystemRandom.fill(buffer);
        let prepared = ring.prepare(*key_use, &mut random, SystemClock.now());
        let id = prepared.map_err(|error| Failure::Found(error.to_string()))?;
        say(&format!("{key_use} key {id} is prepared"));
    }
    change.write(&ring)?;
    if only_prepare {
        held.app.close().await;
        let flag = of.flag();
        say(&format!(
            "copy the key ring to every machine, then run `consentry-admin keys rotate{flag}`"
        ));
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

    let renewed = held.renew().await?;
    say(&match renewed {
        1 => "1 record was brought under it".to_owned(),
        count => format!("{count} records were brought under it"),
    });
    let former = former_keys(&held, &ring, of).await;
    held.app.close().await;
    for line in former? {
        say(&line);
    }
    Ok(())
}

/// A line for each key that is no longer active.
async fn former_keys(held: &Held, ring: &KeyRing, of: Of) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for key in ring.list() {
        if key.state != KeyState::VerifyOnly {
            continue;
        }
        let name = format!("{} key {}", key.key_use, key.id);
        let flag = of.flag();
        let retire = format!(
            "`consentry-admin keys retire {} {}{flag}`",
            key.key_use, key.id
        );
        let records = held.under(key.key_use, key.id).await?;
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
    of: Of,
) -> Result<(), Failure> {
    let (change, mut ring) = KeyFile::change(of.file(settings))?;
    ring.retire(key_use, id)
        .map_err(|error| Failure::Found(error.to_string()))?;
    let held = Held::open(settings, of).await?;
    let ended = retire_from(&held, &change, &ring, key_use, id, confirmed).await;
    held.app.close().await;
    ended
}

/// `ring` is the one without the key.
async fn retire_from(
    held: &Held,
    change: &KeyFileChange,
    ring: &KeyRing,
    key_use: KeyUse,
    id: KeyId,
    confirmed: Confirmed,
) -> Result<(), Failure> {
    require_unused(held, key_use, id).await?;
    let consequence = match key_use {
        KeyUse::Token => {
            "Every link in a letter that was made with it dies, unsubscribe links included."
        }
        KeyUse::Index | KeyUse::Seal => {
            "A database backup from before its rotation cannot be used any more, by nobody and \
             for nobody; of the archive nothing can be read with it."
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
        require_unused(held, key_use, id).await?;
    }
    change.write(ring)?;
    say(&format!("{key_use} key {id} is destroyed"));
    if key_use == KeyUse::Token {
        return Ok(());
    }
    say(if clean(&held.app).await? {
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

async fn require_unused(held: &Held, key_use: KeyUse, id: KeyId) -> Result<(), Failure> {
    match held.under(key_use, id).await? {
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
