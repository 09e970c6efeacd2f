//! The stream under a session. It is ours, so that TLS is set up in one way, whether it begins
//! with the first octet or after STARTTLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use memchr::memmem;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a relay may say between two things that we say. lettre bounds the lines of a reply when it
/// has read them, so a line without end would fill the memory (RFC 5321 section 4.5.3.1.5 allows 512
/// octets a line).
const MOST_AT_ONCE: usize = 64 * 1024;

/// How a relay announces that it takes several commands at once (RFC 2920 section 2). lettre does
/// not know the word, so it is looked for here; a relay that splits it between two packets gets one
/// command at a time.
const PIPELINING: [&[u8]; 2] = [b"250-PIPELINING\r\n", b"250 PIPELINING\r\n"];

/// A stream that lettre speaks over and that can be taken back from it.
///
/// Replies are read as ASCII, which they are by RFC 5321 section 4.2.1: whatever else is in them
/// becomes a question mark, since lettre would take a reply in Latin-1 for a broken connection, and
/// nobody reads the words.
///
/// Taken back after STARTTLS, it leaves behind whatever was read ahead: a reply that somebody
/// injected in the clear is not believed under TLS.
pub(super) struct Line<S> {
    stream: Arc<Mutex<S>>,
    /// Read before the stream itself: a relay does not greet again after STARTTLS (RFC 3207
    /// section 4.2), and lettre waits for a greeting.
    greeting: &'static [u8],
    peer: SocketAddr,
    /// How much was read since something was written.
    heard: usize,
    pipelining: Arc<AtomicBool>,
}

impl<S> Line<S> {
    pub(super) fn new(stream: S, peer: SocketAddr) -> Self {
        Self {
            stream: Arc::new(Mutex::new(stream)),
            greeting: b"",
            peer,
            heard: 0,
            pipelining: Arc::default(),
        }
    }

    /// Becomes true when the relay announces that it takes several commands at once.
    pub(super) fn pipelining(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.pipelining)
    }

    /// A stream on which the greeting was read before.
    pub(super) fn greeted(stream: S, peer: SocketAddr) -> Self {
        Self {
            greeting: b"220 greeted before\r\n",
            ..Self::new(stream, peer)
        }
    }

    pub(super) fn share(&self) -> Self {
        Self {
            stream: Arc::clone(&self.stream),
            pipelining: Arc::clone(&self.pipelining),
            ..*self
        }
    }

    /// The stream itself, once nobody shares it any more.
    pub(super) fn into_inner(self) -> Option<S> {
        let stream = Arc::into_inner(self.stream)?;
        Some(stream.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(&mut self, act: impl FnOnce(Pin<&mut S>) -> T) -> T
    where
        S: Unpin,
    {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        act(Pin::new(&mut *stream))
    }
}

impl<S> fmt::Debug for Line<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> AsyncTokioStream for Line<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.greeting.is_empty() {
            let before = buffer.filled().len();
            let read = self.with(|stream| stream.poll_read(context, buffer));
            let fresh = &mut buffer.filled_mut()[before..];
            self.heard += fresh.len();
            if self.heard > MOST_AT_ONCE {
                return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
            }
            if PIPELINING
                .iter()
                .any(|line| memmem::find(fresh, line).is_some())
            {
                self.pipelining.store(true, Ordering::Relaxed);
            }
            for octet in fresh.iter_mut().filter(|octet| !octet.is_ascii()) {
                *octet = b'?';
            }
            return read;
        }
        let (now, later) = self
            .greeting
            .split_at(self.greeting.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.heard = 0;
        self.with(|stream| stream.poll_write(context, octets))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(context))
    }
}
