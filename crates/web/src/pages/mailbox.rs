//! The local mailbox in the browser: where mail goes while no relay is set. On this machine only.

use std::io;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::{
        StatusCode,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use consentry_service::ports::{LocalMailbox, MailboxLetter};
use tracing::error;

use crate::{
    app::App,
    layout::{self, Layout},
    problem::Problem,
    visitor::Visitor,
};

/// What the HTML part of a letter may do: look like itself, and be left by a link.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
    sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/// `GET /dev/mailbox`
pub(crate) async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    let letters = read(&app, &visitor, |mailbox| mailbox.list()).await?;
    let page = MailboxPage {
        letters,
        layout: Layout::new(&app, &visitor),
    };
    Ok(layout::page(StatusCode::OK, visitor.language, &page))
}

/// `GET /dev/mailbox/{name}`
pub(crate) async fn letter(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let letter = read_letter(&app, &visitor, name).await?;
    let page = LetterPage {
        text: pieces(&letter.text),
        letter,
        layout: Layout::new(&app, &visitor),
    };
    Ok(layout::page(StatusCode::OK, visitor.language, &page))
}

/// `GET /dev/mailbox/{name}/html`: the HTML part, as it was sent.
pub(crate) async fn html(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let letter = read_letter(&app, &visitor, name).await?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, LETTER_POLICY),
    ];
    Ok((headers, letter.html).into_response())
}

async fn read_letter(app: &App, visitor: &Visitor, name: String) -> Result<MailboxLetter, Problem> {
    let letter = read(app, visitor, move |mailbox| mailbox.read(&name)).await?;
    letter.ok_or(Problem::NotFound)
}

async fn read<T: Send + 'static>(
    app: &App,
    visitor: &Visitor,
    read: impl FnOnce(&dyn LocalMailbox) -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let mailbox = app.mailbox().filter(|_| visitor.sees_mailbox);
    let mailbox = mailbox.ok_or(Problem::NotFound)?;
    match tokio::task::spawn_blocking(move || read(mailbox.as_ref())).await {
        Ok(Ok(letters)) => Ok(letters),
        Ok(Err(cause)) => {
            error!(kind = %cause.kind(), "the local mailbox cannot be read");
            Err(Problem::Internal)
        }
        Err(_panicked) => Err(Problem::Internal),
    }
}

/// A piece of a plain text: words, or a link.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    is_link: bool,
}

/// Finds the links in a plain text, as a mail program does.
fn pieces(text: &str) -> Vec<Piece> {
    let piece = |text: &str, is_link| Piece {
        text: text.to_owned(),
        is_link,
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = ["https://", "http://"]
        .into_iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        let (words, tail) = rest.split_at(start);
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(tail.len());
        let link = tail[..end].trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
        pieces.push(piece(words, false));
        pieces.push(piece(link, true));
        rest = &tail[link.len()..];
    }
    pieces.push(piece(rest, false));
    pieces
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    letters: Vec<MailboxLetter>,
    layout: Layout,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    text: Vec<Piece>,
    letter: MailboxLetter,
    layout: Layout,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_a_text_are_found_without_their_punctuation() {
        let found: Vec<_> = pieces("See <https://a.example/x?y=1>, or http://b.example/z.\nBye")
            .into_iter()
            .map(|piece| (piece.text, piece.is_link))
            .collect();
        let expected = [
            ("See <", false),
            ("https://a.example/x?y=1", true),
            (">, or ", false),
            ("http://b.example/z", true),
            (".\nBye", false),
        ];
        assert_eq!(
            found,
            expected.map(|(text, is_link)| (text.to_owned(), is_link))
        );
    }
}
