//! Lines of bounded length.

use std::io::{self, BufRead};

/// Bytes of a line at most, its end not counted. A longer one is refused as a whole.
pub const MAX_LINE: usize = 8 * 1024;

/// The lines of a file, one after the other in the same buffer.
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    is_too_long: bool,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::with_capacity(256),
            is_too_long: false,
            number: 0,
            bytes: 0,
        }
    }

    /// Goes on to the next line; `false` at the end of the file.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        self.is_too_long = false;
        let mut has_begun = false;
        loop {
            let input = match self.input.fill_buf() {
                Ok(input) => input,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if input.is_empty() {
                break;
            }
            has_begun = true;
            let end = memchr::memchr(b'\n', input);
            let part = &input[..end.unwrap_or(input.len())];
            // One byte more than a line may have: the CR before its end.
            let room = (MAX_LINE + 1).saturating_sub(self.buffer.len());
            self.is_too_long |= part.len() > room;
            self.buffer.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            self.bytes += used as u64;
            if end.is_some() {
                break;
            }
        }
        if has_begun {
            self.number += 1;
        }
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        self.is_too_long |= self.buffer.len() > MAX_LINE;
        Ok(has_begun)
    }

    /// The present line without its end; the beginning of one that is too long.
    pub(crate) fn line(&self) -> &[u8] {
        &self.buffer
    }

    pub(crate) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// The number of the present line, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a byte order mark off the present line.
    pub(crate) fn strip_mark(&mut self) {
        if self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.buffer.drain(..3);
        }
    }
}
