//! Findings about mail: what keeps a mail provider from trusting the letters and from showing its
//! unsubscribe button.

use std::time::Duration;

use consentry::SystemRandom;
use consentry_address::EmailAddress;
use consentry_domain::{LetterKind, SubjectId};
use consentry_mail::{OneClickFault, SmtpRelay, SmtpUrl, one_click_faults};
use consentry_policy::Policy;
use consentry_service::{
    Service,
    ports::{Delivery, Letter, LetterId, Mailer as _, Random as _, SecretUrl},
};
use secrecy::ExposeSecret as _;

use super::{Report, Verdict};
use crate::{Failure, mailing, settings::Settings};

/// Letters are about 6 kB; a relay that takes less than this would refuse some.
const LETTER: u64 = 64 * 1024;

/// What a relay may take to answer the final dot (RFC 5321 section 4.5.3.2.6).
const DOT_TIMEOUT: Duration = Duration::from_mins(10);

impl Report {
    /// The keys that sign, and what a verifier needs.
    pub(super) fn signing(&mut self, settings: &Settings, policy: &Policy) -> Result<(), Failure> {
        let Some(dkim) = mailing::dkim(settings, policy)? else {
            let (result, text) = match settings.smtp_url {
                None => (Verdict::Ok, "not needed: letters stay in the local mailbox"),
                Some(_) => (
                    Verdict::Warning,
                    "letters are not signed here; set dkim_key_file, or make sure that the relay \
                     signs List-Unsubscribe and List-Unsubscribe-Post: look at a letter that \
                     `consentry-admin doctor --probe` sends you",
                ),
            };
            self.add("dkim", result, text);
            return Ok(());
        };
        let sender = policy.mail.from.ascii_domain();
        for key in dkim.keys() {
            let record = key.dns_record();
            let text = format!("publish the TXT record {}", record.name);
            self.add("dkim", Verdict::Ok, text);
            self.publish(record.name, record.value);
            let signer = key.domain();
            match alignment(sender, signer) {
                Alignment::Aligned => {}
                Alignment::Siblings(common) => {
                    let text = format!(
                        "the signing domain {signer} and the sender's, {sender}, are aligned only \
                         if {common} is your organisation's domain; set dkim_domain to {sender} \
                         to be sure"
                    );
                    self.add("dkim", Verdict::Warning, text);
                }
                Alignment::Strangers => {
                    let text = format!(
                        "the signing domain {signer} is not that of the sender, {sender}: DMARC \
                         does not count the signature; set dkim_domain"
                    );
                    self.add("dkim", Verdict::Problem, text);
                }
            }
        }
        Ok(())
    }

    /// What the sender's domain says about who may send for it (RFC 7208, RFC 9989).
    pub(super) fn sender(
        &mut self,
        settings: &Settings,
        policy: &Policy,
        relay: Option<&SmtpRelay>,
    ) {
        if relay.is_none() {
            return;
        }
        let domain = policy.mail.from.ascii_domain().to_owned();
        let url = settings.smtp_url.as_ref();
        let url = url.and_then(|url| SmtpUrl::parse(url.expose_secret()).ok());
        let (spf, remedy) = match url.filter(|url| !url.is_loopback()) {
            Some(url) => (
                format!("v=spf1 a:{} -all", url.host()),
                "a relay that is a service names what to include instead",
            ),
            None => (
                "v=spf1 a mx -all".to_owned(),
                "name the public addresses of the machine that sends",
            ),
        };
        let text = format!(
            "{domain} needs one SPF record that names the relay; {remedy}. One record only: add to \
             it what is there already"
        );
        self.add("spf", Verdict::Ok, text);
        self.publish(domain.clone(), spf);
        let text = format!(
            "{domain} needs a DMARC record, or its organisation's domain does; p=none is enough \
             for the unsubscribe button, make it stricter when the reports are clean"
        );
        self.add("dmarc", Verdict::Ok, text);
        let reports = format!("v=DMARC1; p=none; rua=mailto:dmarc@{domain}");
        self.publish(format!("_dmarc.{domain}"), reports);
    }

    /// A letter as people get it, looked at as a mail provider does.
    pub(super) fn sample(
        &mut self,
        settings: &Settings,
        policy: &Policy,
        service: &Service,
    ) -> Result<(), Failure> {
        let letter = letter(service, policy.mail.from.clone());
        let message = mailing::postman(settings, policy)?.signed(&letter);
        let Some(message) = message else {
            let text = "no letter can be written or signed; the log says why";
            self.add("one-click", Verdict::Problem, text);
            return Ok(());
        };
        let mut faults = one_click_faults(&message.octets);
        let stays_here = settings.smtp_url.is_none();
        // Said where keys and addresses are looked at, and of no matter where letters stay here.
        faults.retain(|fault| match fault {
            OneClickFault::Unsigned => false,
            OneClickFault::NotHttps => !stays_here,
            _ => true,
        });
        if faults.is_empty() {
            let text = "a sample letter has both fields once, and every signature covers them";
            self.add("one-click", Verdict::Ok, text);
        }
        for fault in faults {
            let text = format!("no unsubscribe button: {fault}");
            self.add("one-click", Verdict::Problem, text);
        }
        Ok(())
    }

    /// Whether the relay lets us in, and what it takes.
    pub(super) async fn relay(&mut self, settings: &Settings, relay: Option<&SmtpRelay>) {
        let Some(relay) = relay else {
            let folder = settings.mailbox_dir();
            let text = format!("no relay: letters are files in {}", folder.display());
            self.add("relay", Verdict::Warning, text);
            return;
        };
        let probe = match relay.probe().await {
            Ok(probe) => probe,
            Err(error) => return self.add("relay", Verdict::Problem, error.to_string()),
        };
        let login = if probe.authenticated {
            "logged in"
        } else {
            "no login"
        };
        let offers = [
            (probe.eight_bit_mime, "8BITMIME"),
            (probe.smtputf8, "SMTPUTF8"),
        ];
        let offers = offers.iter().filter(|(offered, _)| *offered);
        let mut text = format!("answers: {}, {login}", probe.tls.unwrap_or("no TLS"));
        for (_, extension) in offers {
            text.push_str(", ");
            text.push_str(extension);
        }
        if let Some(size) = probe.size {
            text.push_str(", letters up to ");
            text.push_str(&size.to_string());
            text.push_str(" octets");
        }
        self.add("relay", Verdict::Ok, text);
        if probe.size.is_some_and(|size| size < LETTER) {
            let text = "the relay takes smaller messages than some letters are";
            self.add("relay", Verdict::Problem, text);
        }
        if relay.dot_timeout() < DOT_TIMEOUT {
            let text = format!(
                "dot_timeout is {} seconds: a relay that answers later gets letters twice; 600 are \
                 usual",
                relay.dot_timeout().as_secs()
            );
            self.add("relay", Verdict::Warning, text);
        }
        if !probe.smtputf8 {
            let text = "without SMTPUTF8, people whose address has letters outside ASCII before \
                        the at sign get no mail";
            self.add("relay", Verdict::Warning, text);
        }
    }

    /// A real letter to the operator, to look at in their own mailbox.
    pub(super) async fn probe(
        &mut self,
        settings: &Settings,
        policy: &Policy,
        service: &Service,
        address: &EmailAddress,
    ) -> Result<(), Failure> {
        if settings.smtp_url.is_none() {
            return Err(Failure::usage("--probe needs a relay; set smtp_url"));
        }
        let postman = mailing::postman(settings, policy)?;
        let (result, text) = match postman.deliver(&letter(service, address.clone())).await {
            Delivery::Accepted => (
                Verdict::Ok,
                "the relay took a confirmation letter, whose links lead nowhere; in the mailbox, \
                 look for the unsubscribe button, and in the source for Authentication-Results \
                 with spf=pass, dkim=pass and dmarc=pass",
            ),
            Delivery::Deferred(_) => (Verdict::Problem, "the relay did not take it now"),
            Delivery::Refused(_) => (Verdict::Problem, "the relay refused it"),
            Delivery::Uncertain => (
                Verdict::Problem,
                "the relay may or may not have taken it: it did not answer",
            ),
        };
        self.add("probe", result, text);
        Ok(())
    }
}

/// A confirmation letter about nobody. Its links are of the right shape, and unknown.
fn letter(service: &Service, to: EmailAddress) -> Letter {
    let number = || {
        let mut bytes = [0; 8];
        SystemRandom.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    };
    let policy = service.policy();
    let url = |page: &str| SecretUrl::new(service.public_url().join(&format!("/{page}/probe")));
    let now = service.now();
    Letter {
        id: LetterId(number()),
        kind: LetterKind::Confirmation,
        subject: SubjectId(number()),
        to,
        language: policy.languages.default,
        date: now,
        topics: policy
            .default_topics()
            .map(|topic| topic.id.clone())
            .collect(),
        confirm_url: Some(url("confirm")),
        confirm_until: Some(policy.links.confirmation.after(now, &policy.calendar)),
        preferences_url: url("preferences"),
        unsubscribe_url: url("unsubscribe"),
        home_url: service.public_url().join("/"),
        erasure: None,
        change: None,
    }
}

/// How a signing domain stands to the sender's, as far as can be told without the DNS.
#[derive(Debug, PartialEq, Eq)]
enum Alignment {
    /// The same, or one below the other.
    Aligned,
    /// Both below a domain that may be the organisation's, or a registry's.
    Siblings(String),
    /// Nothing in common.
    Strangers,
}

/// Relaxed alignment: both have the same organisational domain (RFC 9989 section 4.10).
fn alignment(sender: &str, signer: &str) -> Alignment {
    let below = |name: &str, parent: &str| {
        name == parent
            || name
                .strip_suffix(parent)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    if below(sender, signer) || below(signer, sender) {
        return Alignment::Aligned;
    }
    let labels = |name: &str| name.rsplit('.').map(str::to_owned).collect::<Vec<_>>();
    let mut common: Vec<_> = labels(sender)
        .into_iter()
        .zip(labels(signer))
        .take_while(|(one, other)| one == other)
        .map(|(label, _)| label)
        .collect();
    if common.len() < 2 {
        return Alignment::Strangers;
    }
    common.reverse();
    Alignment::Siblings(common.join("."))
}

#[cfg(test)]
mod tests {
    use super::{Alignment, alignment};

    #[test]
    fn a_signature_counts_for_its_own_domain_and_those_below() {
        for (sender, signer) in [
            ("news.example.org", "example.org"),
            ("example.org", "example.org"),
            ("example.org", "mail.example.org"),
        ] {
            assert_eq!(alignment(sender, signer), Alignment::Aligned);
        }
        assert_eq!(
            alignment("badexample.org", "example.org"),
            Alignment::Strangers
        );
        assert_eq!(
            alignment("example.net", "example.org"),
            Alignment::Strangers
        );
    }

    /// Whether `co.uk` is somebody's cannot be known without the DNS.
    #[test]
    fn siblings_are_left_to_the_operator() {
        let siblings = |common: &str| Alignment::Siblings(common.to_owned());
        let found = alignment("news.example.org", "mail.example.org");
        assert_eq!(found, siblings("example.org"));
        assert_eq!(alignment("a.co.uk", "b.co.uk"), siblings("co.uk"));
    }
}
