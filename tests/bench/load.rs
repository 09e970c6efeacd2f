//! A load generator that leaves the processor to the server: one thread, one connection per
//! client, kept alive; requests and answers in buffers that are used again.

use std::{
    cell::Cell,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

/// What a run of requests took.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) answered: usize,
    pub(crate) elapsed: Duration,
    waits: Vec<Duration>,
}

impl Run {
    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.answered, self.elapsed)
    }

    /// What 99 of 100 requests waited at most, in milliseconds.
    pub(crate) fn p99(&self) -> f64 {
        let at = (self.waits.len() * 99).div_ceil(100).saturating_sub(1);
        self.waits
            .get(at)
            .map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
    }
}

/// How many of `count` fit into a second when all of them took `elapsed`.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are small")]
pub(crate) fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// Sends `requests` requests from `clients` clients, each waiting for its answer before it sends
/// the next; `write` appends the request of a number to a buffer. Every answer must have the
/// status `status`.
pub(crate) fn run(
    address: &str,
    clients: usize,
    requests: usize,
    status: u16,
    write: impl Fn(usize, &mut Vec<u8>) + 'static,
) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        let next = Rc::new(Cell::new(0));
        let write = Rc::new(write);
        let mut open = Vec::new();
        for _ in 0..clients {
            let stream = TcpStream::connect(address).await;
            let stream = stream.expect("the server takes connections");
            stream.set_nodelay(true).expect("TCP_NODELAY can be set");
            open.push(stream);
        }
        let start = Instant::now();
        let tasks: Vec<_> = open
            .into_iter()
            .map(|stream| {
                let (next, write) = (Rc::clone(&next), Rc::clone(&write));
                tokio::task::spawn_local(async move {
                    client(stream, &next, requests, status, &*write).await
                })
            })
            .collect();
        let mut waits = Vec::with_capacity(requests);
        for task in tasks {
            let answered = task.await.expect("no client panics");
            waits.extend(answered.expect("the server keeps its connections"));
        }
        let elapsed = start.elapsed();
        waits.sort_unstable();
        Run {
            answered: waits.len(),
            elapsed,
            waits,
        }
    })
}

async fn client(
    mut stream: TcpStream,
    next: &Cell<usize>,
    requests: usize,
    status: u16,
    write: &impl Fn(usize, &mut Vec<u8>),
) -> io::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let (mut request, mut answer) = (Vec::new(), Vec::with_capacity(8 * 1024));
    loop {
        let number = next.get();
        if number >= requests {
            return Ok(waits);
        }
        next.set(number + 1);
        request.clear();
        write(number, &mut request);
        let start = Instant::now();
        stream.write_all(&request).await?;
        answer.clear();
        let head = loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = memmem::find(&answer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let length = content_length(&answer[..head]);
        while answer.len() < head + length {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        waits.push(start.elapsed());
        let got = std::str::from_utf8(&answer[9..12]).unwrap_or_default();
        assert!(
            got.parse() == Ok(status),
            "a request was answered with {got} instead of {status}"
        );
    }
}

/// 0 where there is none: answers of this server are never chunked.
fn content_length(head: &[u8]) -> usize {
    let name = b"content-length: ";
    let Some(at) = memmem::find(head, name) else {
        return 0;
    };
    head[at + name.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}

/// Appends a POST of an urlencoded form.
pub(crate) fn post(buffer: &mut Vec<u8>, path: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    buffer.extend_from_slice(head.as_bytes());
}
