//! No silent downgrade, no unverified certificate (ASVS 12.3.2).

use std::sync::Arc;

use consentry_mail::{SmtpRelay, SmtpSettings, SmtpSetupError, SmtpUrl};
use consentry_service::ports::Delivery::{Accepted, Deferred};
use consentry_service::ports::Reason;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

use crate::double::{Act, Double, DoubleTls};
use crate::samples::confirmation;
use crate::smtp::relay_to;

/// A server with a certificate of its own for `host`, and the file to trust it by.
fn server(host: &str) -> (TlsAcceptor, NamedTempFile) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), file)
}

fn url(scheme: &str, double: &Double, options: &str) -> String {
    format!("{scheme}localhost:{}?{options}", double.port)
}

fn trusting(ca: &NamedTempFile) -> String {
    format!("ca={}", ca.path().display())
}

#[tokio::test]
async fn starttls_protects_the_password_and_the_letter() {
    let (acceptor, ca) = server("localhost");
    let double = Double::start_with(DoubleTls::StartTls(acceptor), |_| None).await;
    let options = format!("tls=required&{}", trusting(&ca));
    let relay = relay_to(&url("smtp://user:secret@", &double, &options));
    assert_eq!(relay.deliver(&confirmation()).await, Accepted);
    assert_eq!(
        double.seen().verbs(),
        ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
    );
    assert_eq!(relay.probe().await.unwrap().tls, Some("TLSv1_3"));
}

#[tokio::test]
async fn implicit_tls_protects_from_the_first_octet() {
    let (acceptor, ca) = server("localhost");
    let double = Double::start_with(DoubleTls::Implicit(acceptor), |_| None).await;
    let relay = relay_to(&url("smtps://", &double, &trusting(&ca)));
    assert_eq!(relay.deliver(&confirmation()).await, Accepted);
}

#[tokio::test]
async fn a_relay_whose_starttls_was_removed_gets_nothing() {
    let double = Double::start(|_| None).await;
    let relay = relay_to(&url("smtp://user:secret@", &double, "tls=required"));
    assert_eq!(
        relay.deliver(&confirmation()).await,
        Deferred(Reason::Access.into())
    );
    assert_eq!(double.seen().verbs(), ["EHLO"]);
    assert!(relay.probe().await.unwrap_err().is_operators());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing() {
    let (acceptor, _) = server("localhost");
    let (_, other_ca) = server("localhost");
    for options in [
        "tls=required".to_owned(),
        format!("tls=required&{}", trusting(&other_ca)),
    ] {
        let double = Double::start_with(DoubleTls::StartTls(acceptor.clone()), |_| None).await;
        let relay = relay_to(&url("smtp://", &double, &options));
        assert_eq!(
            relay.deliver(&confirmation()).await,
            Deferred(Reason::Access.into())
        );
        assert_eq!(double.seen().verbs(), ["EHLO", "STARTTLS"]);
        assert!(relay.probe().await.unwrap_err().is_operators());
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_gets_nothing() {
    let (acceptor, ca) = server("other.example.org");
    let double = Double::start_with(DoubleTls::Implicit(acceptor), |_| None).await;
    let relay = relay_to(&url("smtps://", &double, &trusting(&ca)));
    assert_eq!(
        relay.deliver(&confirmation()).await,
        Deferred(Reason::Access.into())
    );
    assert!(double.seen().commands.is_empty());
}

#[tokio::test]
async fn opportunistic_tls_is_used_where_offered_and_not_missed_elsewhere() {
    let (acceptor, ca) = server("localhost");
    let options = format!("tls=opportunistic&{}", trusting(&ca));
    let with = Double::start_with(DoubleTls::StartTls(acceptor), |_| None).await;
    assert_eq!(
        relay_to(&url("smtp://", &with, &options))
            .deliver(&confirmation())
            .await,
        Accepted
    );
    assert!(with.seen().verbs().contains(&"STARTTLS"));
    let without = Double::start(|_| None).await;
    let relay = relay_to(&url("smtp://", &without, &options));
    assert_eq!(relay.deliver(&confirmation()).await, Accepted);
}

/// What is said in the clear after STARTTLS and before TLS is somebody else's.
#[tokio::test]
async fn a_reply_injected_before_tls_is_not_believed() {
    let (acceptor, ca) = server("localhost");
    let double = Double::start_with(DoubleTls::StartTls(acceptor), |point| {
        (point.verb == "STARTTLS")
            .then_some(Act::Say("220 go on\r\n250-double\r\n250 AUTH PLAIN\r\n"))
    })
    .await;
    let options = format!("tls=required&{}", trusting(&ca));
    let relay = relay_to(&url("smtp://user:secret@", &double, &options));
    assert_eq!(relay.deliver(&confirmation()).await, Accepted);
    let seen = double.seen();
    assert_eq!(seen.verbs()[..4], ["EHLO", "STARTTLS", "EHLO", "AUTH"]);
}

#[test]
fn a_file_without_certificates_is_refused() {
    let empty = NamedTempFile::new().unwrap();
    for path in [
        empty.path().display().to_string(),
        "/nonexistent.pem".to_owned(),
    ] {
        let url = SmtpUrl::parse(&format!("smtps://mx.example.org?ca={path}")).unwrap();
        let error = SmtpRelay::new(url, SmtpSettings::new("velmarin.example")).unwrap_err();
        assert!(matches!(error, SmtpSetupError::Ca { .. }));
    }
    let url = SmtpUrl::parse("smtps://mx.example.org").unwrap();
    let error = SmtpRelay::new(url, SmtpSettings::new("no domain")).unwrap_err();
    assert!(matches!(error, SmtpSetupError::EhloName));
}
