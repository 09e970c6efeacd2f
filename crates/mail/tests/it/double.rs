//! A relay that does what a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the double does at one point of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says this, line ends included.
    Say(&'static str),
    /// Says this and closes the connection.
    SayAndClose(&'static str),
    /// Says this, which is no text.
    SayOctets(&'static [u8]),
    /// Says this again and again.
    Flood(&'static [u8]),
    /// Says nothing, keeps the connection.
    Hang,
    /// Closes the connection.
    Close,
}

/// A point of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point<'a> {
    /// `connect`, a verb such as `MAIL`, or `.` for the final dot.
    pub(crate) verb: &'a str,
    /// Which connection, from 0.
    pub(crate) connection: usize,
    /// How many messages this connection has taken.
    pub(crate) taken: usize,
}

/// What the double saw.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Command lines, without line ends.
    pub(crate) commands: Vec<String>,
    /// What came between DATA and the final dot, as it came.
    pub(crate) contents: Vec<Vec<u8>>,
}

impl Seen {
    pub(crate) fn verbs(&self) -> Vec<&str> {
        self.commands
            .iter()
            .map(|line| line.split(' ').next().unwrap())
            .collect()
    }
}

type Script = dyn Fn(Point<'_>) -> Option<Act> + Send + Sync;

pub(crate) struct Double {
    pub(crate) port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// TLS as the double offers it.
#[derive(Clone)]
pub(crate) enum DoubleTls {
    None,
    Implicit(TlsAcceptor),
    StartTls(TlsAcceptor),
}

impl Double {
    /// A double that says what a good relay says, but where `script` says otherwise.
    pub(crate) async fn start(
        script: impl Fn(Point<'_>) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(DoubleTls::None, script).await
    }

    pub(crate) async fn start_with(
        tls: DoubleTls,
        script: impl Fn(Point<'_>) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let connection = {
                        let mut seen = seen.lock().unwrap();
                        seen.connections += 1;
                        seen.connections - 1
                    };
                    let session = Session {
                        script: Arc::clone(&script),
                        seen: Arc::clone(&seen),
                        connection,
                        taken: 0,
                    };
                    tokio::spawn(serve(session, stream, tls.clone()));
                }
            }
        });
        Self { port, seen }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

struct Session {
    script: Arc<Script>,
    seen: Arc<Mutex<Seen>>,
    connection: usize,
    taken: usize,
}

async fn serve(mut session: Session, stream: TcpStream, tls: DoubleTls) {
    stream.set_nodelay(true).unwrap();
    match tls {
        DoubleTls::None => {
            session.run(stream, true, false).await;
        }
        DoubleTls::Implicit(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                session.run(stream, true, false).await;
            }
        }
        DoubleTls::StartTls(acceptor) => {
            if let Some(stream) = session.run(stream, true, true).await
                && let Ok(stream) = acceptor.accept(stream).await
            {
                session.run(stream, false, false).await;
            }
        }
    }
}

impl Session {
    /// Speaks until the end, or until STARTTLS, which gives the stream back.
    async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: S,
        greets: bool,
        offers_tls: bool,
    ) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greets
            && !self
                .act(&mut stream, "connect", "220 double ready\r\n")
                .await
        {
            return None;
        }
        loop {
            let mut line = String::new();
            if !matches!(stream.read_line(&mut line).await, Ok(1..)) {
                return None;
            }
            let line = line.trim_end().to_owned();
            let verb = line.split(' ').next().unwrap().to_owned();
            self.seen.lock().unwrap().commands.push(line);
            let usual = match verb.as_str() {
                "EHLO" if offers_tls => "250-double\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
                "EHLO" => "250-double\r\n250-AUTH PLAIN LOGIN\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
                "STARTTLS" => "220 go on\r\n",
                "AUTH" => "235 welcome\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 fine\r\n",
            };
            if !self.act(&mut stream, &verb, usual).await || verb == "QUIT" {
                return None;
            }
            if verb == "STARTTLS" && offers_tls {
                return Some(stream.into_inner());
            }
            if verb == "DATA" && self.says(&verb).is_none() {
                let content = read_content(&mut stream).await?;
                self.seen.lock().unwrap().contents.push(content);
                if !self.act(&mut stream, ".", "250 taken\r\n").await {
                    return None;
                }
                self.taken += 1;
            }
        }
    }

    fn says(&self, verb: &str) -> Option<Act> {
        (self.script)(Point {
            verb,
            connection: self.connection,
            taken: self.taken,
        })
    }

    /// Whether the session goes on.
    async fn act(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        verb: &str,
        usual: &'static str,
    ) -> bool {
        match self.says(verb).unwrap_or(Act::Say(usual)) {
            Act::Say(text) => {
                stream.write_all(text.as_bytes()).await.is_ok() && stream.flush().await.is_ok()
            }
            Act::SayAndClose(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.flush().await;
                false
            }
            Act::SayOctets(octets) => {
                stream.write_all(octets).await.is_ok() && stream.flush().await.is_ok()
            }
            Act::Flood(octets) => {
                let block = octets.repeat(1000);
                while stream.write_all(&block).await.is_ok() {}
                false
            }
            Act::Hang => {
                tokio::time::sleep(Duration::from_hours(1)).await;
                false
            }
            Act::Close => false,
        }
    }
}

async fn read_content(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let start = content.len();
        if stream.read_until(b'\n', &mut content).await.ok()? == 0 {
            return None;
        }
        if &content[start..] == b".\r\n" {
            content.truncate(start);
            return Some(content);
        }
    }
}
