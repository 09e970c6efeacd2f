//! One site under test, and a client that follows nothing.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header::CONTENT_TYPE, request::Builder},
};
use consentry_domain::{LetterKind, PersonState, Subject};
use consentry_keys::KeyRing;
use consentry_policy::Policy;
use consentry_service::{
    Parts, PublicUrl, Service,
    ports::{Clock as _, Random as _},
};
use consentry_token::{Claims, Purpose, Tokens};
use consentry_web::{Options, router};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::fake_keys::MemoryKeys;
use crate::fake_records::MemoryRecords;
use crate::fakes::{Counting, HandSetClock, MemoryStore, NoMailer, Rows};

pub(crate) const ANNA: &str = "Anna.Berg+news@example.org";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
const DEMO: &str = include_str!("../../../policy/policies/saas-portal.toml");

pub(crate) struct Site {
    router: Router,
    pub(crate) service: Service,
    tokens: Tokens,
    pub(crate) policy: Policy,
    pub(crate) store: MemoryStore,
    pub(crate) clock: HandSetClock,
}

/// What makes a site differ from the demo.
pub(crate) struct Settings {
    /// Where an embedder mounts the site.
    pub(crate) mount: &'static str,
    pub(crate) public_url: &'static str,
    /// Lines of the demo policy and what stands in their place.
    pub(crate) policy: Vec<(&'static str, &'static str)>,
    pub(crate) options: Options,
    /// Whether keys of the JSON API are kept.
    pub(crate) has_api: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mount: "",
            public_url: "https://portal.example",
            policy: Vec::new(),
            options: Options::default(),
            has_api: true,
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let mut source = DEMO.to_owned();
        for (from, to) in settings.policy {
            assert!(source.contains(from), "the demo policy has no {from:?}");
            source = source.replace(from, to);
        }
        let policy = Policy::parse(&source, "demo").unwrap();
        let random = Counting::default();
        let clock = HandSetClock::at("2026-11-22T10:00:00Z".parse().unwrap());
        let ring = KeyRing::generate(&mut |bytes| random.fill(bytes), clock.now());
        let tokens = Tokens::new(Arc::new(ring));
        let store = MemoryStore::default();
        let service = Service::new(Parts {
            policy: policy.clone(),
            store: Arc::new(store.clone()),
            mailer: Arc::new(NoMailer),
            tokens: tokens.clone(),
            public_url: PublicUrl::parse(settings.public_url).unwrap(),
            clock: Arc::new(clock.clone()),
            random: Arc::new(random),
        });
        let service = if settings.has_api {
            service
                .with_api_keys(Arc::new(MemoryKeys::default()))
                .with_retention(Arc::new(MemoryRecords::default()))
        } else {
            service
        };
        Self {
            service: service.clone(),
            router: match settings.mount {
                "" => router(service, settings.options),
                mount => Router::new().nest_service(mount, router(service, settings.options)),
            },
            tokens,
            policy,
            store,
            clock,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.post_as(path, FORM, body).await
    }

    pub(crate) async fn post_as(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = request("POST", path).header(CONTENT_TYPE, kind);
        self.send(request.body(body.to_owned().into()).unwrap())
            .await
    }

    pub(crate) fn rows(&self) -> Rows {
        self.store.rows().clone()
    }

    /// The one person that is held.
    pub(crate) fn person(&self) -> Subject {
        let rows = self.rows();
        assert_eq!(rows.people.len(), 1, "one person is held");
        rows.people[0].clone()
    }

    pub(crate) fn letters(&self) -> Vec<LetterKind> {
        self.rows().letters.iter().map(|(_, kind)| *kind).collect()
    }

    /// A link of the person, as a letter sent now carries it: its path.
    pub(crate) fn link(&self, purpose: Purpose) -> String {
        let person = self.store.rows().people.last().unwrap().clone();
        self.link_of(&person, purpose)
    }

    pub(crate) fn link_of(&self, person: &Subject, purpose: Purpose) -> String {
        let claims = Claims {
            purpose,
            subject: person.id.0,
            generation: person.generation,
            issued_at: self.clock.now(),
        };
        let controller = self.policy.controller.id.as_ref();
        let token = self.tokens.mint(controller, &claims);
        let place = match purpose {
            Purpose::Confirm | Purpose::ConfirmAddress => "confirm",
            Purpose::Preferences => "preferences",
            Purpose::Unsubscribe | Purpose::WithdrawAddress => "unsubscribe",
        };
        format!("/{place}/{}", token.expose())
    }

    /// Signs Anna up for these topics.
    pub(crate) async fn sign_up(&self, topics: &[&str]) {
        let mut fields = vec![format!("email={}", ANNA.replace('+', "%2B"))];
        fields.extend(topics.iter().map(|topic| format!("topic={topic}")));
        let answer = self.post("/subscribe", &fields.join("&")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }

    /// Signs Anna up and confirms.
    pub(crate) async fn subscribed(&self, topics: &[&str]) {
        self.sign_up(topics).await;
        let answer = self.post(&self.link(Purpose::Confirm), "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(self.person().state(), PersonState::Confirmed);
    }

    pub(crate) fn clock_now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait_seconds(&self, seconds: i64) {
        let span = jiff::SignedDuration::from_secs(seconds);
        self.clock.set(self.clock.now() + span);
    }

    pub(crate) fn wait(&self, hours: i64) {
        let span = jiff::SignedDuration::from_hours(hours);
        self.clock.set(self.clock.now() + span);
    }

    /// The topics that Anna has confirmed.
    pub(crate) fn topics(&self) -> Vec<String> {
        self.person()
            .subscriptions
            .iter()
            .filter(|held| held.state == consentry_domain::TopicState::Confirmed)
            .map(|held| held.topic.to_string())
            .collect()
    }
}

pub(crate) fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path)
}

/// A request from this address, to the site under a local name.
pub(crate) fn request_from(peer: &str, method: &str, path: &str) -> Builder {
    let peer = SocketAddr::new(peer.parse().unwrap(), 50_000);
    request(method, path)
        .header("host", "localhost:8080")
        .extension(ConnectInfo(peer))
}

/// The text of a stage of the demo policy.
pub(crate) fn stage(id: &str) -> &'static str {
    let head = format!("[[datasets.stages]]\nid = \"{id}\"\n");
    let rest = DEMO.split_once(&head).expect("the stage is there").1;
    let end = DEMO.len() - rest.len() + rest.find("\n\n").expect("something follows");
    &DEMO[DEMO.len() - rest.len() - head.len()..end]
}
