//! The network between a program and its database: whole, cut, or dead without saying so.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Passes bytes on until it is told not to.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    refuses: AtomicBool,
    is_silent: AtomicBool,
    withheld: AtomicUsize,
    open: Mutex<Vec<Pair>>,
}

/// One connection through the proxy.
#[derive(Debug)]
struct Pair {
    client: TcpStream,
    server: TcpStream,
    is_dead: Arc<AtomicBool>,
}

impl Proxy {
    /// A proxy of its own in front of `target`.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be bound");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            target,
            refuses: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
            withheld: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        // It ends with the tests.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !accepting.refuses.load(Ordering::SeqCst) {
                    // A client that finds no server behind the proxy is one that is refused.
                    let _ = accepting.connect(client);
                }
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and refuses new ones: a server that went away.
    pub fn cut(&self) {
        self.shared.refuses.store(true, Ordering::SeqCst);
        for pair in self.shared.take() {
            let _ = pair.client.shutdown(Shutdown::Both);
            let _ = pair.server.shutdown(Shutdown::Both);
        }
    }

    /// Lets new connections through again.
    pub fn mend(&self) {
        self.shared.refuses.store(false, Ordering::SeqCst);
    }

    /// Lets every open connection live on without a byte passing: a half-open connection. New ones
    /// pass. Gives how many there were.
    pub fn deaden(&self) -> usize {
        let open = self.shared.open.lock().expect("no connection panics");
        for pair in open.iter() {
            pair.is_dead.store(true, Ordering::SeqCst);
        }
        open.len()
    }

    /// Lets no byte pass any more, on open connections or new ones: a server that is behind a wall.
    pub fn silence(&self) {
        self.shared.is_silent.store(true, Ordering::SeqCst);
        self.deaden();
    }

    /// How many times somebody sent something on a connection that was dead.
    pub fn withheld(&self) -> usize {
        self.shared.withheld.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn take(&self) -> Vec<Pair> {
        std::mem::take(&mut self.open.lock().expect("no connection panics"))
    }

    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.target)?;
        let is_dead = self.is_silent.load(Ordering::SeqCst);
        let is_dead = Arc::new(AtomicBool::new(is_dead));
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (from, to) = (from.try_clone()?, to.try_clone()?);
            let (shared, is_dead) = (Arc::clone(self), Arc::clone(&is_dead));
            thread::spawn(move || shared.pass(from, to, &is_dead));
        }
        let mut open = self.open.lock().expect("no connection panics");
        open.push(Pair {
            client,
            server,
            is_dead,
        });
        Ok(())
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream, is_dead: &AtomicBool) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if is_dead.load(Ordering::SeqCst) {
                self.withheld.fetch_add(1, Ordering::SeqCst);
            }
            while is_dead.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_secs(1));
            }
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        if !is_dead.load(Ordering::SeqCst) {
            let _ = to.shutdown(Shutdown::Both);
        }
    }
}
