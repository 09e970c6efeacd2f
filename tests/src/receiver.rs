//! An endpoint of webhooks: it records what arrives, verifies the signature by itself, and misbehaves
//! on demand.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

/// What the endpoint does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Answers with this status.
    Status(u16),
    /// Closes the connection without an answer.
    Close,
    /// Never answers, and keeps the connection open.
    Hang,
}

/// A message as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The body, byte for byte.
    pub body: String,
    /// What the endpoint did.
    pub reply: Reply,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// `type` in the body.
    pub fn event(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether one of the signatures is good, by the word of Python's `hmac` alone: the scheme of
    /// Standard Webhooks, written down a second time.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        const VERIFY: &str = r#"
import base64, hashlib, hmac, sys
secret, id, timestamp, signatures = sys.argv[1:]
key = base64.b64decode(secret.removeprefix("whsec_"))
signed = f"{id}.{timestamp}.".encode() + sys.stdin.buffer.read()
expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
sys.exit(0 if any(hmac.compare_digest(one, expected) for one in signatures.split()) else 1)
"#;
        let timestamp = self.timestamp.to_string();
        let mut judge = Command::new("/usr/bin/python3")
            .args(["-c", VERIFY, secret, &self.id, &timestamp, &self.signature])
            .stdin(Stdio::piped())
            .spawn()
            .expect("python3 can be started: run tests/setup-debian");
        let mut stdin = judge.stdin.take().expect("stdin is piped");
        let written = stdin.write_all(self.body.as_bytes());
        written.expect("python3 reads its input");
        drop(stdin);
        judge.wait().expect("python3 ends").success()
    }
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    script: Mutex<VecDeque<Reply>>,
    hanging: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
}

/// A running endpoint. It ends with this value.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// An endpoint that takes everything.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if serving.is_over.load(Ordering::Relaxed) {
                    break;
                }
                let serving = Arc::clone(&serving);
                // A client that is killed ends its connection somewhere in the middle.
                thread::spawn(move || serve(&serving, stream));
            }
        });
        Self { address, shared }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/hooks/consentry", self.address)
    }

    /// What it does with the next messages; it takes those after them.
    pub fn will(&self, replies: &[Reply]) {
        lock(&self.shared.script).extend(replies);
    }

    /// What has arrived.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// The types of what it has taken, in order.
    pub fn taken(&self) -> Vec<String> {
        let received = self.received();
        let taken = received
            .iter()
            .filter(|one| matches!(one.reply, Reply::Status(200..=299)));
        taken.map(Received::event).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        lock(&self.shared.hanging).clear();
        // Wakes the one who accepts.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it looks")
}

fn serve(shared: &Shared, mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        head.iter()
            .filter_map(|line| line.split_once(": "))
            .find(|(held, _)| held.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length = header("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let reply = lock(&shared.script)
        .pop_front()
        .unwrap_or(Reply::Status(200));
    lock(&shared.received).push(Received {
        id: header("webhook-id")?,
        timestamp: header("webhook-timestamp")?.parse().ok()?,
        signature: header("webhook-signature")?,
        body: String::from_utf8(body).ok()?,
        reply,
    });
    match reply {
        Reply::Status(code) => {
            let answer = format!("HTTP/1.1 {code} Said\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok()
        }
        Reply::Close => None,
        Reply::Hang => {
            lock(&shared.hanging).push(stream);
            None
        }
    }
}
