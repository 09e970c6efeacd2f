//! Octets on a connection, as no well-behaved client would send them.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Longer than the server may hold on to anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection to a server.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
}

/// One answer, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Status line and headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Raw {
    /// Connects to the server at `url`, such as `http://127.0.0.1:8080`.
    pub fn connect(url: &str) -> Self {
        let (_, address) = url.split_once("://").expect("a URL has a scheme");
        let stream = TcpStream::connect(address).expect("the server listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_nodelay(true))
            .expect("a socket can be set up");
        Self { stream }
    }

    /// The same connection once more, to send while another thread reads.
    #[must_use]
    pub fn share(&self) -> Self {
        let stream = self.stream.try_clone().expect("a socket can be shared");
        Self { stream }
    }

    /// Sends octets. A server that has hung up already is no failure here.
    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(octets.as_ref());
    }

    /// Everything until the server hangs up, and how long that took.
    ///
    /// # Panics
    /// When it does not.
    pub fn until_closed(&mut self) -> (String, Duration) {
        let begun = Instant::now();
        let mut received = Vec::new();
        match self.stream.read_to_end(&mut received) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("still open: {}", String::from_utf8_lossy(&received))
            }
            // A reset closes as well.
            _ => {}
        }
        let received = String::from_utf8_lossy(&received).into_owned();
        (received, begun.elapsed())
    }

    /// One answer with a `Content-Length`, on a connection that stays open; `None` when the server
    /// hung up instead.
    pub fn reply(&mut self) -> Option<Reply> {
        self.read_reply(true)
    }

    /// The same for an answer to `HEAD`.
    pub fn reply_without_body(&mut self) -> Option<Reply> {
        self.read_reply(false)
    }

    fn read_reply(&mut self, has_body: bool) -> Option<Reply> {
        let mut head = Vec::new();
        let mut octet = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut octet) {
                Ok(1..) => head.push(octet[0]),
                _ => return None,
            }
        }
        let head = String::from_utf8(head).expect("a head is ASCII");
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.stream.read_exact(&mut body).ok()?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Some(Reply {
            status: status.expect("a status line has a code"),
            head,
            body: String::from_utf8(body).expect("the body is UTF-8"),
        })
    }
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}
