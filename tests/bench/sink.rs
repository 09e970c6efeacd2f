//! An SMTP server that takes everything as fast as it can: the loopback relay of the bench.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a person can do with a letter.
#[derive(Debug)]
pub(crate) struct Links {
    /// The path behind the button that confirms.
    pub(crate) confirm: String,
    /// The path behind the mail program's button (RFC 8058).
    pub(crate) unsubscribe: String,
}

#[derive(Default)]
struct Taken {
    messages: AtomicUsize,
    signatures: AtomicUsize,
    octets: AtomicUsize,
    /// Without links.
    others: AtomicUsize,
    links: Mutex<Vec<Links>>,
}

/// The sink; its thread lives as long as the program.
pub(crate) struct Sink {
    address: SocketAddr,
    taken: Arc<Taken>,
}

impl Sink {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener
            .set_nonblocking(true)
            .expect("a socket can be made nonblocking");
        let address = listener.local_addr().expect("a bound socket has a port");
        let taken = Arc::new(Taken::default());
        let shared = Arc::clone(&taken);
        thread::spawn(move || serve(listener, &shared));
        Self { address, taken }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Messages taken so far.
    pub(crate) fn messages(&self) -> usize {
        self.taken.messages.load(Ordering::SeqCst)
    }

    /// Those of them that are no letters of ours.
    pub(crate) fn others(&self) -> usize {
        self.taken.others.load(Ordering::SeqCst)
    }

    /// DKIM signatures in them.
    pub(crate) fn signatures(&self) -> usize {
        self.taken.signatures.load(Ordering::SeqCst)
    }

    /// Octets in them.
    pub(crate) fn octets(&self) -> usize {
        self.taken.octets.load(Ordering::SeqCst)
    }

    /// The links of the letters so far, which are forgotten here.
    pub(crate) fn take_links(&self) -> Vec<Links> {
        std::mem::take(&mut *self.taken.links.lock().expect("no session panics"))
    }
}

fn serve(listener: std::net::TcpListener, taken: &Arc<Taken>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).expect("the socket is nonblocking");
        loop {
            let (stream, _) = listener.accept().await.expect("the sink takes connections");
            let taken = Arc::clone(taken);
            // A client that goes away is none of the sink's business.
            tokio::spawn(async move { session(stream, &taken).await });
        }
    });
}

async fn session(mut stream: TcpStream, taken: &Taken) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink\r\n").await?;
    let mut input = Vec::with_capacity(16 * 1024);
    let mut output = Vec::new();
    let mut in_message = false;
    loop {
        let mut read = 0;
        loop {
            let rest = &input[read..];
            let end: &[u8] = if in_message { b"\r\n.\r\n" } else { b"\r\n" };
            let Some(at) = memmem::find(rest, end) else {
                break;
            };
            let text = &rest[..at];
            read += at + end.len();
            let reply: &[u8] = if in_message {
                in_message = false;
                taken.take(text);
                b"250 taken\r\n"
            } else {
                match text.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
                    Some(b"EHLO") => {
                        b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
                    }
                    Some(b"DATA") => {
                        in_message = true;
                        b"354 go on\r\n"
                    }
                    Some(b"QUIT") => {
                        return stream.write_all(b"221 bye\r\n").await;
                    }
                    _ => b"250 ok\r\n",
                }
            };
            output.extend_from_slice(reply);
        }
        input.drain(..read);
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

impl Taken {
    fn take(&self, message: &[u8]) {
        let signatures = memmem::find_iter(message, b"DKIM-Signature: ").count();
        self.signatures.fetch_add(signatures, Ordering::SeqCst);
        self.octets.fetch_add(message.len(), Ordering::SeqCst);
        match links(message) {
            Some(links) => self.links.lock().expect("no session panics").push(links),
            None => {
                self.others.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.messages.fetch_add(1, Ordering::SeqCst);
    }
}

/// The paths in a message; none in what `smtp-source` sends.
fn links(message: &[u8]) -> Option<Links> {
    Some(Links {
        confirm: path(message, b"/confirm/")?,
        unsubscribe: path(message, b"/unsubscribe/")?,
    })
}

/// The first path that begins so: to the first octet that is in no link, over the soft line breaks
/// of quoted-printable text.
fn path(message: &[u8], begin: &[u8]) -> Option<String> {
    let mut rest = &message[memmem::find(message, begin)?..];
    let mut path = String::with_capacity(128);
    loop {
        match rest {
            [b'=', b'\r', b'\n', after @ ..] => rest = after,
            [byte, after @ ..]
                if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') =>
            {
                path.push(char::from(*byte));
                rest = after;
            }
            _ => return Some(path),
        }
    }
}
