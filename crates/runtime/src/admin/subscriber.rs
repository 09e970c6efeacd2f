//! `consentry-admin subscriber …`

use clap::Subcommand;
use consentry_address::EmailAddress;
use consentry_domain::{PersonState, Subject};
use consentry_policy::TopicId;
use consentry_service::{
    Error, Service,
    ports::Filter,
    record::{PersonRecord, PersonalData, TopicRecord},
};
use serde::Serialize;

use super::{
    Confirmed, Format, Listing, ask,
    export::{self, ExportArgs},
    import::{self, ImportArgs},
    output::{Table, print_json, print_line, say},
    short,
};
use crate::{
    Failure,
    retention::{About, AboutRow, Retention},
};

#[derive(Debug, Subcommand)]
pub(super) enum SubscriberCommand {
    /// List subscribers; hidden people are not among them
    List {
        /// Only those who asked for this topic and have not left it
        #[arg(long)]
        topic: Option<TopicId>,
        /// Only those in this state: pending, confirmed or unsubscribed
        #[arg(long)]
        state: Option<PersonState>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show one subscriber: topics, dates, history and consent events
    Show {
        /// The address, as it was typed or in another case
        email: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Bring people along from a CSV file; whoever left stays away
    Import(ImportArgs),
    /// Print a copy of everything that is held of a person, as JSON (GDPR art. 15 and 20); or
    /// everybody as CSV
    Export(ExportArgs),
    /// Hide a person at once and purge them after the policy's grace (GDPR art. 17)
    Erase {
        /// The address
        email: String,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Change an address: the new one confirms, the old one is told (GDPR art. 16)
    Rectify {
        /// The address in use
        email: String,
        /// The new address
        #[arg(long = "email", value_name = "NEW")]
        new: String,
    },
    /// Restrict processing: the data stay, nothing is done with them (GDPR art. 18)
    Restrict {
        /// The address
        email: String,
    },
    /// Lift a restriction
    Lift {
        /// The address
        email: String,
    },
}

/// The copy that a person gets, with their rows in the databases of applications.
#[derive(Serialize)]
struct Copy {
    #[serde(flatten)]
    own: PersonalData,
    /// Nothing where the policy names no database.
    #[serde(skip_serializing_if = "Option::is_none")]
    applications: Option<Vec<AboutRow>>,
}

async fn copy(service: &Service, retention: &Retention, email: &str) -> Result<(), Failure> {
    let own = service
        .export_for(&address(email)?)
        .await
        .map_err(explain)?;
    if !retention.has_sources() {
        let applications = None;
        return print_json(&Copy { own, applications });
    }
    let language = own.person.language.parse();
    let language = language.unwrap_or(retention.policy().languages.default);
    let About { rows, failures } = retention.about(&own.person.email, language).await?;
    let applications = Some(rows);
    print_json(&Copy { own, applications })?;
    Failure::all(&failures)
}

pub(super) async fn run(
    service: &Service,
    retention: &Retention,
    command: SubscriberCommand,
) -> Result<(), Failure> {
    match command {
        SubscriberCommand::List {
            topic,
            state,
            listing,
        } => list(service, Filter { topic, state }, listing).await,
        SubscriberCommand::Show { email, listing } => {
            let record = service.show(&address(&email)?).await.map_err(explain)?;
            match listing.format {
                Format::Json => print_json(&record),
                Format::Table => show(&record),
            }
        }
        SubscriberCommand::Import(arguments) => import::run(service, arguments).await,
        SubscriberCommand::Export(arguments) => match &arguments.email {
            None => export::run(service, &arguments).await,
            Some(email) => copy(service, retention, email).await,
        },
        SubscriberCommand::Erase { email, confirmed } => {
            let email = address(&email)?;
            let grace = service.policy().retention().erased;
            ask(
                &format!("Hide this person now and purge them for good after {grace}?"),
                confirmed,
            )?;
            service.erase_for(&email).await.map_err(explain)?;
            say(&format!("hidden; purged by the first pass after {grace}"));
            Ok(())
        }
        SubscriberCommand::Rectify { email, new } => {
            let (email, new) = (address(&email)?, address(&new)?);
            service.rectify(&email, new).await.map_err(explain)?;
            say("a confirmation link is on its way to the new address");
            Ok(())
        }
        SubscriberCommand::Restrict { email } => {
            let changed = service.restrict(&address(&email)?).await.map_err(explain)?;
            say(if changed {
                "restricted"
            } else {
                "was restricted before"
            });
            Ok(())
        }
        SubscriberCommand::Lift { email } => {
            let changed = service.lift(&address(&email)?).await.map_err(explain)?;
            say(if changed {
                "lifted"
            } else {
                "no restriction was in force"
            });
            Ok(())
        }
    }
}

/// One line of a list.
#[derive(Serialize)]
struct Listed {
    email: String,
    state: &'static str,
    language: &'static str,
    topics: Vec<ListedTopic>,
    first_submitted_at: String,
    restricted: bool,
}

#[derive(Serialize)]
struct ListedTopic {
    topic: String,
    state: &'static str,
}

impl Listed {
    fn new(person: &Subject) -> Self {
        Self {
            email: person.address.expose().to_owned(),
            state: person.state().as_str(),
            language: person.language.as_str(),
            topics: person
                .subscriptions
                .iter()
                .map(|held| ListedTopic {
                    topic: held.topic.to_string(),
                    state: held.state.as_str(),
                })
                .collect(),
            first_submitted_at: person.first_submitted_at.to_string(),
            restricted: person.restricted_at.is_some(),
        }
    }
}

/// People a page of the store holds.
pub(super) const PAGE: u64 = 1000;

/// Ends the command when one of these is no topic of the policy.
pub(super) fn require_topics<'a>(
    service: &Service,
    topics: impl IntoIterator<Item = &'a TopicId>,
) -> Result<(), Failure> {
    let policy = service.policy();
    let Some(unknown) = topics
        .into_iter()
        .find(|topic| policy.topic(topic).is_none())
    else {
        return Ok(());
    };
    let names: Vec<_> = policy.topics.iter().map(|one| one.id.as_str()).collect();
    let names = names.join(", ");
    Err(Failure::Usage(format!(
        "the policy has no topic `{unknown}`; its topics are {names}"
    )))
}

async fn list(service: &Service, filter: Filter, listing: Listing) -> Result<(), Failure> {
    require_topics(service, filter.topic.as_ref())?;
    let mut people = Vec::new();
    let mut after = None;
    loop {
        let page = service.list(&filter, after, PAGE).await?;
        people.extend(page.people.iter().map(Listed::new));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if listing.format == Format::Json {
        return print_json(&people);
    }
    if people.is_empty() {
        say("no subscribers");
        return Ok(());
    }
    let mut table = Table::new(["email", "state", "topics", "first submitted"]);
    for person in &people {
        let topics: Vec<_> = person
            .topics
            .iter()
            .map(|held| format!("{} ({})", held.topic, held.state))
            .collect();
        table.row([
            &person.email,
            &marked(person.state, person.restricted),
            &topics.join(", "),
            &short(&person.first_submitted_at),
        ]);
    }
    table.print()
}

fn show(record: &PersonRecord) -> Result<(), Failure> {
    let state = marked(record.state, record.restricted_at.is_some());
    print_line(&format!("{}: {state}", record.email))?;
    if let Some(new) = &record.requested_email {
        print_line(&format!("asked to change to {new}; not confirmed yet"))?;
    }
    for hold in &record.holds {
        let review = short(&hold.review_at.to_string());
        print_line(&format!("held: {}; to be reviewed by {review}", hold.name))?;
    }
    let mut topics = Table::new(["topic", "state", "basis", "requested", "confirmed", "left"]);
    for topic in &record.topics {
        let TopicRecord {
            topic,
            state,
            basis,
            requested_at,
            confirmed_at,
            unsubscribed_at,
            ..
        } = topic;
        let date = |at: &Option<String>| at.as_deref().map(short).unwrap_or_default();
        topics.row([
            topic,
            state,
            basis,
            &short(requested_at),
            &date(confirmed_at),
            &date(unsubscribed_at),
        ]);
    }
    topics.print()?;
    let mut events = Table::new([
        "at", "event", "through", "topic", "basis", "notice", "receipt",
    ]);
    for event in &record.events {
        events.row([
            &short(&event.at),
            event.action,
            event.channel,
            event.topic.as_deref().unwrap_or("everything"),
            event.basis.unwrap_or(""),
            &event.notice_version,
            &event.receipt,
        ]);
    }
    events.print()
}

fn marked(state: &str, restricted: bool) -> String {
    if restricted {
        format!("{state}, restricted")
    } else {
        state.to_owned()
    }
}

fn address(typed: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(typed)
        .map_err(|error| Failure::Usage(format!("the address is not one: {error}")))
}

fn explain(error: Error) -> Failure {
    match error {
        Error::UnknownPerson => Failure::Found("no subscriber of this address".to_owned()),
        Error::AddressInUse => Failure::Found(
            "the new address has a subscription of its own; erase one of the two".to_owned(),
        ),
        error => error.into(),
    }
}
