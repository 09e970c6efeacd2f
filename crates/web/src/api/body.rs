//! Bodies: JSON alone, bounded, and nothing in them that an operation does not know.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header::CONTENT_TYPE},
};
use consentry_address::EmailAddress;
use consentry_policy::TopicId;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::problem::{ApiProblem, FieldProblem};
use crate::input::read_body;

/// Topics that one document may name.
pub(super) const TOPICS: usize = 100;

/// A document of the type `T`.
pub(super) struct Document<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Document<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiProblem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(ApiProblem::UnsupportedType);
        }
        let bytes = read_body(&parts.headers, body).await?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut stated = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (stated.next(), stated.next()) else {
        return false;
    };
    only.to_str().is_ok_and(|kind| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    })
}

fn parse<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ApiProblem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let category = error.inner().classify();
        if category != Category::Data {
            return ApiProblem::Malformed;
        }
        // The text of the error quotes what was sent: only its kind is told, and the name of a field
        // of ours.
        let text = error.inner().to_string();
        let place = pointer(error.path());
        let field = || text.split('`').nth(1).unwrap_or_default();
        let (place, code) = if text.starts_with("unknown field") {
            (place, "unknown-field")
        } else if text.starts_with("missing field") {
            (format!("{place}/{}", field()), "missing-field")
        } else if text.starts_with("duplicate field") {
            (format!("{place}/{}", field()), "duplicate-field")
        } else {
            (place, "wrong-type")
        };
        ApiProblem::Invalid(FieldProblem::new(place, code))
    })?;
    reader.end().map_err(|_| ApiProblem::Malformed)?;
    Ok(read)
}

/// A JSON pointer as a URI fragment (RFC 6901 section 6), as in RFC 9457.
fn pointer(path: &Path) -> String {
    path.iter().fold("#".to_owned(), |pointer, segment| {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => return pointer,
        };
        let token =
            percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
                .replace("%2D", "-")
                .replace("%5F", "_")
                .replace("%7E", "~");
        format!("{pointer}/{token}")
    })
}

/// The address in a document.
pub(super) fn address(typed: &str) -> Result<EmailAddress, ApiProblem> {
    EmailAddress::parse(typed).map_err(|reason| {
        let code = format!("address-{}", reason.code());
        ApiProblem::Invalid(FieldProblem::new("#/email".to_owned(), &code))
    })
}

/// The topics in a document, each once. Whether the policy has them is for the use case to say.
pub(super) fn topics(typed: Option<Vec<String>>) -> Result<Option<Vec<TopicId>>, ApiProblem> {
    let Some(typed) = typed else { return Ok(None) };
    if typed.is_empty() || typed.len() > TOPICS {
        let code = if typed.is_empty() {
            "empty"
        } else {
            "too-many"
        };
        let wrong = FieldProblem::new("#/topics".to_owned(), code);
        return Err(ApiProblem::Invalid(wrong));
    }
    let mut topics = Vec::new();
    for (index, typed) in typed.iter().enumerate() {
        let topic: TopicId = typed.parse().map_err(|_| {
            let unknown = FieldProblem::new(format!("#/topics/{index}"), "unknown-topic");
            ApiProblem::Invalid(unknown)
        })?;
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    Ok(Some(topics))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        email: String,
        #[expect(dead_code, reason = "only read")]
        topics: Option<Vec<String>>,
    }

    fn wrong(text: &'static str) -> (String, String) {
        match parse::<Sample>(&Bytes::from(text)).unwrap_err() {
            ApiProblem::Invalid(field) => (field.pointer, field.code),
            other => (String::new(), format!("{other:?}")),
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place_and_never_by_its_value() {
        for (text, pointer, code) in [
            (r#"{"email":"a","mail":1}"#, "#/mail", "unknown-field"),
            (r#"{"email":"a","a/b ~":1}"#, "#/a~1b%20~0", "unknown-field"),
            (r#"{"email":1}"#, "#/email", "wrong-type"),
            (r#"{"email":"a","topics":[1]}"#, "#/topics/0", "wrong-type"),
            (r#"{"email":"a","email":"b"}"#, "#/email", "duplicate-field"),
            ("{}", "#/email", "missing-field"),
            ("[]", "#", "wrong-type"),
            ("", "", "Malformed"),
            ("{", "", "Malformed"),
            (r#"{"email":"a"} {}"#, "", "Malformed"),
        ] {
            assert_eq!(wrong(text), (pointer.to_owned(), code.to_owned()), "{text}");
        }
    }
}
