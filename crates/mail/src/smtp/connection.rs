//! One session with a relay: lettre's protocol, our stream, and a timer of our own on every step
//! (lettre has none after the connection).

use std::future::pending;
use std::iter;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::SetOnce;
use tokio::time::timeout;

use super::endpoint::Endpoint;
use super::error::{Fault, SmtpError, Stage};
use super::stream::Line;
use super::url::{Credentials, Security};
use crate::Message;

/// A session that has said EHLO, with TLS and authentication as configured.
pub(super) struct Connection {
    session: AsyncSmtpConnection,
    /// The TLS version, where there is TLS.
    pub(super) tls: Option<&'static str>,
    pub(super) is_authenticated: bool,
    /// Whether it takes several commands at once.
    pipelining: bool,
}

/// A session that has said EHLO, and whether the relay takes several commands at once.
type Greeted = (AsyncSmtpConnection, bool);

/// The mechanisms in the order of preference (RFC 4954).
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

async fn within<T>(
    stage: Stage,
    limit: Duration,
    step: impl Future<Output = Result<T, Fault>>,
) -> Result<T, SmtpError> {
    timeout(limit, step)
        .await
        .unwrap_or(Err(Fault::Timeout))
        .map_err(|fault| SmtpError { stage, fault })
}

fn failed<T>(stage: Stage, fault: Fault) -> Result<T, SmtpError> {
    Err(SmtpError { stage, fault })
}

impl Connection {
    /// Connects and prepares a session.
    pub(super) async fn open(relay: &Endpoint) -> Result<Self, SmtpError> {
        let (url, limits) = (&relay.url, &relay.settings.timeouts);
        let connect = async {
            let tcp = TcpStream::connect((url.host.as_str(), url.port)).await?;
            // Without it, every message waits 40 ms for a delayed acknowledgement.
            tcp.set_nodelay(true)?;
            let peer = tcp.peer_addr()?;
            Ok((tcp, peer))
        };
        let connect = async { connect.await.map_err(Fault::network) };
        let (tcp, peer) = within(Stage::Connect, limits.connect, connect).await?;

        if url.security == Security::Tls {
            let (stream, version) = relay.tls.handshake(tcp, limits.step).await?;
            let session = greet(Line::new(stream, peer), relay).await?;
            return Self::authenticated(session, version, relay).await;
        }
        let line = Line::new(tcp, peer);
        let (mut session, pipelining) = greet(line.share(), relay).await?;
        let offers_tls = session.server_info().supports_feature(Extension::StartTls);
        match (url.security, offers_tls) {
            (Security::StartTls, false) => return failed(Stage::Tls, Fault::NoStartTls),
            (Security::StartTls | Security::Opportunistic, true) => {}
            _ => return Self::authenticated((session, pipelining), None, relay).await,
        }
        let begin = async { session.command(Starttls).await.map_err(Fault::of) };
        within(Stage::Tls, limits.step, begin).await?;
        // What was announced, or injected, in the clear is forgotten (RFC 3207 section 4.2).
        drop(session);
        let Some(tcp) = line.into_inner() else {
            return failed(Stage::Tls, Fault::Broken);
        };
        let (stream, version) = relay.tls.handshake(tcp, limits.step).await?;
        let session = greet(Line::greeted(stream, peer), relay).await?;
        Self::authenticated(session, version, relay).await
    }

    async fn authenticated(
        (mut session, pipelining): Greeted,
        tls: Option<&'static str>,
        relay: &Endpoint,
    ) -> Result<Self, SmtpError> {
        let url = &relay.url;
        if let Some(Credentials { user, password }) = &url.credentials {
            if tls.is_none() && !url.is_loopback() {
                return failed(Stage::Auth, Fault::NoTlsForPassword);
            }
            if session
                .server_info()
                .get_auth_mechanism(MECHANISMS)
                .is_none()
            {
                return failed(Stage::Auth, Fault::NoMechanism);
            }
            let login = Login::new(user.clone(), password.expose_secret().to_owned());
            let auth = async { session.auth(MECHANISMS, &login).await.map_err(Fault::of) };
            within(Stage::Auth, relay.settings.timeouts.step, auth).await?;
        }
        Ok(Self {
            session,
            tls,
            is_authenticated: url.credentials.is_some(),
            pipelining,
        })
    }

    /// Whether addresses with non-ASCII local parts can be mailed to (RFC 6531).
    pub(super) fn takes_utf8(&self) -> bool {
        let announced = self.session.server_info();
        announced.supports_feature(Extension::SmtpUtfEight)
    }

    /// Whether lines may hold octets above 127 (RFC 6152).
    pub(super) fn takes_eight_bits(&self) -> bool {
        let announced = self.session.server_info();
        announced.supports_feature(Extension::EightBitMime)
    }

    /// The largest message that is taken (RFC 1870), asked by another EHLO since lettre drops it.
    pub(super) async fn size_limit(&mut self, relay: &Endpoint, limit: Duration) -> Option<u64> {
        let ehlo = format!("EHLO {}\r\n", relay.settings.ehlo_name);
        let reply = timeout(limit, self.session.command(ehlo))
            .await
            .ok()?
            .ok()?;
        reply.message().find_map(|line| {
            let (keyword, size) = line.split_once(' ')?;
            let is_size = keyword.eq_ignore_ascii_case("SIZE");
            is_size.then(|| size.trim().parse().ok().filter(|size| *size > 0))?
        })
    }

    /// Hands one message over. `is_written` is set when all of it is written but the final dot:
    /// from then on it may be taken.
    pub(super) async fn send(
        &mut self,
        relay: &Endpoint,
        message: &Message,
        is_written: &SetOnce<()>,
    ) -> Result<(), SmtpError> {
        let Message {
            sender,
            recipient,
            octets,
            ..
        } = message;
        let limit = relay.settings.timeouts.step;
        let needs_utf8 = !octets.is_ascii() || !recipient.is_ascii();
        if needs_utf8 && !self.takes_utf8() {
            return failed(Stage::Mail, Fault::NoSmtpUtf8);
        }
        let parameters = if needs_utf8 { " SMTPUTF8" } else { "" };
        let mail = format!("MAIL FROM:<{sender}>{parameters}\r\n");
        let rcpt = format!("RCPT TO:<{recipient}>\r\n");
        if self.pipelining {
            self.envelope_at_once(limit, mail + &rcpt).await?;
        } else {
            self.command(Stage::Mail, limit, mail).await?;
            self.command(Stage::Recipient, limit, rcpt).await?;
            let data = async { self.session.command(Data).await.map_err(Fault::of) };
            goes_on(&within(Stage::Data, limit, data).await?)?;
        }
        self.content(relay, octets, is_written).await
    }

    /// MAIL, RCPT and DATA in one go (RFC 2920). Every answer is read: one that is left would stand
    /// for the answer to a later command.
    async fn envelope_at_once(
        &mut self,
        limit: Duration,
        mail_and_rcpt: String,
    ) -> Result<(), SmtpError> {
        let mail = self
            .command(Stage::Mail, limit, mail_and_rcpt + "DATA\r\n")
            .await;
        let mail = answered(mail)?;
        let rcpt = async { self.session.read_response().await.map_err(Fault::of) };
        let rcpt = within(Stage::Recipient, limit, rcpt).await;
        let rcpt = answered(rcpt.and_then(|reply| completes(Stage::Recipient, &reply)))?;
        let data = async { self.session.read_response().await.map_err(Fault::of) };
        let data = within(Stage::Data, limit, data).await;
        let data = answered(data.and_then(|reply| goes_on(&reply)))?;
        let refused = mail.and(rcpt);
        if refused.is_err() && data.is_ok() {
            // The relay waits for a text all the same: an empty one, which goes to nobody
            // (RFC 2920 section 3.1).
            let nothing = async { self.session.command(".\r\n").await.map_err(Fault::of) };
            let _ = answered(within(Stage::Data, limit, nothing).await)?;
        }
        refused.and(data)
    }

    /// The message and the final dot. From the moment that all of the message is written, a
    /// silence is uncertain.
    async fn content(
        &mut self,
        relay: &Endpoint,
        message: &[u8],
        is_written: &SetOnce<()>,
    ) -> Result<(), SmtpError> {
        let limits = &relay.settings.timeouts;
        // lettre ends the last line itself, and asks for the next part once this one is written.
        let text = message.strip_suffix(b"\r\n").unwrap_or(message);
        let parts = iter::once(text).chain(iter::from_fn(|| {
            let _ = is_written.set(());
            None
        }));
        let ended = {
            let mut reply = pin!(self.session.message_iter(parts));
            tokio::select! {
                biased;
                ended = &mut reply => Ok(ended),
                () = is_written.wait() => timeout(limits.final_dot, &mut reply).await,
                elapsed = timeout(limits.step, pending()) => elapsed,
            }
        };
        let stage = if is_written.initialized() {
            Stage::FinalDot
        } else {
            Stage::Content
        };
        match ended {
            Ok(Ok(reply)) if is_completion(&reply) => Ok(()),
            Ok(Ok(_)) => failed(stage, Fault::Broken),
            Ok(Err(error)) => failed(stage, Fault::of(error)),
            Err(_) => failed(stage, Fault::Timeout),
        }
    }

    /// Forgets a message that was not taken.
    pub(super) async fn reset(&mut self, limit: Duration) -> Result<(), SmtpError> {
        self.command(Stage::Mail, limit, Rset).await
    }

    /// Takes leave; whether the relay answers does not matter.
    pub(super) async fn quit(&mut self, limit: Duration) {
        let _ = timeout(limit, self.session.quit()).await;
    }

    async fn command(
        &mut self,
        stage: Stage,
        limit: Duration,
        command: impl std::fmt::Display,
    ) -> Result<(), SmtpError> {
        let step = async { self.session.command(command).await.map_err(Fault::of) };
        completes(stage, &within(stage, limit, step).await?)
    }
}

/// What a relay answered, good or bad. Without an answer the session is over.
fn answered<T>(step: Result<T, SmtpError>) -> Result<Result<T, SmtpError>, SmtpError> {
    match step {
        Err(error) if !error.leaves_connection_usable() => Err(error),
        step => Ok(step),
    }
}

/// The step is done.
fn completes(stage: Stage, reply: &Response) -> Result<(), SmtpError> {
    if is_completion(reply) {
        Ok(())
    } else {
        failed(stage, Fault::Broken)
    }
}

/// The relay waits for the text.
fn goes_on(reply: &Response) -> Result<(), SmtpError> {
    if reply.has_code(354) {
        Ok(())
    } else {
        failed(Stage::Data, Fault::Broken)
    }
}

/// 2yz: done. lettre takes 3yz, "go on", for as good.
fn is_completion(reply: &Response) -> bool {
    u16::from(reply.code()) / 100 == 2
}

/// Reads the greeting and says EHLO.
async fn greet<S>(line: Line<S>, relay: &Endpoint) -> Result<Greeted, SmtpError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let name = ClientId::Domain(relay.settings.ehlo_name.clone());
    let pipelining = line.pipelining();
    let greet = async {
        AsyncSmtpConnection::connect_with_transport(Box::new(line), &name)
            .await
            .map_err(Fault::of)
    };
    let session = within(Stage::Greeting, relay.settings.timeouts.step, greet).await?;
    Ok((session, pipelining.load(Ordering::Relaxed)))
}
