//! What people do, and what the stories look at.

use std::{cell::RefCell, collections::BTreeSet};

use consentry_tests::{
    database::Engine,
    http::{Answer, Client},
    mail::Letter,
    site::{Site, Web},
    smtp::Sink,
};
use serde_json::Value;

/// Makes a test of each named function for each engine: `sqlite::name` and `postgres::name`.
macro_rules! on_each_engine {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(consentry_tests::database::Engine::Sqlite); })+
        }
        mod postgres {
            $(#[test] fn $name() { super::$name(consentry_tests::database::Engine::Postgres); })+
        }
    };
}
pub(crate) use on_each_engine;

/// The base of every link. Nothing answers there: the stories ask for the paths of links.
pub(crate) const PUBLIC_URL: &str = "https://news.velmarin.example";

/// A site whose letters go when a story says so, and that lets a story sign up as often as it needs.
pub(crate) fn site(engine: Engine) -> Site {
    Site::new(engine)
        .with("CONSENTRY_PUBLIC_URL", PUBLIC_URL)
        .with("CONSENTRY_EMBEDDED_WORKER", "false")
        .with("CONSENTRY_LIMIT_PER_CLIENT", "off")
}

/// A site that is up, and somebody in front of it.
pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) web: Web,
    pub(crate) client: Client,
    relay: Option<Sink>,
    read: RefCell<BTreeSet<String>>,
    log: RefCell<String>,
}

impl Stage {
    /// Starts the server of a site with the local mailbox.
    pub(crate) fn open(site: Site) -> Self {
        let web = site.web();
        Self {
            client: Client::new(web.url()),
            web,
            site,
            relay: None,
            read: RefCell::default(),
            log: RefCell::default(),
        }
    }

    /// The same with a relay.
    pub(crate) fn with_relay(site: Site, relay: Sink) -> Self {
        let url = relay.url();
        Self::with_relay_at(site, relay, &url)
    }

    /// The same with options in the relay's URL.
    pub(crate) fn with_relay_at(site: Site, relay: Sink, url: &str) -> Self {
        let site = site.with("CONSENTRY_SMTP_URL", url);
        Self {
            relay: Some(relay),
            ..Self::open(site)
        }
    }

    /// Stops the server, and starts that of the changed site.
    pub(crate) fn restart(self, adapt: impl FnOnce(Site) -> Site) -> Self {
        assert_eq!(self.web.stop().code(), Some(0));
        let site = adapt(self.site);
        let web = site.web();
        Self {
            client: Client::new(web.url()),
            web,
            site,
            relay: self.relay,
            read: self.read,
            log: self.log,
        }
    }

    /// The relay.
    pub(crate) fn relay(&self) -> &Sink {
        self.relay.as_ref().expect("this stage has a relay")
    }

    /// Lets the date be another one, for running processes too.
    pub(crate) fn travel(&mut self, instant: &str) {
        self.site.set_clock(instant);
    }

    /// Fills in the form, the only answer to which is the neutral page.
    pub(crate) fn sign_up(&self, address: &str) -> Answer {
        self.sign_up_for(address, &[])
    }

    /// [`Stage::sign_up`] for certain topics, and with other fields.
    pub(crate) fn sign_up_for(&self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("email", address)];
        all.extend(fields);
        let answer = self.client.post_form("/subscribe", &all);
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer
    }

    /// Presses a button of the page at `path`.
    pub(crate) fn press(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.client.post_form(path, fields);
        assert_eq!(answer.status, 200, "POST {fields:?}: {}", answer.body);
        answer
    }

    /// Presses the mail program's button (RFC 8058).
    pub(crate) fn one_click(&self, letter: &Letter) {
        let fields = [("List-Unsubscribe", "One-Click")];
        self.press(&letter.one_click_path(), &fields);
    }

    /// Signs up and confirms; gives the letter with the links.
    pub(crate) fn subscribe(&self, address: &str) -> Letter {
        self.sign_up(address);
        let letter = self.only_letter();
        self.press(&letter.path("/confirm/"), &[]);
        letter
    }

    /// Makes one pass of the worker, and gives the letters that were not read before.
    pub(crate) fn pass(&self) -> Vec<Letter> {
        let worker = self.site.worker_once();
        self.log.borrow_mut().push_str(&worker.stderr);
        worker.succeed();
        self.unread()
    }

    /// Runs an operator's command that succeeds.
    pub(crate) fn admin(&self, arguments: &[&str]) -> String {
        let output = self.site.admin(arguments);
        self.log.borrow_mut().push_str(&output.stderr);
        output.succeed()
    }

    /// What all programs have logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().clone() + &self.web.log()
    }

    /// How many records the database holds, hidden ones included.
    pub(crate) fn records(&self) -> usize {
        let count = self.site.query("SELECT count(*) FROM consentry_subjects");
        count.trim().parse().expect("a count is a number")
    }

    /// [`Stage::pass`] that brings exactly one letter.
    pub(crate) fn only_letter(&self) -> Letter {
        let mut letters = self.pass();
        let subjects: Vec<&str> = letters.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(letters.len(), 1, "letters: {subjects:?}");
        letters.remove(0)
    }

    /// [`Stage::pass`] that brings nothing.
    pub(crate) fn no_letter(&self) {
        let letters = self.pass();
        let subjects: Vec<&str> = letters.iter().map(|one| one.subject.as_str()).collect();
        assert!(letters.is_empty(), "letters: {subjects:?}");
    }

    /// The letters that arrived since the last look, by their Message-ID.
    pub(crate) fn unread(&self) -> Vec<Letter> {
        let arrived = match &self.relay {
            None => self.site.mailbox(),
            Some(relay) => relay
                .accepted()
                .iter()
                .map(|message| Letter::parse(&message.bytes))
                .collect(),
        };
        let mut read = self.read.borrow_mut();
        arrived
            .into_iter()
            .filter(|letter| read.insert(letter.header("Message-ID")))
            .collect()
    }

    /// What the operator sees of a person.
    pub(crate) fn record(&self, address: &str) -> Record {
        let arguments = ["subscriber", "show", address, "--format", "json"];
        Record(self.site.admin(&arguments).json())
    }

    /// Whether the operator sees the person: somewhere, or nowhere.
    pub(crate) fn is_visible(&self, address: &str) -> bool {
        let shown = self
            .site
            .admin(&["subscriber", "show", address, "--format", "json"]);
        let listed = self.site.admin(&["subscriber", "list", "--format", "json"]);
        let list = listed.json();
        let is_listed = list
            .as_array()
            .expect("a list is an array")
            .iter()
            .any(|person| person["email"] == address);
        if is_listed {
            assert_eq!(
                shown.code,
                Some(0),
                "listed but not shown: {}",
                shown.stderr
            );
        } else {
            assert_eq!(shown.code, Some(1), "shown but not listed");
            assert_eq!(shown.stdout, "", "a hidden person is printed");
        }
        is_listed
    }
}

/// `subscriber show --format json`.
#[derive(Debug, PartialEq)]
pub(crate) struct Record(pub(crate) Value);

impl Record {
    /// The state over all topics.
    pub(crate) fn state(&self) -> &str {
        self.0["state"].as_str().expect("a record has a state")
    }

    /// One topic.
    pub(crate) fn topic(&self, name: &str) -> &Value {
        self.list("topics")
            .iter()
            .find(|topic| topic["topic"] == name)
            .unwrap_or_else(|| panic!("no topic {name}: {}", self.0))
    }

    /// The state of one topic.
    pub(crate) fn topic_state(&self, name: &str) -> &str {
        self.topic(name)["state"]
            .as_str()
            .expect("a topic has a state")
    }

    /// The consent events of one action, oldest first.
    pub(crate) fn events(&self, action: &str) -> Vec<&Value> {
        self.list("events")
            .iter()
            .filter(|event| event["action"] == action)
            .collect()
    }

    /// One of the lists of the record.
    pub(crate) fn list(&self, name: &str) -> &Vec<Value> {
        self.0[name].as_array().expect("a list is an array")
    }
}
