//! An SMTP server double (RFC 5321): it records what arrives, byte for byte, and misbehaves on demand.

mod session;

use std::{
    collections::{HashMap, VecDeque},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::wait_for;

/// The moments at which the server can misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The greeting of a new connection.
    Connect,
    /// `EHLO` or `HELO`.
    Hello,
    /// `AUTH`, where it is among the extensions.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The dot that ends the message.
    Dot,
}

/// What the server does instead of going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Gives this answer, such as `451 4.3.0 later`. Lines of a longer one are separated by `\r\n`.
    Reply(String),
    /// Closes the connection without an answer.
    Close,
    /// Never answers, and keeps the connection open.
    Hang,
    /// Resets the connection (RST).
    Reset,
    /// Gives these bytes as the answer.
    Garbage(Vec<u8>),
    /// Does its work, but answers one byte at a time, this far apart.
    Drip(Duration),
}

impl Fault {
    /// [`Fault::Reply`].
    pub fn reply(line: &str) -> Self {
        Self::Reply(line.to_owned())
    }
}

/// What became of a message whose final dot was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server said 250.
    Accepted,
    /// The server gave another answer.
    Refused,
    /// The server closed or fell silent: the client cannot know.
    Unanswered,
}

/// An envelope address with the parameters of its command, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// What stood between `<` and `>`.
    pub address: String,
    /// What followed, such as `BODY=8BITMIME SMTPUTF8`.
    pub parameters: String,
}

/// A message that arrived completely.
#[derive(Clone, Debug)]
pub struct Message {
    /// `MAIL FROM`.
    pub from: Envelope,
    /// `RCPT TO`, in order.
    pub to: Vec<Envelope>,
    /// The bytes on the wire without the final dot, dot-stuffing undone.
    pub bytes: Vec<u8>,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// The number of its connection, from 1.
    pub connection: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// How the server speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    #[default]
    None,
    /// It announces `STARTTLS` (RFC 3207).
    StartTls,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// What the server offers.
#[derive(Clone, Debug)]
pub struct Options {
    /// How it speaks TLS.
    pub tls: Tls,
    /// The names in its self-signed certificate.
    pub certificate_names: Vec<String>,
    /// The extensions announced besides `STARTTLS`.
    pub extensions: Vec<String>,
    /// Whether its certificate has expired.
    pub expired: bool,
    /// Closes a connection without a word when it is to take more messages than this.
    pub messages_per_connection: usize,
}

impl Default for Options {
    /// No TLS; `8BITMIME` and `SMTPUTF8`; a certificate for this machine alone; no end of messages.
    fn default() -> Self {
        Self {
            tls: Tls::None,
            certificate_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            extensions: vec!["8BITMIME".to_owned(), "SMTPUTF8".to_owned()],
            expired: false,
            messages_per_connection: usize::MAX,
        }
    }
}

/// A running server. It ends with this value.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    certificate: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    tls: Arc<ServerConfig>,
    ended: AtomicBool,
    connections: AtomicUsize,
    messages: Mutex<Vec<Message>>,
    faults: Mutex<HashMap<Stage, VecDeque<Fault>>>,
    standing: Mutex<HashMap<Stage, Fault>>,
    personal: Mutex<HashMap<(String, Stage), Fault>>,
}

impl Shared {
    /// The fault that is due at this stage, if any; a queued one is used up.
    fn fault(&self, stage: Stage, recipient: Option<&Envelope>) -> Option<Fault> {
        let queued = || {
            lock(&self.faults)
                .get_mut(&stage)
                .and_then(VecDeque::pop_front)
        };
        recipient
            .and_then(|recipient| {
                let key = (recipient.address.clone(), stage);
                lock(&self.personal).remove(&key)
            })
            .or_else(queued)
            .or_else(|| lock(&self.standing).get(&stage).cloned())
    }
}

impl Sink {
    /// Starts a server on a free port of the loopback address.
    pub fn start(options: Options) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a bound listener has one");
        let (tls, certificate) = tls(&options);
        let shared = Arc::new(Shared {
            options,
            tls: Arc::new(tls),
            ended: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            messages: Mutex::default(),
            faults: Mutex::default(),
            standing: Mutex::default(),
            personal: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &serving));
        Self {
            address,
            certificate,
            shared,
        }
    }

    /// `smtp://…` or, with implicit TLS, `smtps://…`.
    pub fn url(&self) -> String {
        let scheme = match self.shared.options.tls {
            Tls::Implicit => "smtps",
            Tls::None | Tls::StartTls => "smtp",
        };
        format!("{scheme}://{}", self.address)
    }

    /// The self-signed certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Misbehaves once at `stage`. Further calls queue up: the first message that gets there meets the
    /// first fault.
    pub fn once(&self, stage: Stage, fault: Fault) {
        lock(&self.shared.faults)
            .entry(stage)
            .or_default()
            .push_back(fault);
    }

    /// Misbehaves once towards one recipient: at [`Stage::Rcpt`], [`Stage::Data`] or [`Stage::Dot`].
    pub fn once_for(&self, recipient: &str, stage: Stage, fault: Fault) {
        lock(&self.shared.personal).insert((recipient.to_owned(), stage), fault);
    }

    /// Misbehaves at `stage` until [`Sink::recover`].
    pub fn always(&self, stage: Stage, fault: Fault) {
        lock(&self.shared.standing).insert(stage, fault);
    }

    /// Behaves from now on.
    pub fn recover(&self) {
        lock(&self.shared.faults).clear();
        lock(&self.shared.standing).clear();
        lock(&self.shared.personal).clear();
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Every message whose final dot arrived, in order of arrival, whatever became of it.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.shared.messages).clone()
    }

    /// The messages that the server took over.
    pub fn accepted(&self) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(|message| message.outcome == Outcome::Accepted);
        messages
    }

    /// Waits until `count` messages have arrived, and gives them.
    ///
    /// # Panics
    /// When they have not after half a minute.
    pub fn wait_for(&self, count: usize) -> Vec<Message> {
        let what = format!("{count} messages");
        wait_for(&what, Duration::from_secs(30), || {
            let messages = self.messages();
            (messages.len() >= count).then_some(messages)
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let shared = Arc::clone(shared);
        // A client that goes away ends its session; that is no failure of the test.
        thread::spawn(move || session::serve(stream, number, &shared).ok());
    }
}

fn tls(options: &Options) -> (ServerConfig, String) {
    let names = options.certificate_names.clone();
    let mut wanted = CertificateParams::new(names).expect("the names can stand in a certificate");
    if options.expired {
        wanted.not_before = date_time_ymd(2020, 1, 1);
        wanted.not_after = date_time_ymd(2020, 12, 31);
    }
    let pair = KeyPair::generate().expect("a key can be made");
    let certificate = wanted
        .self_signed(&pair)
        .expect("a certificate can be made");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a fresh key fits its certificate");
    (configuration, certificate.pem())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}
