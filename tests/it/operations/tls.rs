//! TLS by the server itself: certificates that are renewed, wrong ones, old versions.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use consentry_tests::{binaries::binaries, database::Engine, site::Site, wait_for};
use rcgen::{CertificateParams, KeyPair, SerialNumber, date_time_ymd};
use rustls::{ClientConfig, ClientConnection, RootCertStore, pki_types::ServerName};

/// A certificate with its key, written where the server looks for them.
struct Made {
    key: KeyPair,
    pem: String,
    der: Vec<u8>,
}

impl Made {
    fn new(serial: u64, last_year: i32) -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let made = params.self_signed(&key).expect("a certificate can be made");
        Self {
            pem: made.pem(),
            der: made.der().to_vec(),
            key,
        }
    }

    fn write(&self, folder: &Path) {
        self.write_certificate(folder);
        fs::write(folder.join("key.pem"), self.key.serialize_pem()).expect("a file");
    }

    fn write_certificate(&self, folder: &Path) {
        fs::write(folder.join("certificate.pem"), &self.pem).expect("a file");
    }
}

fn site() -> Site {
    let site = Site::new(Engine::Sqlite);
    let path = |name: &str| {
        let path = site.folder().join(name);
        path.to_str().expect("paths are UTF-8").to_owned()
    };
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    site.with("CONSENTRY_TLS_CERT_FILE", certificate)
        .with("CONSENTRY_TLS_KEY_FILE", key)
        .with("CONSENTRY_METRICS_LISTEN", "127.0.0.1:0")
}

/// Whether the server at this address shows this certificate.
fn shows(address: &str, made: &Made) -> bool {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let certificate = made.der.clone().into();
    roots
        .add(certificate)
        .expect("a fresh certificate is well-formed");
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut session = ClientConnection::new(Arc::new(configuration), name).expect("a client");
    let mut socket = TcpStream::connect(address).expect("the server listens");
    while session.is_handshaking() {
        if session.complete_io(&mut socket).is_err() {
            return false;
        }
    }
    true
}

/// A renewed certificate is served without a restart; one that does not fit its key is not, and the
/// one in force stays.
#[test]
fn renewed_certificates_are_served_without_a_restart() {
    let site = site();
    let (first, second) = (Made::new(1, 2090), Made::new(2, 2091));
    first.write(site.folder());
    let mut web = site.web();
    let address = web.url().trim_start_matches("https://").to_owned();
    assert!(shows(&address, &first));

    second.write_certificate(site.folder());
    web.signal("HUP");
    wait_for("a warning", Duration::from_secs(30), || {
        web.log().contains("is not the key of").then_some(())
    });
    assert!(shows(&address, &first), "half a renewal");

    second.write(site.folder());
    web.signal("HUP");
    wait_for("the new certificate", Duration::from_secs(30), || {
        shows(&address, &second).then_some(())
    });
    let scrape = super::Scrape::of(&web.metrics_url());
    let name = "consentry_tls_certificate_expiry_timestamp_seconds";
    assert_eq!(scrape.get(name, &[]), Some(3_818_448_000.0));

    // Without a signal, within some seconds.
    first.write(site.folder());
    wait_for("the first one again", Duration::from_mins(1), || {
        shows(&address, &first).then_some(())
    });
    assert_eq!(web.stop().code(), Some(0));
}

#[test]
fn what_cannot_be_served_is_refused_at_the_start() {
    let site = site();
    let (good, expired) = (Made::new(1, 2090), Made::new(2, 2021));
    let refused = |words: &str| {
        let output = site.run(&binaries().web, &[]);
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{}", output.stderr);
        assert!(!output.stderr.contains("BEGIN"), "{}", output.stderr);
    };
    good.write(site.folder());
    expired.write_certificate(site.folder());
    refused("the certificate expired at 2021-01-01T00:00:00Z");
    Made::new(3, 2090).write_certificate(site.folder());
    refused("is not the key of");
    fs::write(site.folder().join("certificate.pem"), "nonsense").expect("a file");
    refused("holds no certificate");
}

/// ASVS 12.1.1: TLS 1.2 and 1.3 alone.
#[test]
fn old_versions_of_tls_are_refused() {
    let site = site();
    Made::new(1, 2090).write(site.folder());
    let web = site.web();
    let address = web.url().trim_start_matches("https://");
    // A ClientHello without the extension of TLS 1.3; suites of TLS 1.0 to 1.2; what is more is the
    // same for all of them.
    let answer_to = |minor: u8| {
        let extensions: &[u8] = &[
            0, 10, 0, 6, 0, 4, 0, 29, 0, 23, // supported_groups
            0, 11, 0, 2, 1, 0, // ec_point_formats
            0, 13, 0, 4, 0, 2, 4, 3, // signature_algorithms
        ];
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("a short message");
        let suites: &[u8] = &[0, 4, 0xc0, 0x2b, 0xc0, 0x09];
        let end: &[u8] = &[1, 0, 0, length(extensions)];
        let body = [
            &[3, minor],
            [7; 32].as_slice(),
            &[0],
            suites,
            end,
            extensions,
        ]
        .concat();
        let hello = [&[1, 0, 0, length(&body)], body.as_slice()].concat();
        let record = [&[22, 3, 1, 0, length(&hello)], hello.as_slice()].concat();
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.write_all(&record).expect("the server reads");
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).expect("the server answers");
        answer
    };
    assert_eq!(answer_to(3)[0], 22, "TLS 1.2: a handshake");
    for minor in [1, 2] {
        let answer = answer_to(minor);
        assert_eq!(answer[0], 21, "an alert: {answer:?}");
        assert_eq!(answer[5], 2, "a fatal one: {answer:?}");
    }
}
