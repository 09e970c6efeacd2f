//! Letters: from what the service wants said to a subject, a text and a page.

mod content;
mod links;

use std::fmt;

use askama::Template;
use consentry_domain::LetterKind;
use consentry_policy::Policy;
use consentry_service::ports::Letter;
use thiserror::Error;

use content::{Block, Words};
pub(crate) use links::FooterLinks;

/// Why a letter cannot be written. Names no person and no link.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The footer would lack a link that works (S0-43, S0-44).
    #[error("the {0} link is not an https URL that fits into a header")]
    FooterLink(&'static str),
    /// The letter lacks what its kind is about.
    #[error("a letter of kind `{0}` lacks its link or its dates")]
    Incomplete(LetterKind),
    /// A value of the policy would break out of its header.
    #[error("`{0}` holds a control character")]
    ControlCharacter(&'static str),
    /// Every letter would need a relay with SMTPUTF8.
    #[error("the sender's local part is not ASCII")]
    SenderNotAscii,
    /// The template failed.
    #[error("a template failed")]
    Template(#[source] askama::Error),
}

/// A letter in words: the same content as text and as HTML.
///
/// `Debug` prints nothing of it: links in it are as good as a key.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedLetter {
    /// The subject line, not yet encoded.
    pub subject: String,
    /// The plain-text part, lines ended by LF.
    pub text: String,
    /// The HTML part: no image, no script, nothing loaded from anywhere.
    pub html: String,
}

impl fmt::Debug for RenderedLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[letter]")
    }
}

/// The bottom of every letter: why, who, and the way out.
struct Footer {
    reason: String,
    /// The controller by its legal name, not the brand alone (S0-05).
    controller: String,
    /// Postal address with country, line by line (S0-01).
    address: Vec<String>,
    contact_label: String,
    preferences_label: String,
    preferences_url: String,
    notice_label: String,
    notice_url: String,
}

impl Footer {
    fn new(reason: String, links: FooterLinks, words: &Words<'_>) -> Self {
        let controller = &words.policy.controller;
        let id = if controller.brand == controller.name {
            "mail-controller-brand"
        } else {
            "mail-controller"
        };
        let named = [
            ("brand", (&controller.brand).into()),
            ("controller", (&controller.name).into()),
        ];
        let mut address = controller.address.clone();
        address.push(controller.country.name(words.language).to_owned());
        Self {
            reason,
            controller: words.say(id, &named),
            address,
            contact_label: words.say(
                "mail-contact",
                &[("contact", controller.contact.expose().into())],
            ),
            preferences_label: words.say("mail-footer-preferences", &[]),
            preferences_url: links.preferences,
            notice_label: words.say("mail-footer-notice", &[]),
            notice_url: links.notice,
        }
    }
}

/// The one layout, as a page.
#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    language: &'a str,
    brand: &'a str,
    subject: &'a str,
    heading: &'a str,
    blocks: &'a [Block],
    footer: &'a Footer,
}

/// The one layout, as text.
#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    heading: &'a str,
    blocks: &'a [Block],
    footer: &'a Footer,
}

/// Writes a letter in words.
///
/// # Errors
///
/// No letter is written without a footer whose links work (S0-43), nor without what its kind is
/// about.
pub fn render(letter: &Letter, policy: &Policy) -> Result<RenderedLetter, RenderError> {
    let words = Words {
        policy,
        language: letter.language,
    };
    let links = FooterLinks::of(letter)?;
    let content = content::of(letter, &words)?;
    let footer = Footer::new(content.reason, links, &words);
    let text = Text {
        heading: &content.heading,
        blocks: &content.blocks,
        footer: &footer,
    };
    let page = Page {
        language: letter.language.as_str(),
        brand: &policy.controller.brand,
        subject: &content.subject,
        heading: &content.heading,
        blocks: &content.blocks,
        footer: &footer,
    };
    Ok(RenderedLetter {
        text: text.render().map_err(RenderError::Template)?,
        html: page.render().map_err(RenderError::Template)?,
        subject: content.subject,
    })
}
