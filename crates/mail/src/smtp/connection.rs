//! One session with a relay.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::{Fault, SmtpError, Stage};
use super::relay::SmtpRelay;
use super::reply::{Extensions, Reply};
use super::tls::Tls;
use super::url::{Credentials, Security};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A session that has said EHLO, with TLS and authentication as configured.
pub(super) struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    pub(super) extensions: Extensions,
    /// The TLS version, where there is TLS.
    pub(super) tls: Option<&'static str>,
    pub(super) is_authenticated: bool,
}

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

/// The kind alone: it says enough, and nothing of an address.
#[allow(clippy::needless_pass_by_value)] // It stands in `map_err`.
fn network(error: std::io::Error) -> Fault {
    Fault::Network(error.kind())
}

impl Connection {
    /// Connects and prepares a session.
    pub(super) async fn open(relay: &SmtpRelay) -> Result<Self, SmtpError> {
        let (url, limits) = (&relay.url, &relay.settings.timeouts);
        let tcp = within(Stage::Connect, limits.connect, async {
            let tcp = TcpStream::connect((url.host.as_str(), url.port))
                .await
                .map_err(network)?;
            // Without it, every message waits 40 ms for a delayed acknowledgement.
            tcp.set_nodelay(true).map_err(network)?;
            Ok(tcp)
        })
        .await?;
        let mut connection = Self {
            stream: BufReader::new(Box::new(tcp)),
            extensions: Extensions::default(),
            tls: None,
            is_authenticated: false,
        };
        if url.security == Security::Tls {
            connection = connection.handshake(&relay.tls, limits.step).await?;
        }
        let greeting = async {
            let reply = Reply::read(&mut connection.stream).await?;
            if reply.is_positive() {
                Ok(())
            } else {
                Err(reply.into_fault())
            }
        };
        within(Stage::Greeting, limits.step, greeting).await?;
        connection.ehlo(relay).await?;
        let wants_starttls = match url.security {
            Security::StartTls => true,
            Security::Opportunistic => connection.extensions.starttls,
            Security::Tls | Security::None => false,
        };
        if wants_starttls {
            connection = connection.starttls(relay).await?;
        }
        if let Some(credentials) = &url.credentials {
            let may_authenticate = connection.tls.is_some() || url.is_loopback();
            connection
                .authenticate(credentials, may_authenticate, limits.step)
                .await?;
        }
        Ok(connection)
    }

    async fn ehlo(&mut self, relay: &SmtpRelay) -> Result<(), SmtpError> {
        let line = format!("EHLO {}", relay.settings.ehlo_name);
        let reply = self
            .positive(Stage::Ehlo, relay.settings.timeouts.step, &line)
            .await?;
        self.extensions = reply.extensions();
        Ok(())
    }

    async fn starttls(mut self, relay: &SmtpRelay) -> Result<Self, SmtpError> {
        let failed = |fault| SmtpError {
            stage: Stage::Tls,
            fault,
        };
        if !self.extensions.starttls {
            return Err(failed(Fault::NoStartTls));
        }
        let limit = relay.settings.timeouts.step;
        self.positive(Stage::Tls, limit, "STARTTLS").await?;
        // Whatever came in the clear after the reply was put there by somebody else.
        if !self.stream.buffer().is_empty() {
            return Err(failed(Fault::Garbage));
        }
        let mut secured = self.handshake(&relay.tls, limit).await?;
        // RFC 3207 §4.2: forget what was announced in the clear.
        secured.ehlo(relay).await?;
        Ok(secured)
    }

    async fn handshake(self, tls: &Tls, limit: Duration) -> Result<Self, SmtpError> {
        let handshake = async {
            tls.connector
                .connect(tls.name.clone(), self.stream.into_inner())
                .await
                .map_err(|error| match error.kind() {
                    std::io::ErrorKind::InvalidData => Fault::Handshake,
                    kind => Fault::Network(kind),
                })
        };
        let stream = within(Stage::Tls, limit, handshake).await?;
        let version = stream.get_ref().1.protocol_version();
        Ok(Self {
            tls: version.and_then(|version| version.as_str()),
            stream: BufReader::new(Box::new(stream)),
            extensions: Extensions::default(),
            is_authenticated: false,
        })
    }

    /// RFC 4954: PLAIN where offered, else LOGIN.
    async fn authenticate(
        &mut self,
        credentials: &Credentials,
        may_authenticate: bool,
        limit: Duration,
    ) -> Result<(), SmtpError> {
        let failed = |fault| SmtpError {
            stage: Stage::Auth,
            fault,
        };
        if !may_authenticate {
            return Err(failed(Fault::NoTlsForPassword));
        }
        let (user, password) = (&credentials.user, credentials.password.expose_secret());
        let lines = if self.extensions.auth_plain {
            let secret = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
            vec![format!("AUTH PLAIN {secret}")]
        } else if self.extensions.auth_login {
            vec![
                "AUTH LOGIN".to_owned(),
                BASE64_STANDARD.encode(user),
                BASE64_STANDARD.encode(password),
            ]
        } else {
            return Err(failed(Fault::NoMechanism));
        };
        for (at, line) in lines.iter().enumerate() {
            let expected = if at + 1 == lines.len() { 235 } else { 334 };
            let reply = within(Stage::Auth, limit, self.command(line)).await?;
            if reply.code != expected {
                return Err(failed(reply.into_fault()));
            }
        }
        self.is_authenticated = true;
        Ok(())
    }

    /// Hands one message over.
    pub(super) async fn send(
        &mut self,
        relay: &SmtpRelay,
        sender: &str,
        recipient: &str,
        message: &[u8],
    ) -> Result<(), SmtpError> {
        let limits = &relay.settings.timeouts;
        let mut mail = format!("MAIL FROM:<{sender}>");
        if !message.is_ascii() || !recipient.is_ascii() {
            if !self.extensions.smtputf8 {
                return Err(SmtpError {
                    stage: Stage::Mail,
                    fault: Fault::NoSmtpUtf8,
                });
            }
            mail.push_str(" SMTPUTF8");
        }
        self.positive(Stage::Mail, limits.step, &mail).await?;
        let rcpt = format!("RCPT TO:<{recipient}>");
        self.positive(Stage::Recipient, limits.step, &rcpt).await?;
        let reply = within(Stage::Data, limits.step, self.command("DATA")).await?;
        if reply.code != 354 {
            return Err(SmtpError {
                stage: Stage::Data,
                fault: reply.into_fault(),
            });
        }
        let content = stuffed(message);
        within(Stage::Content, limits.step, self.write(&content)).await?;
        // From the first octet of this line on, a silence is uncertain.
        self.positive(Stage::FinalDot, limits.final_dot, ".")
            .await?;
        Ok(())
    }

    /// Forgets a message that was not taken.
    pub(super) async fn reset(&mut self, limit: Duration) -> Result<(), SmtpError> {
        self.positive(Stage::Mail, limit, "RSET").await.map(drop)
    }

    /// Takes leave; whether the relay answers does not matter.
    pub(super) async fn quit(&mut self, limit: Duration) {
        let _ = timeout(limit, self.command("QUIT")).await;
    }

    async fn positive(
        &mut self,
        stage: Stage,
        limit: Duration,
        line: &str,
    ) -> Result<Reply, SmtpError> {
        let step = async {
            let reply = self.command(line).await?;
            if reply.is_positive() {
                Ok(reply)
            } else {
                Err(reply.into_fault())
            }
        };
        within(stage, limit, step).await
    }

    async fn command(&mut self, line: &str) -> Result<Reply, Fault> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        Reply::read(&mut self.stream).await
    }

    async fn write(&mut self, octets: &[u8]) -> Result<(), Fault> {
        let stream = self.stream.get_mut();
        stream.write_all(octets).await.map_err(network)?;
        stream.flush().await.map_err(network)
    }
}

/// A message as it stands between DATA and the final dot: lines that begin with a dot get a
/// second one (RFC 5321 §4.5.2), and the last line is ended.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            content.push(b'.');
        }
        content.extend_from_slice(line);
    }
    if !content.ends_with(b"\r\n") {
        content.extend_from_slice(b"\r\n");
    }
    content
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn a_line_that_begins_with_a_dot_gets_a_second_one() {
        assert_eq!(stuffed(b".\r\n..x\r\na.b\r\n"), b"..\r\n...x\r\na.b\r\n");
        assert_eq!(stuffed(b"a"), b"a\r\n");
    }
}
