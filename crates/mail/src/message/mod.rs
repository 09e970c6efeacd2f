//! Messages: from a letter in words to the octets that are signed and sent.
//!
//! Written here rather than by a library because the shape is one and fixed: a dozen header
//! fields in a given order and two text parts, nothing of the machine (no clock, no host name, no
//! random boundary), `List-Unsubscribe` unfolded on one line, domains as A-labels.

mod encoding;

use std::sync::Arc;

use consentry_address::EmailAddress;
use consentry_policy::Policy;
use consentry_service::ports::Letter;

use crate::letter::{FooterLinks, RenderError, RenderedLetter, render};
use encoding::{mailbox, quoted_printable, unstructured};

/// A message, ready to be signed and handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The envelope sender, never empty (RFC 5321 §4.5.5).
    pub sender: String,
    /// The envelope recipient, its domain as A-labels (RFC 6531 §3.2).
    pub recipient: String,
    /// The letter in words.
    pub letter: RenderedLetter,
    /// The octets: every line ended by CRLF, none longer than 998; ASCII unless the recipient's
    /// local part is not.
    pub octets: Vec<u8>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[message]")
    }
}

/// Writes letters as one sender, by one policy.
#[derive(Debug, Clone)]
pub struct LetterRenderer {
    policy: Arc<Policy>,
    sender: EmailAddress,
}

impl LetterRenderer {
    /// A renderer of letters from `sender`: the policy's `mail.from`, or what the operator put in
    /// its place. The sender's domain is the right-hand side of every Message-ID.
    ///
    /// # Errors
    ///
    /// A sender whose local part is not ASCII; a control character in what becomes a header.
    pub fn new(policy: Arc<Policy>, sender: EmailAddress) -> Result<Self, RenderError> {
        if sender.needs_smtputf8() {
            return Err(RenderError::SenderNotAscii);
        }
        for (key, value) in [
            ("mail.from_name", &policy.mail.from_name),
            ("mail.list_id", &policy.mail.list_id),
            ("controller.brand", &policy.controller.brand),
        ] {
            if value.contains(char::is_control) {
                return Err(RenderError::ControlCharacter(key));
            }
        }
        Ok(Self { policy, sender })
    }

    /// Writes a letter as a message.
    ///
    /// The Message-ID depends on the letter's number alone, so every try of one letter has the
    /// same (RFC 5322 §3.6.4).
    ///
    /// # Errors
    ///
    /// As [`render`].
    pub fn message(&self, letter: &Letter) -> Result<Message, RenderError> {
        let words = render(letter, &self.policy)?;
        let links = FooterLinks::of(letter)?;
        let recipient = letter.to.envelope();
        let boundary = format!("=_{:016x}", letter.id.0);
        let headers = self.headers(letter, &words, &links, &recipient);
        let octets = [
            headers,
            format!(
                "MIME-Version: 1.0\r\n\
                 Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n"
            ),
            part(&boundary, "plain", &words.text),
            part(&boundary, "html", &words.html),
            format!("--{boundary}--\r\n"),
        ];
        Ok(Message {
            sender: self.sender.envelope(),
            recipient,
            letter: words,
            octets: octets.concat().into_bytes(),
        })
    }

    fn headers(
        &self,
        letter: &Letter,
        words: &RenderedLetter,
        links: &FooterLinks,
        recipient: &str,
    ) -> String {
        let (policy, mail) = (&self.policy, &self.policy.mail);
        let date = letter.date.to_zoned(policy.time_zone.clone());
        let mut headers = vec![
            format!("Date: {}", date.strftime("%a, %d %b %Y %H:%M:%S %z")),
            mailbox("From", &mail.from_name, &self.sender.envelope()),
            format!("To: <{recipient}>"),
        ];
        if let Some(reply_to) = &mail.reply_to {
            headers.push(format!("Reply-To: <{}>", reply_to.envelope()));
        }
        headers.extend([
            unstructured("Subject", &words.subject),
            format!(
                "Message-ID: <{:016x}.{}@{}>",
                letter.id.0,
                letter.kind,
                self.sender.ascii_domain()
            ),
            // RFC 8058 §3.1: one https URI, both fields once and signed.
            format!("List-Unsubscribe: <{}>", links.unsubscribe),
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned(),
            mailbox("List-Id", &policy.controller.brand, &mail.list_id),
            // RFC 3834 §5: no letter is a direct reply to a message.
            "Auto-Submitted: auto-generated".to_owned(),
            format!("Content-Language: {}", letter.language),
        ]);
        headers.iter().flat_map(|line| [line, "\r\n"]).collect()
    }
}

fn part(boundary: &str, subtype: &str, content: &str) -> String {
    format!(
        "--{boundary}\r\n\
         Content-Type: text/{subtype}; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n\
         {}\r\n",
        quoted_printable(content)
    )
}
