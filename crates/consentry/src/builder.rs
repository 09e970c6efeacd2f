//! How the parts are put together.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use consentry_keys::KeySource;
use consentry_mail::{
    Dkim, LetterRenderer, Mailbox, MemoryMailbox, Postman, RenderError, SmtpRelay, SmtpSettings,
    SmtpSetupError, SmtpUrl, SmtpUrlError, Transport,
};
use consentry_policy::Policy;
use consentry_service::{
    Parts, PublicUrl, Service,
    ports::{Clock, Mailer, Random, StoreError},
};
use consentry_storage::SeaOrmStore;
use consentry_token::Tokens;
use sea_orm::DatabaseConnection;
use thiserror::Error;

use crate::{Consentry, KeyFile, KeyFileError, SystemClock, SystemRandom, new_key_ring};

/// Why the parts do not fit together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Neither [`Builder::keys_file`] nor [`Builder::keys`] was called.
    #[error("no key ring was given")]
    NoKeys,
    /// Nothing says where letters go.
    #[error("no mailer was given")]
    NoMailer,
    /// There is no key ring, and the database holds people that only theirs can read.
    #[error("{}: there is no key ring, and the database holds people that only theirs can read", .path.display())]
    KeysLost {
        /// Where the ring should be: restore it from its backup.
        path: PathBuf,
    },
    /// The file of the key ring cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The URL of the relay is none.
    #[error("the URL of the relay cannot be used")]
    SmtpUrl(#[from] SmtpUrlError),
    /// The relay cannot be set up.
    #[error("the relay cannot be set up")]
    Smtp(#[from] SmtpSetupError),
    /// A value of the policy cannot stand in a letter.
    #[error("the policy's letters cannot be written")]
    Letters(#[from] RenderError),
    /// The folder of the local mailbox cannot be made.
    #[error("{}: the local mailbox cannot be opened", .path.display())]
    Mailbox {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

enum Keys {
    File(PathBuf),
    Source(Arc<dyn KeySource>),
}

enum Mail {
    Smtp(String),
    Mailbox(PathBuf),
    Transport(Transport),
    Mailer(Arc<dyn Mailer>),
}

/// Puts a [`Consentry`] together: see [`Consentry::builder`].
#[must_use]
pub struct Builder {
    policy: Policy,
    public_url: PublicUrl,
    database: DatabaseConnection,
    keys: Option<Keys>,
    mail: Option<Mail>,
    dkim: Dkim,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Consentry {
    /// Begins to put the parts together: keys and mail have to be added.
    ///
    /// * `public_url` is the base of every link in pages and letters; where the pages are mounted
    ///   under a prefix, it ends with the same prefix.
    /// * `database` may be the connection of the whole application. On SQLite it needs
    ///   `foreign_keys` and a `busy_timeout`; without `secure_delete` and WAL a purge leaves bytes
    ///   behind. See [`SeaOrmStore::new`].
    pub fn builder(policy: Policy, public_url: PublicUrl, database: DatabaseConnection) -> Builder {
        Builder {
            policy,
            public_url,
            database,
            keys: None,
            mail: None,
            dkim: Dkim::default(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }
}

impl Builder {
    /// The key ring in a file, which is made where there is none and the database holds nobody.
    /// Back it up, apart from the database: without it nobody can read an address any more. Every
    /// process of an application needs the same one.
    pub fn keys_file(self, path: impl AsRef<Path>) -> Self {
        let keys = Some(Keys::File(path.as_ref().to_owned()));
        Self { keys, ..self }
    }

    /// Keys from elsewhere: a secret manager, or a ring made for a test by
    /// [`new_key_ring`](crate::new_key_ring).
    pub fn keys(self, keys: Arc<dyn KeySource>) -> Self {
        let keys = Some(Keys::Source(keys));
        Self { keys, ..self }
    }

    /// Letters go to a relay, `smtp://…` or `smtps://…`, from the policy's sender.
    pub fn smtp(self, url: impl Into<String>) -> Self {
        let mail = Some(Mail::Smtp(url.into()));
        Self { mail, ..self }
    }

    /// Letters become files in a folder, to try things out.
    pub fn mailbox(self, folder: impl AsRef<Path>) -> Self {
        let mail = Some(Mail::Mailbox(folder.as_ref().to_owned()));
        Self { mail, ..self }
    }

    /// Letters stay in memory, for the tests of an application. Keep a clone to look at them.
    pub fn memory(self, mailbox: MemoryMailbox) -> Self {
        self.transport(Transport::Memory(mailbox))
    }

    /// Letters take a way that is set up already, such as a relay with settings of its own.
    pub fn transport(self, transport: Transport) -> Self {
        let mail = Some(Mail::Transport(transport));
        Self { mail, ..self }
    }

    /// Another mailer: it writes the letters too.
    pub fn mailer(self, mailer: Arc<dyn Mailer>) -> Self {
        let mail = Some(Mail::Mailer(mailer));
        Self { mail, ..self }
    }

    /// Signs letters (RFC 6376); without it the relay has to. A [`mailer`](Self::mailer) signs its
    /// own.
    pub fn dkim(self, dkim: Dkim) -> Self {
        Self { dkim, ..self }
    }

    /// Another clock, for tests of what happens in a year.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Another random source. One that can be guessed is for tests only.
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        Self { random, ..self }
    }

    /// Puts everything together: reads the key ring, or makes it; announces to the database that this
    /// process uses it, so that nobody restores a backup meanwhile.
    pub async fn build(self) -> Result<Consentry, BuildError> {
        let mailer = mailer(self.mail, self.dkim, &self.policy)?;
        let keys = match self.keys.ok_or(BuildError::NoKeys)? {
            Keys::Source(keys) => keys,
            Keys::File(path) => {
                make_keys(&path, &self.database).await?;
                Arc::new(KeyFile::open(&path)?)
            }
        };
        let (clock, random) = (self.clock, self.random);
        let store = SeaOrmStore::new(self.database, Arc::clone(&keys), Arc::clone(&random));
        store.attend().await?;
        let store = Arc::new(store);
        let service = Service::new(Parts {
            policy: self.policy,
            store: store.clone(),
            mailer,
            tokens: Tokens::new(keys),
            public_url: self.public_url,
            clock,
            random,
        });
        Ok(Consentry { service, store })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL of the relay holds a password.
        f.debug_struct("Builder")
            .field("controller", &self.policy.controller.id)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

fn mailer(mail: Option<Mail>, dkim: Dkim, policy: &Policy) -> Result<Arc<dyn Mailer>, BuildError> {
    let transport = match mail.ok_or(BuildError::NoMailer)? {
        Mail::Mailer(mailer) => return Ok(mailer),
        Mail::Transport(transport) => transport,
        Mail::Mailbox(path) => match Mailbox::open(&path) {
            Ok(mailbox) => Transport::Mailbox(mailbox),
            Err(source) => return Err(BuildError::Mailbox { path, source }),
        },
        Mail::Smtp(url) => {
            let settings = SmtpSettings::new(policy.mail.from.ascii_domain());
            Transport::Smtp(Arc::new(SmtpRelay::new(SmtpUrl::parse(&url)?, settings)?))
        }
    };
    let renderer = LetterRenderer::new(Arc::new(policy.clone()), policy.mail.from.clone())?;
    Ok(Arc::new(Postman::new(renderer, dkim, transport)))
}

/// Makes the key ring where there is none. Not beside a database that holds people.
async fn make_keys(path: &Path, database: &DatabaseConnection) -> Result<(), BuildError> {
    if path.exists() {
        return Ok(());
    }
    let keys = Arc::new(new_key_ring());
    let store = SeaOrmStore::new(database.clone(), keys, Arc::new(SystemRandom));
    if store.holds_people().await? {
        let path = path.to_owned();
        return Err(BuildError::KeysLost { path });
    }
    Ok(KeyFile::create(path)?)
}
