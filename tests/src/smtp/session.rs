//! One connection of the SMTP server double.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use rustls::{ServerConnection, StreamOwned};
use socket2::SockRef;

use super::{Envelope, Fault, Message, Outcome, Shared, Stage, Tls, lock};

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

struct Session<'a> {
    stream: BufReader<Box<dyn Stream>>,
    socket: TcpStream,
    encrypted: bool,
    number: usize,
    shared: &'a Shared,
    from: Option<Envelope>,
    to: Vec<Envelope>,
    /// Messages that this connection has brought.
    taken: usize,
    /// How far apart the bytes of the next answer are.
    drip: Option<Duration>,
}

/// Speaks with one client until it leaves. An error means that the connection ended.
pub(super) fn serve(socket: TcpStream, number: usize, shared: &Shared) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut session = Session {
        stream: BufReader::new(Box::new(socket.try_clone()?)),
        socket,
        encrypted: false,
        number,
        shared,
        from: None,
        to: Vec::new(),
        taken: 0,
        drip: None,
    };
    if shared.options.tls == Tls::Implicit {
        session.encrypt()?;
    }
    if !session.proceed(Stage::Connect, "220 sink.example ESMTP")? {
        return Ok(());
    }
    while let Some(line) = session.line()? {
        if !session.command(&line)? {
            break;
        }
    }
    Ok(())
}

impl Session<'_> {
    /// Obeys a command. False: the connection ends.
    fn command(&mut self, line: &str) -> io::Result<bool> {
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => {
                let answer = self.announcement();
                self.proceed(Stage::Hello, &answer)
            }
            "STARTTLS" if self.shared.options.tls == Tls::StartTls && !self.encrypted => {
                self.say("220 2.0.0 ready")?;
                self.encrypt()?;
                Ok(true)
            }
            "AUTH" => self.proceed(Stage::Auth, "235 2.7.0 welcome"),
            "MAIL" if self.taken >= self.shared.options.messages_per_connection => Ok(false),
            "MAIL" => match self.due(Stage::Mail) {
                None => {
                    self.from = Some(envelope(line));
                    self.to.clear();
                    self.say("250 2.1.0 ok")
                }
                Some(fault) => self.fail(fault),
            },
            "RCPT" => {
                self.to.push(envelope(line));
                match self.due(Stage::Rcpt) {
                    None => self.say("250 2.1.5 ok"),
                    Some(fault) => {
                        self.to.pop();
                        self.fail(fault)
                    }
                }
            }
            "DATA" if self.from.is_none() || self.to.is_empty() => {
                self.say("503 5.5.1 no envelope")
            }
            "DATA" => match self.due(Stage::Data) {
                None => {
                    self.say("354 go on")?;
                    self.message()
                }
                Some(fault) => self.fail(fault),
            },
            "RSET" => {
                self.from = None;
                self.to.clear();
                self.say("250 2.0.0 ok")
            }
            "NOOP" => self.say("250 2.0.0 ok"),
            "QUIT" => {
                self.say("221 2.0.0 bye")?;
                Ok(false)
            }
            _ => self.say("502 5.5.1 unknown command"),
        }
    }

    /// Reads a message, writes it down with what becomes of it, and only then answers: a client that
    /// has its answer finds the message recorded.
    fn message(&mut self) -> io::Result<bool> {
        let bytes = self.body()?;
        let fault = self.due(Stage::Dot);
        self.taken += 1;
        let outcome = match &fault {
            None => Outcome::Accepted,
            Some(Fault::Reply(_)) => Outcome::Refused,
            Some(_) => Outcome::Unanswered,
        };
        lock(&self.shared.messages).push(Message {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            bytes,
            encrypted: self.encrypted,
            connection: self.number,
            outcome,
        });
        match fault {
            None => self.say("250 2.0.0 queued"),
            Some(fault) => self.fail(fault),
        }
    }

    /// The bytes up to the final dot. Only CR LF ends a line (RFC 5321 section 2.3.8).
    fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body: Vec<u8> = Vec::new();
        loop {
            let begins = body.is_empty() || body.ends_with(b"\r\n");
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.as_slice() {
                b".\r\n" if begins => return Ok(body),
                [b'.', rest @ ..] if begins => body.extend_from_slice(rest),
                all => body.extend_from_slice(all),
            }
        }
    }

    /// Says `answer`, unless a fault is due. False: the connection ends.
    fn proceed(&mut self, stage: Stage, answer: &str) -> io::Result<bool> {
        match self.due(stage) {
            None => self.say(answer),
            Some(fault) => self.fail(fault),
        }
    }

    /// The fault that is due here; to be slow is none.
    fn due(&mut self, stage: Stage) -> Option<Fault> {
        let fault = self.shared.fault(stage, self.to.last());
        if let Some(Fault::Drip(apart)) = fault {
            self.drip = Some(apart);
            return None;
        }
        fault
    }

    fn fail(&mut self, fault: Fault) -> io::Result<bool> {
        match fault {
            Fault::Reply(reply) => {
                self.say(&reply)?;
                // RFC 5321 section 3.8: after 421 the server closes.
                Ok(!reply.starts_with("421"))
            }
            Fault::Close | Fault::Drip(_) => Ok(false),
            Fault::Reset => {
                SockRef::from(&self.socket).set_linger(Some(Duration::ZERO))?;
                Ok(false)
            }
            Fault::Garbage(bytes) => {
                let stream = self.stream.get_mut();
                stream.write_all(&bytes)?;
                stream.flush()?;
                Ok(true)
            }
            Fault::Hang => {
                while !self.shared.ended.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                Ok(false)
            }
        }
    }

    fn announcement(&self) -> String {
        let options = &self.shared.options;
        let mut lines = vec!["sink.example"];
        lines.extend(options.extensions.iter().map(String::as_str));
        if options.tls == Tls::StartTls && !self.encrypted {
            lines.push("STARTTLS");
        }
        let last = lines.len() - 1;
        let answer: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }))
            .collect();
        answer.join("\r\n")
    }

    fn encrypt(&mut self) -> io::Result<()> {
        let connection =
            ServerConnection::new(Arc::clone(&self.shared.tls)).map_err(io::Error::other)?;
        let stream = StreamOwned::new(connection, self.socket.try_clone()?);
        // What a client sent in clear before the handshake is thrown away with the old buffer.
        self.stream = BufReader::new(Box::new(stream));
        self.encrypted = true;
        Ok(())
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// Answers; always true, so that a command can end with it.
    fn say(&mut self, answer: &str) -> io::Result<bool> {
        let answer = format!("{answer}\r\n");
        let apart = self.drip.take();
        let stream = self.stream.get_mut();
        let step = if apart.is_some() { 1 } else { answer.len() };
        for part in answer.as_bytes().chunks(step) {
            stream.write_all(part)?;
            stream.flush()?;
            if let Some(apart) = apart {
                thread::sleep(apart);
            }
        }
        Ok(true)
    }
}

/// The address and the parameters of `MAIL FROM:<…> …` and `RCPT TO:<…> …`.
fn envelope(line: &str) -> Envelope {
    let inside = line.split_once('<').map_or("", |(_, rest)| rest);
    let (address, parameters) = inside.rsplit_once('>').unwrap_or((inside, ""));
    Envelope {
        address: address.to_owned(),
        parameters: parameters.trim().to_owned(),
    }
}
