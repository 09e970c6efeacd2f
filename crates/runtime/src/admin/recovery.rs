//! `consentry-admin backup` and `consentry-admin restore`

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use consentry::{SystemClock, SystemRandom};
use consentry_policy::Policy;
use consentry_service::{
    Error, Service,
    ports::{Clock, Random, Store, WorkerId},
};
use consentry_storage::{
    JournalRecord,
    backup::{BackupError, BackupFile, Loaded, Manifest},
};
use serde_json::json;

use super::{
    Confirmed, Format, Listing, ask,
    output::{print_json, print_line, say},
};
use crate::{
    Failure,
    app::{self, App},
    journal, paths,
    settings::Settings,
};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Where to write it; there must be no such file yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    listing: Listing,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Also repeat what this copy of the journal holds; may be given more than once. The one that
    /// `journal_file` names is always read
    #[arg(long, value_name = "FILE")]
    journal: Vec<PathBuf>,
    /// Put the backup in the place of the people that the database holds
    #[arg(long)]
    replace: bool,
    /// No letter was sent since the backup, as when an installation moves: what waited is sent, and
    /// reminders come
    #[arg(long)]
    nothing_was_sent: bool,
    /// This machine's clock is right, however many people are past their period by it
    #[arg(long)]
    confirm_clock: bool,
    #[command(flatten)]
    listing: Listing,
    #[command(flatten)]
    confirmed: Confirmed,
}

pub(super) async fn backup(settings: &Settings, args: BackupArgs) -> Result<(), Failure> {
    if let Some(public) = &settings.static_dir {
        paths::keep_apart(public, &[&args.file])?;
    }
    let draft = Draft::create(&args.file).map_err(|error| at(&args.file, &error))?;
    let app = App::open(settings).await?;
    let written = write(&app, draft).await;
    app.close().await;
    let manifest = written.map_err(|error| failure(&args.file, error))?;
    match args.listing.format {
        Format::Json => print_json(&json!({
            "file": args.file,
            "taken_at": manifest.taken_at(),
            "engine": manifest.engine(),
            "migrations": manifest.migrations(),
            "rows": manifest.rows(),
            "seal_keys": seal_keys(&manifest),
        })),
        Format::Table => {
            let rows: u64 = manifest.rows().values().sum();
            print_line(&format!(
                "{}: {rows} rows of {} tables, as of {}; its records need seal key {}",
                args.file.display(),
                manifest.rows().len(),
                manifest.taken_at(),
                seal_keys(&manifest).join(", "),
            ))
        }
    }
}

fn seal_keys(manifest: &Manifest) -> Vec<String> {
    manifest.seal_keys().map(|id| id.to_string()).collect()
}

async fn write(app: &App, draft: Draft) -> Result<Manifest, BackupError> {
    app.store().attend().await?;
    app.store().check().await?;
    let taken_at = SystemClock.now();
    let mut out = BufWriter::new(&draft.file);
    let manifest = app.store().backup(&mut out, taken_at).await?;
    drop(out);
    draft.publish()?;
    app.store().note_backup(taken_at).await?;
    Ok(manifest)
}

pub(super) async fn restore(settings: &Settings, args: RestoreArgs) -> Result<(), Failure> {
    let file = File::open(&args.file).map_err(|error| at(&args.file, &error))?;
    let backup = BackupFile::open(file).map_err(|error| failure(&args.file, error))?;
    let policy = app::policy(settings)?;
    require_fitting(&args.file, backup.manifest(), &policy)?;
    if !settings.keys_file.exists() {
        return Err(Failure::usage(format!(
            "{}: there is no key ring, and a backup holds none; put the one here with which the \
             backup's installation worked",
            settings.keys_file.display()
        )));
    }
    let app = App::with_keys(settings).await?;
    let ended = restore_into(&app, settings, &policy, backup, &args).await;
    app.close().await;
    ended
}

/// Whether this installation may hold what the backup holds.
fn require_fitting(path: &Path, manifest: &Manifest, policy: &Policy) -> Result<(), Failure> {
    let taken_at = manifest.taken_at();
    if let Some(kept) = policy.backups.keep
        && kept.after(taken_at, &policy.calendar) <= SystemClock.now()
    {
        return Err(Failure::Found(format!(
            "{}: it is of {taken_at}, and the policy keeps backups for {kept}: erasures that came \
             after it may be forgotten",
            path.display()
        )));
    }
    let own = policy.controller.id.as_str();
    if let Some(other) = manifest.controllers().iter().find(|one| *one != own) {
        return Err(Failure::Found(format!(
            "{}: it holds records of the controller `{other}`, and the policy is that of `{own}`: \
             what is overdue among them could not be removed",
            path.display()
        )));
    }
    Ok(())
}

async fn restore_into(
    app: &App,
    settings: &Settings,
    policy: &Policy,
    backup: BackupFile,
    args: &RestoreArgs,
) -> Result<(), Failure> {
    let store = app.store();
    if !store.exclude_others().await? {
        return Err(Failure::Found(BackupError::InUse.to_string()));
    }
    let in_file = |error| failure(&args.file, error);
    let mut backup = if backup.is_older() {
        say("bringing the backup to the schema of this program");
        let folder = Scratch::create(&settings.data_dir)?;
        let upgraded = store.upgrade_backup(backup, &folder.0).await;
        upgraded.map_err(in_file)?
    } else {
        backup
    };
    store.migrate().await?;
    let is_unfinished = store.is_restoring().await?;
    let holds_people = store.holds_people().await?;
    if holds_people && !is_unfinished && !args.replace {
        return Err(Failure::usage(
            "the database holds people; --replace puts the backup in their place",
        ));
    }
    if holds_people {
        let taken_at = backup.manifest().taken_at();
        let question =
            format!("Everything in the database is replaced by its state of {taken_at}. Go on?");
        ask(&question, args.confirmed)?;
    }
    let service = app.service(settings, settings.listen)?;
    let mut journal = journals(settings, &args.journal)?;
    let spare_up_to = policy
        .backups
        .keep
        .map(|kept| kept.cutoff(backup.manifest().taken_at(), &policy.calendar));
    say("loading the backup");
    let loaded = store
        .load_backup(
            &mut backup,
            journal.as_mut(),
            spare_up_to,
            args.nothing_was_sent,
            SystemClock.now(),
        )
        .await
        .map_err(in_file)?;
    say("repeating what happened after it, and removing what is overdue");
    complete(app, settings, &service, loaded, args).await
}

async fn complete(
    app: &App,
    settings: &Settings,
    service: &Service,
    loaded: Loaded,
    args: &RestoreArgs,
) -> Result<(), Failure> {
    let store = app.store();
    // First: whoever is looked up by address is then found under one key alone.
    store.renew_keys().await?;
    if args.confirm_clock {
        service.confirm_clock().await?;
    }
    let recovered = service
        .complete_restore(store, &WorkerId(random_name()), args.nothing_was_sent)
        .await
        .map_err(held_back)?;
    if !store.clean_purged_bytes().await? {
        say("the worker's next pass cleans what was replaced out of the database's files");
    }
    journal::complete(store, &settings.journal_file)
        .await
        .map_err(|error| {
            let path = settings.journal_file.display();
            Failure::Found(format!("the journal file {path}: {error}"))
        })?;
    store.finish_restore().await?;
    match args.listing.format {
        Format::Json => print_json(&json!({
            "records": loaded.people,
            "unreadable": loaded.unreadable,
            "repeated": recovered.repeated,
            "not_repeated": recovered.not_repeated,
            "letters_in_doubt": loaded.letters_in_doubt,
            "reminders_forgone": recovered.reminders_forgone,
        })),
        Format::Table => {
            let mut lines = vec![format!("{} records restored", loaded.people)];
            let mut add = |count: u64, what: &str| {
                if count > 0 {
                    lines.push(format!("{count} {what}"));
                }
            };
            add(
                loaded.unreadable,
                "records left out: no key of the ring opens them",
            );
            for (kind, count) in &recovered.repeated {
                add(*count, &format!("repeated from the journal: {kind}"));
            }
            add(
                recovered.not_repeated,
                "changes of address not repeated: another record holds the address",
            );
            add(
                loaded.letters_in_doubt,
                "letters that waited count as uncertain and are not sent",
            );
            add(recovered.reminders_forgone, "reminders count as sent");
            print_line(&lines.join("\n"))
        }
    }
}

/// The clock cannot be confirmed in a database that nobody may use yet.
fn held_back(error: Error) -> Failure {
    match error {
        Error::HeldBack { .. } => Failure::Found(format!(
            "the restore is unfinished: by this machine's clock it is {}, and many people are past \
             their period; if that is right, run it again with --confirm-clock",
            SystemClock.now()
        )),
        error => error.into(),
    }
}

/// Every copy of the journal that there is.
fn journals(
    settings: &Settings,
    named: &[PathBuf],
) -> Result<Box<dyn Iterator<Item = Result<JournalRecord, BackupError>>>, Failure> {
    let mut all: Box<dyn Iterator<Item = _>> = Box::new(std::iter::empty());
    let own = Some(&settings.journal_file).filter(|path| path.exists());
    for path in named.iter().chain(own) {
        let read = journal::read(path).map_err(|error| at(path, &error))?;
        all = Box::new(all.chain(read));
    }
    Ok(all)
}

/// A file that appears under its name when it is complete.
struct Draft {
    file: File,
    path: PathBuf,
    place: PathBuf,
}

impl Draft {
    fn create(place: &Path) -> io::Result<Self> {
        if place.symlink_metadata().is_ok() {
            let problem = "there is such a file already; it is not replaced";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, problem));
        }
        let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let mut draft = std::ffi::OsString::from(".");
        draft.push(name);
        draft.push(format!(".{}.part", random_name()));
        let path = place.with_file_name(draft);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self {
            file,
            path,
            place: place.to_owned(),
        })
    }

    fn publish(self) -> io::Result<()> {
        self.file.sync_all()?;
        // A link, unlike a renaming, replaces nothing.
        fs::hard_link(&self.path, &self.place)?;
        let folder = self.place.parent().filter(|path| *path != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Under its own name or not: this one is not needed any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// A private folder for the time of a restore.
struct Scratch(PathBuf);

impl Scratch {
    fn create(data_dir: &Path) -> Result<Self, Failure> {
        let path = data_dir.join(format!("restore-{}", random_name()));
        paths::private_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What it holds is sealed; that it stays there is no failure of the restore.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A name that nothing else has.
fn random_name() -> String {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

fn failure(path: &Path, error: BackupError) -> Failure {
    match error {
        BackupError::Store(error) => error.into(),
        error => Failure::Found(format!("{}: {error}", path.display())),
    }
}
