//! Mail as configured: who signs, who carries, where letters lie without a relay.

use std::{fs, sync::Arc};

use consentry_mail::{
    Dkim, DkimKey, LetterRenderer, Mailbox, Postman, SmtpRelay, SmtpSettings, SmtpUrl, Transport,
};
use consentry_policy::Policy;
use consentry_service::ports::LocalMailbox;
use secrecy::ExposeSecret;

use crate::{Failure, settings::Settings};

/// The postman of this installation.
pub(crate) fn postman(settings: &Settings, policy: &Policy) -> Result<Postman, Failure> {
    let transport = match relay(settings, policy)? {
        Some(relay) => Transport::Smtp(Arc::new(relay)),
        None => Transport::Mailbox(open_mailbox(settings)?),
    };
    let sender = policy.mail.from.clone();
    let renderer = LetterRenderer::new(Arc::new(policy.clone()), sender)
        .map_err(|error| Failure::usage(format!("mail: {error}")))?;
    let dkim = dkim(settings, policy)?.unwrap_or_else(|| Dkim::new(Vec::new()));
    let postman = Postman::new(renderer, dkim, transport);
    // Letters from the time before there was a relay are forgotten with their people, too.
    if settings.smtp_url.is_none() || !settings.mailbox_dir().is_dir() {
        return Ok(postman);
    }
    Ok(postman.forgetting(open_mailbox(settings)?))
}

/// Whether letters leave this machine: their links must then lead to a public address.
pub(crate) fn relay_is_remote(settings: &Settings) -> Result<bool, Failure> {
    let Some(url) = &settings.smtp_url else {
        return Ok(false);
    };
    let url = SmtpUrl::parse(url.expose_secret())
        .map_err(|error| Failure::usage(format!("smtp_url: {error}")))?;
    Ok(!url.is_loopback())
}

/// The relay, where one is configured.
pub(crate) fn relay(settings: &Settings, policy: &Policy) -> Result<Option<SmtpRelay>, Failure> {
    let Some(url) = &settings.smtp_url else {
        return Ok(None);
    };
    let wrong = |problem: String| Failure::usage(format!("smtp_url: {problem}"));
    let url = SmtpUrl::parse(url.expose_secret()).map_err(|error| wrong(error.to_string()))?;
    let relay_settings = SmtpSettings::new(policy.mail.from.ascii_domain());
    SmtpRelay::new(url, relay_settings)
        .map(Some)
        .map_err(|error| wrong(error.to_string()))
}

/// The DKIM keys, where there are any.
pub(crate) fn dkim(settings: &Settings, policy: &Policy) -> Result<Option<Dkim>, Failure> {
    let Some(configured) = &settings.dkim else {
        return Ok(None);
    };
    let sender = policy.mail.from.ascii_domain();
    let domain = configured.domain.as_deref().unwrap_or(sender);
    let keys = configured
        .keys
        .iter()
        .map(|(path, selector)| {
            let wrong = |problem: String| {
                Failure::usage(format!("dkim_key_file: {}: {problem}", path.display()))
            };
            let pem = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
            let pem = zeroize::Zeroizing::new(pem);
            DkimKey::from_pem(&pem, selector, domain).map_err(|error| wrong(error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Dkim::new(keys)))
}

/// The local mailbox for the page that shows it, where there is no relay.
pub(crate) fn mailbox(settings: &Settings) -> Result<Option<Arc<dyn LocalMailbox>>, Failure> {
    if settings.smtp_url.is_some() {
        return Ok(None);
    }
    Ok(Some(Arc::new(open_mailbox(settings)?)))
}

fn open_mailbox(settings: &Settings) -> Result<Mailbox, Failure> {
    let folder = settings.mailbox_dir();
    Mailbox::open(&folder).map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))
}
