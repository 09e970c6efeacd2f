//! What the operator can do about letters that do not go.

use consentry_service::ports::{EnhancedStatus, Reason, Reply, Trouble};

/// What to do about it, in words.
pub(crate) fn remedy(trouble: Trouble) -> &'static str {
    match trouble.reason {
        Reason::RelayDown => {
            "the relay does not answer or takes no mail now: look at its host, port and log; letters \
             go by themselves when it is back"
        }
        Reason::Access => access(trouble.reply),
        Reason::Sender => sender(trouble.reply),
        Reason::Deferred => "nothing: the relay or the receiver asked for a later try",
        Reason::Recipient => "nothing: the receiver does not take mail for this address",
        Reason::Content => {
            "the relay does not take the message: look into its log, then `letters retry`"
        }
        Reason::NoSmtpUtf8 => {
            "the address is not ASCII: use a relay that offers SMTPUTF8, then `letters retry`"
        }
        Reason::Restored => {
            "it waited in a backup and may have been sent since: nothing, whoever misses it asks"
        }
        Reason::Unanswered => {
            "nobody knows whether it was taken: look for its number in the relay's log"
        }
        Reason::Stopped => "nothing: it goes with the next worker",
        Reason::Unwritable | Reason::Panicked => {
            "a defect of this program or a policy that gives no letter: look into the log, report \
             it, and `letters retry` after the update"
        }
        Reason::Unreadable => {
            "the record cannot be read: is the key ring complete (`keys list`)? then `letters retry`"
        }
        _ => "look into the log",
    }
}

fn access(reply: Option<Reply>) -> &'static str {
    match reply.map(|reply| reply.code) {
        Some(530 | 534 | 535 | 538) => {
            "the relay does not accept the user or the password of smtp_url: correct them, then \
             `letters retry --all`"
        }
        Some(_) => {
            "the relay does not let this host or this sender in: check smtp_url and mail_from \
             against its rules, then `letters retry --all`"
        }
        None => {
            "TLS or the log-in to the relay fails: `doctor` tries it and says how; correct smtp_url, \
             then `letters retry --all`"
        }
    }
}

/// By the codes that Gmail, Microsoft and others use (RFC 7372; standards of the providers).
fn sender(reply: Option<Reply>) -> &'static str {
    let Some(EnhancedStatus {
        subject, detail, ..
    }) = reply.and_then(|reply| reply.status)
    else {
        return "a receiver refuses this sender: look into the relay's log, then `letters retry --all`";
    };
    match (subject, detail) {
        (7, 25) => "the relay's address has no host name that leads back to it (PTR): set it",
        (7, 23 | 27) => {
            "SPF does not allow the relay: add it to the SPF record of mail_from's domain"
        }
        (7, 29) => "the relay hands on without TLS: switch TLS on there",
        (7, 20 | 21 | 22 | 30) => {
            "the DKIM signature is missing or does not verify: publish the record that `doctor` shows"
        }
        (7, 26 | 31 | 32 | 515) => {
            "SPF, DKIM and DMARC do not all pass for the domain of mail_from: publish what `doctor` \
             shows, then `letters retry --all`"
        }
        (1, 7 | 8) => {
            "the receiver finds no domain behind mail_from: give it an MX or address record, then \
             `letters retry --all`"
        }
        _ => {
            "the relay does not send for this sender, or a receiver blocks it: check the relay's \
             rules and log, SPF, DKIM and DMARC, then `letters retry --all`"
        }
    }
}
