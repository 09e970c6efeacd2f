//! The links without which no letter is written.

use consentry_service::ports::Letter;
use url::{Host, Url};

use super::RenderError;

/// `List-Unsubscribe` stands on one line of at most 998 octets (RFC 5322 §2.1.1), name included.
const MAX_OCTETS: usize = 900;

/// The checked links of the footer and of the RFC 8058 headers.
pub(crate) struct FooterLinks {
    pub(crate) preferences: String,
    pub(crate) unsubscribe: String,
    pub(crate) notice: String,
}

impl FooterLinks {
    pub(crate) fn of(letter: &Letter) -> Result<Self, RenderError> {
        let notice = format!("{}/privacy", letter.home_url.trim_end_matches('/'));
        Ok(Self {
            preferences: checked("preferences", letter.preferences_url.expose())?,
            unsubscribe: checked("unsubscribe", letter.unsubscribe_url.expose())?,
            notice: checked("home", &notice)?,
        })
    }
}

/// An https URL (RFC 8058 §3.1), or http on this machine alone, that can stand between angle
/// brackets as it is.
fn checked(name: &'static str, link: &str) -> Result<String, RenderError> {
    let fits = link.len() <= MAX_OCTETS
        && link
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>,\"".contains(&byte));
    let is_safe = Url::parse(link).is_ok_and(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host().is_some_and(|host| is_loopback(&host)),
        _ => false,
    });
    if fits && is_safe {
        Ok(link.to_owned())
    } else {
        Err(RenderError::FooterLink(name))
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}
