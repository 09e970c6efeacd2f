//! A received message, as a mail program sees it.

use mail_parser::{MessageParser, MimeHeaders};

/// A parsed message that keeps its bytes.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The bytes as received.
    pub raw: Vec<u8>,
    /// The decoded subject.
    pub subject: String,
    /// The address of the first `To`.
    pub to: String,
    /// The decoded text part.
    pub text: String,
    /// The decoded HTML part; empty when there is none.
    pub html: String,
}

impl Letter {
    /// Parses a message.
    ///
    /// # Panics
    /// When it is none.
    pub fn parse(raw: &[u8]) -> Self {
        let message = MessageParser::default()
            .parse(raw)
            .expect("a message can be parsed");
        let body = |kind: &str| {
            message
                .parts
                .iter()
                .find(|part| part.is_content_type("text", kind))
                .and_then(|part| part.text_contents())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            raw: raw.to_vec(),
            subject: message.subject().unwrap_or_default().to_owned(),
            to: message
                .to()
                .and_then(|to| to.first())
                .and_then(|address| address.address())
                .unwrap_or_default()
                .to_owned(),
            text: body("plain"),
            html: body("html"),
        }
    }

    /// The unfolded values of every header of this name.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let raw = String::from_utf8_lossy(&self.raw);
        let head = raw.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// The value of the only header of this name.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn header(&self, name: &str) -> String {
        let mut values = self.headers(name);
        assert_eq!(values.len(), 1, "headers {name}: {values:?}");
        values.remove(0)
    }

    /// Every link in the text part, then every link in the HTML part, without repetition.
    pub fn links(&self) -> Vec<String> {
        let written = self.text.match_indices("http").map(|(start, _)| {
            let rest = &self.text[start..];
            let end = rest.find(|c: char| c.is_whitespace() || "<>\"".contains(c));
            rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', ',', ')'])
        });
        let linked = self
            .html
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let mut links: Vec<String> = Vec::new();
        for link in written.chain(linked) {
            let link = link.replace("&amp;", "&");
            if link.starts_with("http") && !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    /// The only link whose path starts with `path`.
    ///
    /// # Panics
    /// When there is none, or when two differ.
    pub fn link(&self, path: &str) -> String {
        let mut links = self.links();
        links.retain(|link| {
            link.splitn(4, '/')
                .nth(3)
                .is_some_and(|rest| rest.starts_with(path.trim_start_matches('/')))
        });
        assert_eq!(links.len(), 1, "links to {path}: {links:?}");
        links.remove(0)
    }

    /// The path of [`Letter::link`]: what a server is asked for, wherever it listens.
    pub fn path(&self, path: &str) -> String {
        path_of(&self.link(path)).to_owned()
    }

    /// The path behind the mail program's button (RFC 8058).
    pub fn one_click_path(&self) -> String {
        let header = self.header("List-Unsubscribe");
        let url = header
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or_else(|| panic!("List-Unsubscribe is not one URL: {header}"));
        path_of(url).to_owned()
    }
}

fn path_of(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a link is absolute");
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

#[cfg(test)]
mod tests {
    use super::Letter;

    const LETTER: &str = "From: a@example.org\r\nTo: Anna <anna@example.org>\r\n\
        Subject: =?utf-8?q?Confirmez?=\r\nX-Long: one\r\n two\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        Go to http://127.0.0.1:1/confirm/abc=\r\ndef.\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
        <a href=\"http://127.0.0.1:1/confirm/abcdef\">Confirm</a>\
        <a href=\"http://127.0.0.1:1/privacy?a=1&amp;b=2\">Notice</a>\r\n--b--\r\n";

    #[test]
    fn a_letter_shows_its_links_and_headers_decoded() {
        let letter = Letter::parse(LETTER.as_bytes());
        assert_eq!(letter.to, "anna@example.org");
        assert_eq!(letter.subject, "Confirmez");
        assert_eq!(letter.header("x-long"), "one two");
        assert_eq!(
            letter.link("/confirm/"),
            "http://127.0.0.1:1/confirm/abcdef"
        );
        assert_eq!(
            letter.link("/privacy"),
            "http://127.0.0.1:1/privacy?a=1&b=2"
        );
    }
}
