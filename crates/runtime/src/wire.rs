//! A connection that is watched: requests whose length can be read in two ways never reach hyper,
//! and a client that does not take its answer is let go.
//!
//! RFC 9112 section 6.1 lets a server process a request with both `Content-Length` and
//! `Transfer-Encoding`, and hyper does. A proxy in front that believes the other one of the two sees
//! other requests than we do (request smuggling), so they are refused here, before the first octet
//! of their end is handed on. hyper itself answers with 400 and closes.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How long an answer may wait for a client that takes nothing of it.
const STALL: Duration = Duration::from_secs(15);

/// More header lines than hyper accepts.
const LINES: usize = 128;

/// A request head longer than this is hyper's to refuse.
const LONGEST_HEAD: usize = 64 * 1024;

/// A stream under watch.
pub(crate) struct Watched<S> {
    stream: S,
    framing: Framing,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            framing: Framing::Head(Vec::new()),
            stalled: None,
        }
    }
}

/// What comes next on the connection.
#[derive(Debug)]
enum Framing {
    /// A request head, so far.
    Head(Vec<u8>),
    /// The rest of a body.
    Body(u64),
    /// What hyper refuses by itself, or the last request: chunked ones end the connection.
    Anything,
    /// Nothing more: what was read was refused.
    Refused,
}

impl Framing {
    /// Reads what arrived.
    ///
    /// # Errors
    /// Where in it a refused request goes on or begins.
    fn take(&mut self, arrived: &[u8]) -> Result<(), usize> {
        let mut at = 0;
        while at < arrived.len() {
            match self {
                Self::Head(head) => {
                    let begin = at;
                    let Some(end) = extend(head, arrived, &mut at) else {
                        continue;
                    };
                    *self = after_head(&head[..end]);
                    if matches!(self, Self::Refused) {
                        return Err(begin);
                    }
                }
                Self::Body(rest) => {
                    let here = (arrived.len() - at) as u64;
                    let taken = here.min(*rest);
                    *rest -= taken;
                    at += usize::try_from(taken).unwrap_or(arrived.len());
                    if *rest == 0 {
                        *self = Self::Head(Vec::new());
                    }
                }
                Self::Anything => return Ok(()),
                Self::Refused => return Err(at),
            }
        }
        Ok(())
    }
}

/// Adds octets to a head until it is whole; then, its length. `at` moves behind what was added.
fn extend(head: &mut Vec<u8>, arrived: &[u8], at: &mut usize) -> Option<usize> {
    while *at < arrived.len() {
        let octet = arrived[*at];
        *at += 1;
        // Empty lines before a request are skipped (RFC 9112 section 2.2).
        if head.is_empty() && matches!(octet, b'\r' | b'\n') {
            continue;
        }
        head.push(octet);
        let is_whole = octet == b'\n' && (head.ends_with(b"\n\n") || head.ends_with(b"\n\r\n"));
        if is_whole || head.len() > LONGEST_HEAD {
            return Some(head.len());
        }
    }
    None
}

/// What follows a head.
fn after_head(head: &[u8]) -> Framing {
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    let mut request = httparse::Request::new(&mut lines);
    if !matches!(request.parse(head), Ok(httparse::Status::Complete(_))) {
        return Framing::Anything;
    }
    let count = |name: &str| {
        let lines = request.headers.iter();
        lines
            .filter(|line| line.name.eq_ignore_ascii_case(name))
            .count()
    };
    let lengths = count("content-length");
    let is_coded = count("transfer-encoding") > 0;
    // RFC 9112 section 3.2: exactly one `Host`.
    let is_addressed = request.version == Some(0) || count("host") == 1;
    if lengths > 1 || (lengths == 1 && is_coded) || !is_addressed {
        return Framing::Refused;
    }
    if is_coded {
        return Framing::Anything;
    }
    let length = request
        .headers
        .iter()
        .find(|line| line.name.eq_ignore_ascii_case("content-length"))
        .map_or(Some(0), |line| parse_length(line.value));
    match length {
        Some(0) => Framing::Head(Vec::new()),
        Some(length) => Framing::Body(length),
        None => Framing::Refused,
    }
}

/// Digits and nothing else: no sign, no list.
fn parse_length(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| is_number)?;
    text.parse().ok()
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self.framing, Framing::Refused) {
            // The end of the stream.
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if let Err(at) = self.framing.take(&buffer.filled()[before..]) {
            // In place of the refused request, an octet that no head may hold.
            buffer.set_filled(before + at);
            buffer.put_slice(&[0]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Unpin> Watched<S> {
    /// Passes the outcome of a write on; one that waits is given up in the end.
    fn or_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, data);
        self.or_stalled(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, data);
        self.or_stalled(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.or_stalled(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.or_stalled(context, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /// What is passed on of a stream that arrives in pieces of this size.
    fn passed(stream: &str, piece: usize) -> usize {
        let mut framing = Framing::Head(Vec::new());
        for (number, piece_of) in stream.as_bytes().chunks(piece).enumerate() {
            if let Err(at) = framing.take(piece_of) {
                return number * piece + at;
            }
        }
        stream.len()
    }

    fn post(lines: &str, body: &str) -> String {
        format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n{body}")
    }

    #[test]
    fn requests_of_one_length_pass_however_they_arrive() {
        let stream = [
            GOOD,
            &post("Content-Length: 3\r\n", "a\n\n"),
            "\r\n",
            GOOD,
            &post("content-length: 0\r\n", ""),
            "GET / HTTP/1.0\n\n",
            &post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ]
        .concat();
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(passed(&stream, piece), stream.len(), "pieces of {piece}");
        }
    }

    #[test]
    fn a_request_of_two_lengths_is_cut_off_where_it_begins() {
        for lines in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "transfer-encoding: chunked\r\nX: y\r\nCONTENT-LENGTH: 0\r\n",
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x3\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Host: b\r\n",
        ] {
            let bad = post(lines, "abc");
            assert_eq!(passed(&bad, 1000), 0, "{lines}");
            let second = format!("{GOOD}{bad}");
            assert_eq!(passed(&second, 1000), GOOD.len(), "{lines}");
            // In pieces, all but its last octet may have passed: hyper waits for that one.
            let whole = bad.len() - "abc".len();
            assert_eq!(passed(&bad, 1), whole - 1, "{lines}");
        }
        assert_eq!(passed("GET / HTTP/1.1\r\n\r\n", 1000), 0, "no host");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_let_go() {
        use tokio::io::AsyncWriteExt as _;

        let (near, _far) = tokio::io::duplex(8);
        let mut watched = Watched::new(near);
        let error = watched.write_all(&[0; 64]).await.expect_err("it is full");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
