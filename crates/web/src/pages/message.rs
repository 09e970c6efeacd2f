//! A page that says what happens now.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::layout::{self, Layout};

/// A title and what follows from it.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage {
    pub(crate) title: String,
    pub(crate) intro: String,
    pub(crate) more: Vec<String>,
    /// Whether a message is on its way, so that the local mailbox is worth a look.
    pub(crate) is_mailed: bool,
    pub(crate) layout: Layout,
}

impl MessagePage {
    /// "Check your mailbox"
    pub(crate) fn mailed(layout: Layout, intro: String, more: Vec<String>) -> Self {
        Self {
            title: layout.say("check-mailbox-title"),
            intro,
            more,
            is_mailed: true,
            layout,
        }
    }

    /// For one visitor.
    pub(crate) fn page(&self) -> Response {
        layout::page(StatusCode::OK, self.layout.language(), self)
    }

    /// The same for everybody.
    pub(crate) fn public(&self) -> Response {
        layout::public(self.layout.language(), self)
    }
}
