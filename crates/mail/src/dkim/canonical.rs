//! The `relaxed` canonical forms (RFC 6376 §3.4.2, §3.4.4).

/// Headers (with the line end of the last one) and body, parted at the first empty line; `None`
/// when there is none or the headers are not UTF-8.
pub(crate) fn split(message: &[u8]) -> Option<(&str, &[u8])> {
    let at = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    let headers = std::str::from_utf8(&message[..at + 2]).ok()?;
    Some((headers, &message[at + 4..]))
}

/// One header field as it stands, folded or not.
pub(crate) struct Field<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Field<'a> {
    pub(crate) fn new(field: &'a str) -> Self {
        let (name, value) = field.split_once(':').unwrap_or((field, ""));
        Self { name, value }
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.name.trim_end().eq_ignore_ascii_case(name)
    }

    /// Name in lower case, value unfolded, every run of white space one space.
    pub(crate) fn canonical(&self) -> String {
        let value: Vec<&str> = self
            .value
            .split([' ', '\t', '\r', '\n'])
            .filter(|word| !word.is_empty())
            .collect();
        let name = self.name.trim_end().to_ascii_lowercase();
        format!("{name}:{}\r\n", value.join(" "))
    }
}

/// The fields of a header section.
pub(crate) fn fields(text: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices("\r\n") {
        let next = at + 2;
        if !text[next..].starts_with([' ', '\t']) {
            fields.push(Field::new(&text[start..next]));
            start = next;
        }
    }
    fields
}

/// Lines without trailing white space, runs of white space as one space, no empty line at the
/// end, a CRLF after the last line.
pub(crate) fn body(body: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(body.len());
    let mut empty_lines = 0;
    for line in body.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut words = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .enumerate()
            .filter(|(at, word)| *at == 0 || !word.is_empty())
            .peekable();
        let is_empty = line.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        if is_empty {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            canonical.extend_from_slice(b"\r\n");
        }
        while let Some((_, word)) = words.next() {
            canonical.extend_from_slice(word);
            if words.peek().is_some() {
                canonical.push(b' ');
            }
        }
        canonical.extend_from_slice(b"\r\n");
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::{Field, body, fields, split};

    /// The examples of RFC 6376 §3.4.5.
    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (headers, text) = split(message).expect("a message");
        let canonical: String = fields(headers).iter().map(Field::canonical).collect();
        assert_eq!(canonical, "a:X\r\nb:Y Z\r\n");
        assert_eq!(body(text), b" C\r\nD E\r\n");
    }

    #[test]
    fn an_empty_body_stays_empty() {
        assert_eq!(body(b""), b"");
        assert_eq!(body(b"\r\n\r\n"), b"");
        assert_eq!(body(b" \t\r\n"), b"");
    }

    #[test]
    fn empty_lines_in_the_middle_stay() {
        assert_eq!(body(b"a\r\n \r\n\r\nb"), b"a\r\n\r\n\r\nb\r\n");
    }
}
