//! An application of its own, with Consentry under `/privacy-centre`.
//!
//! ```sh
//! cargo run --example embedded                                  # SQLite, letters in data/mailbox
//! cargo run --example embedded -- --database postgres://…
//! ```
//!
//! Whoever creates an account is subscribed in the same transaction: both are there, or neither.

mod accounts;

use std::{error::Error, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use clap::Parser;
use consentry::{
    Channel, Consentry, EmailAddress, Language, Policy, SignUp,
    mail::Mailbox,
    sea_orm::{ConnectOptions, Database, DatabaseConnection, sqlx::sqlite::SqliteJournalMode},
};
use sea_orm_migration::MigratorTrait;
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// Where Consentry is mounted; its public URL ends with the same path.
const PREFIX: &str = "/privacy-centre";

/// An application with accounts, and Consentry inside it.
#[derive(Parser)]
struct Cli {
    /// sqlite://… or postgres://… [a SQLite file in the data folder]
    #[arg(long)]
    database: Option<String>,
    /// Folder of the SQLite file, the key ring and the letters
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// A policy file [the built-in demo policy]
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Address and port; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
}

/// What the handlers share.
#[derive(Clone)]
struct App {
    database: DatabaseConnection,
    consentry: Consentry,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let cli = Cli::parse();
    std::fs::create_dir_all(&cli.data)?;

    // The application's own: its connection, its tables, its list of migrations.
    let database = connect(&cli).await?;
    accounts::Migrator::up(&database, None).await?;

    // Consentry, on the same connection.
    let listener = TcpListener::bind(cli.listen).await?;
    let address = listener.local_addr()?;
    let public_url = format!("http://{address}{PREFIX}").parse()?;
    let consentry = Consentry::builder(policy(&cli)?, public_url, database.clone())
        .keys_file(cli.data.join("keys.toml"))
        .mailbox(cli.data.join("mailbox"))
        .build()
        .await?;
    consentry.migrate().await?;

    // One token ends the server and the worker, in order.
    let stop = stop_on_signal()?;
    let worker = tokio::spawn(consentry.worker().run(stop.clone().cancelled_owned()));

    let mut options = consentry.options();
    options.mailbox = Some(Arc::new(Mailbox::open(cli.data.join("mailbox"))?));
    let pages = consentry.router(options);
    let app = Router::new()
        .route("/", get(home))
        .route("/accounts", axum::routing::post(create_account))
        .with_state(App {
            database,
            consentry,
        })
        .nest_service(PREFIX, pages)
        // The limits of the sign-up form need to know who is asking.
        .into_make_service_with_connect_info::<SocketAddr>();
    say(&format!("listening on http://{address}"));
    axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await?;
    // Letters under way are settled before the process ends.
    worker.await?;
    Ok(())
}

/// The connection of the whole application. What Consentry asks of one on SQLite stands in
/// `docs/embedding.md`; PostgreSQL needs nothing.
async fn connect(cli: &Cli) -> Result<DatabaseConnection, Box<dyn Error>> {
    let file = format!("sqlite://{}", cli.data.join("app.db").display());
    let mut options = ConnectOptions::new(cli.database.clone().unwrap_or(file));
    options.sqlx_logging(false).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("secure_delete", "ON")
    });
    Ok(Database::connect(options).await?)
}

fn policy(cli: &Cli) -> Result<Policy, Box<dyn Error>> {
    let Some(file) = &cli.policy else {
        return Ok(Policy::demo());
    };
    let source = std::fs::read_to_string(file)?;
    Ok(Policy::parse(&source, &file.display().to_string())?)
}

async fn home() -> Html<String> {
    Html(format!(
        r#"<!doctype html><html lang="en"><title>Tea by post</title><h1>Tea by post</h1>
<form method="post" action="/accounts">
<label>E-mail <input name="email" type="email" required></label>
<label>Invitation <input name="invitation" required></label>
<button>Create an account and get our news</button>
</form>
<p><a href="{PREFIX}/privacy">Privacy</a> · <a href="{PREFIX}/preferences">Your choices</a></p>"#
    ))
}

#[derive(Deserialize)]
struct NewAccount {
    email: String,
    invitation: String,
}

/// Creates an account, subscribes its owner and redeems the invitation: all of it, or nothing.
async fn create_account(
    State(app): State<App>,
    Form(new): Form<NewAccount>,
) -> Result<Response, Refused> {
    let address = EmailAddress::parse(&new.email).map_err(consentry::Error::from)?;
    let transaction = accounts::begin(&app.database).await?;

    accounts::insert(&transaction, address.expose()).await?;
    let topics = app.consentry.service().policy().default_topics();
    let request = SignUp {
        address,
        topics: topics.map(|topic| topic.id.clone()).collect(),
        language: Language::En,
        channel: Channel::Form,
    };
    app.consentry.within(&transaction).sign_up(request).await?;
    accounts::redeem(&transaction, &new.invitation).await?;

    transaction.commit().await?;
    Ok((StatusCode::CREATED, "Welcome! We have sent you a letter.").into_response())
}

/// Why there is no new account. The transaction was dropped, and with it everything in it.
struct Refused(StatusCode, &'static str);

impl From<consentry::sea_orm::DbErr> for Refused {
    fn from(error: consentry::sea_orm::DbErr) -> Self {
        match error.sql_err() {
            Some(_) => Self(StatusCode::CONFLICT, "That is taken already."),
            None => Self(StatusCode::SERVICE_UNAVAILABLE, "Please try again later."),
        }
    }
}

impl From<consentry::Error> for Refused {
    fn from(error: consentry::Error) -> Self {
        match error {
            consentry::Error::Store(_) => {
                Self(StatusCode::SERVICE_UNAVAILABLE, "Please try again later.")
            }
            _ => Self(StatusCode::UNPROCESSABLE_ENTITY, "We cannot write to it."),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

fn stop_on_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        token.cancel();
    });
    Ok(stop)
}

#[expect(clippy::print_stdout, reason = "says where to look")]
fn say(line: &str) {
    println!("{line}");
}
