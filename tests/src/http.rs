//! A client that follows no redirect, keeps no cookie and takes every status as an answer.

use serde_json::Value;
use ureq::{
    Agent,
    http::{HeaderMap, Request},
};

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    headers: Vec<(String, String)>,
}

/// What the server said.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(base: &str) -> Self {
        let configuration = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self {
            agent: configuration.into(),
            base: base.to_owned(),
            headers: Vec::new(),
        }
    }

    /// Sends this header with every request from now on.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Any request. `target` is a path, or a whole URL (a link from a mail).
    ///
    /// # Panics
    /// When there is no answer.
    pub fn request(&self, method: &str, target: &str, kind: Option<&str>, body: &[u8]) -> Answer {
        self.try_request(method, target, kind, body)
            .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// [`Client::request`] of a server that may be killed before it has answered.
    ///
    /// # Errors
    /// In words, when there is no answer, or only a part of one.
    pub fn try_request(
        &self,
        method: &str,
        target: &str,
        kind: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, String> {
        let url = if target.starts_with('/') {
            format!("{}{target}", self.base)
        } else {
            target.to_owned()
        };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let request = request
            .body(body.to_vec())
            .expect("a request is well-formed");
        let result = if kind.is_some() {
            self.agent.run(request)
        } else {
            self.agent.run(request.map(|_| ()))
        };
        let mut response = result.map_err(|error| error.to_string())?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response
                .body_mut()
                .read_to_string()
                .map_err(|error| error.to_string())?,
        })
    }

    /// `GET`.
    pub fn get(&self, target: &str) -> Answer {
        self.request("GET", target, None, &[])
    }

    /// `POST` of form fields, as a browser sends them.
    pub fn post_form(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        self.try_post_form(target, fields)
            .unwrap_or_else(|error| panic!("POST {target}: {error}"))
    }

    /// [`Client::post_form`] to a server that may be killed before it has answered.
    ///
    /// # Errors
    /// As [`Client::try_request`].
    pub fn try_post_form(&self, target: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
            .collect();
        let kind = "application/x-www-form-urlencoded";
        self.try_request("POST", target, Some(kind), pairs.join("&").as_bytes())
    }

    /// `POST` of form fields as `multipart/form-data`.
    pub fn post_multipart(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let parts: Vec<String> = fields
            .iter()
            .map(|(name, value)| {
                format!(
                    "--boundary-of-the-test\r\nContent-Disposition: form-data; \
                     name=\"{name}\"\r\n\r\n{value}\r\n"
                )
            })
            .collect();
        let body = parts.concat() + "--boundary-of-the-test--\r\n";
        let kind = "multipart/form-data; boundary=boundary-of-the-test";
        self.request("POST", target, Some(kind), body.as_bytes())
    }

    /// `POST` of a JSON document, asking for one back.
    pub fn post_json(&self, target: &str, document: &Value) -> Answer {
        let body = document.to_string();
        self.request("POST", target, Some("application/json"), body.as_bytes())
    }
}

impl Answer {
    /// The only header of this name.
    ///
    /// # Panics
    /// When there are two, or when it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "two headers {name}");
        Some(value.to_str().expect("the header is text"))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.body))
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn form_fields_are_percent_encoded() {
        assert_eq!(percent_encoded("é+a b@c.d"), "%C3%A9%2Ba%20b%40c.d");
    }
}
