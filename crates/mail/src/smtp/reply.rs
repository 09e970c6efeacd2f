//! Replies of a relay (RFC 5321 §4.2) and what EHLO announces (§4.1.1.1).

use std::fmt;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::error::Fault;

/// Longest line of a reply that is read; the RFC allows 512 octets, the field sends more.
const MAX_LINE: u64 = 2048;

/// Most lines of one reply.
const MAX_LINES: usize = 128;

/// An enhanced status code, such as 5.7.26 (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EnhancedStatus(u8, u16, u16);

impl EnhancedStatus {
    /// Security and policy: about the sender, not about the mailbox (RFC 3463 §3.8).
    pub(super) fn is_policy(self) -> bool {
        self.1 == 7
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ').next()?.splitn(3, '.');
        let class = parts.next()?.parse().ok()?;
        let status = Self(
            class,
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
        );
        matches!(class, 2 | 4 | 5).then_some(status)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A complete reply. Its text may name the recipient, so it has no `Debug` and stays in here.
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) status: Option<EnhancedStatus>,
    lines: Vec<String>,
}

impl Reply {
    /// Reads one reply of one line or of several.
    pub(super) async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Self, Fault> {
        let mut lines: Vec<String> = Vec::new();
        let mut first_code = None;
        loop {
            let mut line = Vec::new();
            let read = (&mut *stream)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .await;
            if read.map_err(|error| Fault::Network(error.kind()))? == 0 {
                return Err(Fault::Closed);
            }
            if lines.len() == MAX_LINES {
                return Err(Fault::Garbage);
            }
            let (code, is_last, text) = parse_line(&line).ok_or(Fault::Garbage)?;
            if *first_code.get_or_insert(code) != code {
                return Err(Fault::Garbage);
            }
            lines.push(text);
            if is_last {
                let status = lines.first().and_then(|text| EnhancedStatus::parse(text));
                return Ok(Self {
                    code,
                    status,
                    lines,
                });
            }
        }
    }

    /// 2yz.
    pub(super) fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// This reply where another was hoped for.
    pub(super) fn into_fault(self) -> Fault {
        match self.code / 100 {
            4 | 5 => Fault::Reply {
                code: self.code,
                status: self.status,
            },
            _ => Fault::Garbage,
        }
    }

    /// What the lines after the first announce.
    pub(super) fn extensions(&self) -> Extensions {
        let mut extensions = Extensions::default();
        for line in self.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => extensions.starttls = true,
                Some("SMTPUTF8") => extensions.smtputf8 = true,
                Some("AUTH") => {
                    for mechanism in words {
                        match mechanism {
                            "PLAIN" => extensions.auth_plain = true,
                            "LOGIN" => extensions.auth_login = true,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        extensions
    }
}

/// What a relay announces and this client uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Four independent announcements.
pub(super) struct Extensions {
    pub(super) starttls: bool,
    pub(super) smtputf8: bool,
    pub(super) auth_plain: bool,
    pub(super) auth_login: bool,
}

/// Code, whether it is the last line, text. A line that was cut off is none.
fn parse_line(line: &[u8]) -> Option<(u16, bool, String)> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (digits, rest) = line.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&digits[0]) {
        return None;
    }
    let code = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    let (is_last, text) = match rest.split_first() {
        None => (true, rest),
        Some((b' ', text)) => (true, text),
        Some((b'-', text)) => (false, text),
        Some(_) => return None,
    };
    Some((code, is_last, String::from_utf8_lossy(text).into_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::{EnhancedStatus, Extensions, Fault, Reply, parse_line};

    async fn read(text: &str) -> Result<Reply, Fault> {
        Reply::read(&mut text.as_bytes()).await
    }

    #[tokio::test]
    async fn a_reply_of_several_lines_is_one_reply() {
        let reply = read("550-5.7.26 Unauthenticated\r\n550 5.7.26 mail\r\n250 next\r\n").await;
        let reply = reply.unwrap_or_else(|_| panic!("a reply"));
        assert_eq!(reply.code, 550);
        assert_eq!(reply.status, Some(EnhancedStatus(5, 7, 26)));
        assert!(reply.status.unwrap().is_policy());
    }

    #[tokio::test]
    async fn announcements_are_read_in_any_case() {
        let reply =
            read("250-mx\r\n250-starttls\r\n250-AUTH login PLAIN\r\n250 SmtpUtf8\r\n").await;
        assert_eq!(
            reply.unwrap_or_else(|_| panic!("a reply")).extensions(),
            Extensions {
                starttls: true,
                smtputf8: true,
                auth_plain: true,
                auth_login: true
            }
        );
    }

    #[tokio::test]
    async fn what_is_no_reply_is_garbage() {
        for text in [
            "hello\r\n",
            "25\r\n",
            "950 x\r\n",
            "250-a\r\n550 b\r\n",
            "250",
            "250~\r\n",
        ] {
            assert!(matches!(read(text).await, Err(Fault::Garbage)), "{text:?}");
        }
        let endless = "250-x\r\n".repeat(1000);
        assert!(matches!(read(&endless).await, Err(Fault::Garbage)));
        let long = format!("250 {}\r\n", "x".repeat(5000));
        assert!(matches!(read(&long).await, Err(Fault::Garbage)));
    }

    #[tokio::test]
    async fn a_connection_that_ends_is_closed() {
        assert!(matches!(read("").await, Err(Fault::Closed)));
        assert!(matches!(read("250-a\r\n").await, Err(Fault::Closed)));
    }

    proptest! {
        #[test]
        fn no_line_panics(line: Vec<u8>) {
            let _ = parse_line(&line);
        }
    }
}
