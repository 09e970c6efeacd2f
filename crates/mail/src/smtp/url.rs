//! Where the relay is and how to reach it: `smtp://user:password@host:587?tls=required`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;
use url::Url;

/// How a connection is protected. Certificates are always verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first octet (`smtps://`; RFC 8314 §3.3).
    Tls,
    /// STARTTLS, and nothing is sent without it (`tls=required`).
    StartTls,
    /// STARTTLS where the relay offers it (`tls=opportunistic`): no protection from somebody on
    /// the way who removes the offer.
    Opportunistic,
    /// None (`tls=none`).
    None,
}

/// A name and a password.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[credentials]")
    }
}

/// The address of a relay.
///
/// `smtps://` is TLS from the start. `smtp://` is STARTTLS, required; `?tls=` says otherwise
/// (`required`, `opportunistic`, `none`). On a loopback host nothing is the default, and only
/// there is a password sent without TLS. The port is 465 for `smtps://`, 587 with credentials,
/// else 25. `?ca=/path.pem` names the only authorities that are trusted, for a private relay.
/// `?step_timeout=` and `?dot_timeout=` are whole seconds, from 1 to 3600, for a relay that needs
/// others than [`Timeouts`](super::Timeouts) has: each step, and the answer to the final dot.
///
/// `Debug` and `Display` print no credentials.
#[derive(Debug, Clone)]
pub struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    pub(super) ca: Option<PathBuf>,
    pub(super) step_timeout: Option<Duration>,
    pub(super) dot_timeout: Option<Duration>,
}

/// Why a text is not the address of a relay. Repeats nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SmtpUrlError {
    /// Not a URL with a host, or with a path or fragment.
    #[error("expected `smtp://host:port` or `smtps://host:port`")]
    Malformed,
    /// A user without a password, or an escape that gives no text.
    #[error("the user or the password cannot be read; percent-encode signs such as `@` and `/`")]
    Credentials,
    /// An unknown option.
    #[error("unknown option; `tls`, `ca`, `step_timeout` and `dot_timeout` are known")]
    Option,
    /// A time limit that is none.
    #[error("a time limit is a whole number of seconds from 1 to 3600")]
    Timeout,
    /// A value of `tls` that does not exist or contradicts `smtps`.
    #[error("`tls` is `required`, `opportunistic` or `none`, and only for `smtp://`")]
    Tls,
    /// A password would travel in the clear.
    #[error("a password needs TLS: use `smtps://` or `tls=required`")]
    PasswordInTheClear,
}

impl SmtpUrl {
    /// Reads the address of a relay.
    pub fn parse(text: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(text).map_err(|_| SmtpUrlError::Malformed)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(SmtpUrlError::Malformed)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpUrlError::Malformed);
        }
        let host = host.trim_matches(['[', ']']).to_owned();
        let is_loopback = is_loopback(&host);
        let credentials = credentials(&url)?;
        let mut security = match (url.scheme(), is_loopback) {
            ("smtps", _) => Security::Tls,
            ("smtp", true) => Security::None,
            ("smtp", false) => Security::StartTls,
            _ => return Err(SmtpUrlError::Malformed),
        };
        let (mut ca, mut step_timeout, mut dot_timeout) = (None, None, None);
        for (key, value) in url.query_pairs() {
            match &*key {
                "tls" if url.scheme() == "smtp" => {
                    security = match &*value {
                        "required" => Security::StartTls,
                        "opportunistic" => Security::Opportunistic,
                        "none" => Security::None,
                        _ => return Err(SmtpUrlError::Tls),
                    }
                }
                "tls" => return Err(SmtpUrlError::Tls),
                "ca" => ca = Some(PathBuf::from(&*value)),
                "step_timeout" => step_timeout = Some(seconds(&value)?),
                "dot_timeout" => dot_timeout = Some(seconds(&value)?),
                _ => return Err(SmtpUrlError::Option),
            }
        }
        let is_clear = security == Security::None && !is_loopback;
        if is_clear && credentials.is_some() {
            return Err(SmtpUrlError::PasswordInTheClear);
        }
        let port = url.port().unwrap_or(match (security, &credentials) {
            (Security::Tls, _) => 465,
            (_, Some(_)) => 587,
            (_, None) => 25,
        });
        Ok(Self {
            host,
            port,
            security,
            credentials,
            ca,
            step_timeout,
            dot_timeout,
        })
    }

    /// The host name or IP address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// How connections are protected.
    pub fn security(&self) -> Security {
        self.security
    }

    /// Whether the relay is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl FromStr for SmtpUrl {
    type Err = SmtpUrlError;

    fn from_str(text: &str) -> Result<Self, SmtpUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Tls => "smtps",
            _ => "smtp",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

fn seconds(text: &str) -> Result<Duration, SmtpUrlError> {
    match text.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err(SmtpUrlError::Timeout),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user = percent_decoded(url.username())?;
    let password = percent_decoded(url.password().ok_or(SmtpUrlError::Credentials)?)?;
    // NUL parts the fields of AUTH PLAIN (RFC 4616 §2).
    if user.is_empty() || user.contains('\0') || password.contains('\0') {
        return Err(SmtpUrlError::Credentials);
    }
    Ok(Some(Credentials {
        user,
        password: password.into(),
    }))
}

fn percent_decoded(text: &str) -> Result<String, SmtpUrlError> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(), digit()) else {
                return Err(SmtpUrlError::Credentials);
            };
            octets.push(u8::try_from(high * 16 + low).map_err(|_| SmtpUrlError::Credentials)?);
        } else {
            octets.push(byte);
        }
    }
    String::from_utf8(octets).map_err(|_| SmtpUrlError::Credentials)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{Security, SmtpUrl, SmtpUrlError};

    fn url(text: &str) -> SmtpUrl {
        SmtpUrl::parse(text).unwrap()
    }

    #[test]
    fn a_remote_relay_gets_no_mail_without_tls_unless_the_operator_says_so() {
        assert_eq!(url("smtp://mx.example.org").security(), Security::StartTls);
        assert_eq!(url("smtps://mx.example.org").security(), Security::Tls);
        assert_eq!(
            url("smtp://mx.example.org?tls=none").security(),
            Security::None
        );
    }

    #[test]
    fn a_relay_on_this_machine_needs_no_tls() {
        for text in [
            "smtp://localhost:2525",
            "smtp://127.0.0.1",
            "smtp://[::1]:25",
        ] {
            assert_eq!(url(text).security(), Security::None, "{text}");
        }
        assert_eq!(
            url("smtp://localhost?tls=required").security(),
            Security::StartTls
        );
    }

    #[test]
    fn ports_follow_the_custom() {
        assert_eq!(
            url("smtp://mx.example.org").to_string(),
            "smtp://mx.example.org:25"
        );
        assert_eq!(
            url("smtp://u:p@mx.example.org").to_string(),
            "smtp://mx.example.org:587"
        );
        assert_eq!(
            url("smtps://mx.example.org").to_string(),
            "smtps://mx.example.org:465"
        );
        assert_eq!(url("smtp://[::1]:2525").to_string(), "smtp://[::1]:2525");
    }

    #[test]
    fn a_password_is_decoded_and_never_printed() {
        let url = url("smtp://news%40example.org:p%40ss%2F@mx.example.org?ca=/etc/ca.pem");
        let credentials = url.credentials.as_ref().unwrap();
        assert_eq!(credentials.user, "news@example.org");
        assert_eq!(credentials.password.expose_secret(), "p@ss/");
        let printed = format!("{url} {url:?}");
        assert!(!printed.contains("p@ss/") && !printed.contains("p%40ss"));
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, error) in [
            ("mx.example.org", SmtpUrlError::Malformed),
            ("http://mx.example.org", SmtpUrlError::Malformed),
            ("smtp://", SmtpUrlError::Malformed),
            ("smtp://mx.example.org/path", SmtpUrlError::Malformed),
            ("smtp://user@mx.example.org", SmtpUrlError::Credentials),
            ("smtp://user:%zz@mx.example.org", SmtpUrlError::Credentials),
            (
                "smtp://user:a%00b@mx.example.org",
                SmtpUrlError::Credentials,
            ),
            ("smtp://mx.example.org?tsl=none", SmtpUrlError::Option),
            ("smtp://mx.example.org?tls=maybe", SmtpUrlError::Tls),
            ("smtp://mx.example.org?dot_timeout=0", SmtpUrlError::Timeout),
            (
                "smtp://mx.example.org?step_timeout=1m",
                SmtpUrlError::Timeout,
            ),
            ("smtps://mx.example.org?tls=none", SmtpUrlError::Tls),
            (
                "smtp://u:p@mx.example.org?tls=none",
                SmtpUrlError::PasswordInTheClear,
            ),
        ] {
            assert_eq!(SmtpUrl::parse(text).unwrap_err(), error, "{text}");
        }
    }
}
