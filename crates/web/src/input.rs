//! Reading what was sent: bounded in size and time, strict about encoding.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{
        HeaderMap,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use crate::problem::Problem;

/// The largest body that is read, in octets. The largest form of the site has a few hundred.
const LIMIT: usize = 16 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields of a form, in the order sent.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The value of a field that stands once.
    ///
    /// # Errors
    /// [`Problem::Malformed`] when it stands several times: whoever looks at the first and whoever
    /// looks at the last would disagree.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Problem::Malformed),
        }
    }

    /// Every value of a field that may be repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        match Input::read(request).await? {
            Input::Form(form) => Ok(form),
            Input::Json(_) => Err(Problem::UnsupportedType),
        }
    }
}

/// A form, or a JSON document where one is offered.
pub(crate) enum Input {
    Form(Form),
    Json(Bytes),
}

impl<S: Sync> FromRequest<S> for Input {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::read(request).await
    }
}

#[derive(Clone, Copy)]
enum Format {
    UrlEncoded,
    Multipart,
    Json,
}

impl Input {
    async fn read(request: Request) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let format = format(&parts.headers)?;
        let bytes = read_body(&parts.headers, body).await?;
        match format {
            Format::UrlEncoded => url_encoded(&bytes).map(Self::Form),
            Format::Multipart => {
                let request = Request::from_parts(parts, Body::from(bytes));
                multipart(request).await.map(Self::Form)
            }
            Format::Json => Ok(Self::Json(bytes)),
        }
    }
}

/// A body of no stated type is read as a form: an empty one is a form without fields, and a mail
/// program that forgets the type is understood.
fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let Some(stated) = headers.get(CONTENT_TYPE) else {
        return Ok(Format::UrlEncoded);
    };
    let stated = stated.to_str().map_err(|_| Problem::UnsupportedType)?;
    let essence = stated.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Ok(Format::UrlEncoded),
        "multipart/form-data" => Ok(Format::Multipart),
        "application/json" => Ok(Format::Json),
        _ => Err(Problem::UnsupportedType),
    }
}

/// Reads a body within the limits of size and time.
pub(crate) async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > LIMIT) {
        return Err(Problem::TooLarge);
    }
    match timeout(PATIENCE, Limited::new(body, LIMIT).collect()).await {
        Err(_) => Err(Problem::TooSlow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::TooLarge),
        Ok(Err(_)) => Err(Problem::Malformed),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

fn url_encoded(bytes: &[u8]) -> Result<Form, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::Malformed)?;
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8();
        decoded.map_or(Err(Problem::Malformed), |text| Ok(text.into_owned()))
    };
    text.trim_end_matches(['\r', '\n'])
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect::<Result<_, _>>()
        .map(Form)
}

async fn multipart(request: Request) -> Result<Form, Problem> {
    let malformed = |_| Problem::Malformed;
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Problem::Malformed)?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        let value = part.bytes().await.map_err(malformed)?;
        let value = String::from_utf8(value.into()).map_err(|_| Problem::Malformed)?;
        fields.push((name, value));
    }
    Ok(Form(fields))
}
