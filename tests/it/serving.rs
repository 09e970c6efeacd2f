//! The server as an operator sets it up: limits, proxies, TLS, public files, logs.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use consentry_tests::{
    database::Engine,
    dkim::{Algorithm, Key},
    http::Client,
    site::Site,
    smtp::{Options, Sink},
};
use rcgen::generate_simple_self_signed;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};

use crate::steps::Stage;

fn sign_up(client: &Client, number: usize) -> (u16, bool) {
    let email = format!("person{number}@kunde.example");
    let answer = client.post_form("/subscribe", &[("email", &email)]);
    (answer.status, answer.header("retry-after").is_some())
}

/// The operator's limits stand before the policy's; too much is 429 with the time to wait, and counts
/// per client, whom only a trusted proxy may name.
#[test]
fn sign_ups_are_limited_per_client_and_in_all() {
    let site = Site::new(Engine::Sqlite)
        .with("CONSENTRY_LIMIT_PER_CLIENT", "2/hour")
        .with("CONSENTRY_LIMIT_TOTAL", "5/hour");
    let web = site.web();
    let stranger = Client::new(web.url());
    assert_eq!(sign_up(&stranger, 1), (303, false));
    assert_eq!(sign_up(&stranger, 2), (303, false));
    assert_eq!(sign_up(&stranger, 3), (429, true));
    let liar = Client::new(web.url()).with_header("x-forwarded-for", "203.0.113.7");
    assert_eq!(
        sign_up(&liar, 4),
        (429, true),
        "a stranger chose another address"
    );
    drop(web);

    let site = site.with("CONSENTRY_TRUSTED_PROXIES", "127.0.0.0/8,::1/128");
    let web = site.web();
    for (number, address) in ["203.0.113.7", "203.0.113.8"].into_iter().enumerate() {
        let client = Client::new(web.url()).with_header("x-forwarded-for", address);
        assert_eq!(sign_up(&client, number * 10), (303, false));
        assert_eq!(sign_up(&client, number * 10 + 1), (303, false));
        assert_eq!(sign_up(&client, number * 10 + 2), (429, true));
    }
    let client = |address| Client::new(web.url()).with_header("x-forwarded-for", address);
    assert_eq!(sign_up(&client("203.0.113.9"), 30), (303, false));
    assert_eq!(
        sign_up(&client("203.0.113.10"), 31),
        (429, true),
        "the sixth in all"
    );
}

/// S0-35: public files are served; what lies beside them, and what is hidden among them, is not.
#[test]
fn no_path_leads_out_of_the_public_folder() {
    let site = Site::new(Engine::Sqlite);
    let public = site.folder().join("public");
    fs::create_dir(&public).expect("a folder can be made");
    for (name, content) in [("robots.txt", "User-agent: *"), (".htpasswd", "hidden")] {
        fs::write(public.join(name), content).expect("a file can be written");
    }
    let path = public.to_str().expect("paths are UTF-8");
    let site = site.with("CONSENTRY_STATIC_DIR", path);
    let web = site.web();
    assert_eq!(
        Client::new(web.url()).get("/robots.txt").body,
        "User-agent: *"
    );
    let address = web.url().trim_start_matches("http://");
    for path in [
        "/.htpasswd",
        "/%2ehtpasswd",
        "/../data/keys.toml",
        "/%2e%2e/data/keys.toml",
        "/..%2fdata%2fkeys.toml",
        "//data/keys.toml",
        "/robots.txt/../../data/keys.toml",
        "/..\\data\\keys.toml",
    ] {
        // A well-behaved client would tidy these paths up.
        let mut stream = TcpStream::connect(address).expect("the server listens");
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the server answers");
        let is_refused = answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400");
        assert!(is_refused, "{path}: {answer}");
        assert!(
            !answer.contains("hidden") && !answer.contains("secret"),
            "{path}: {answer}"
        );
    }
}

/// The local mailbox is for a start without a relay, and for this machine alone.
#[test]
fn the_local_mailbox_closes_when_there_is_a_relay_or_a_proxy() {
    let stage = Stage::open(Site::new(Engine::Sqlite).with("CONSENTRY_EMBEDDED_WORKER", "false"));
    stage.subscribe("anna@kunde.example");
    let page = stage.client.get("/dev/mailbox");
    assert!(page.body.contains("anna@kunde.example"), "{}", page.body);
    let proxied = Client::new(stage.web.url()).with_header("x-forwarded-for", "127.0.0.1");
    assert_eq!(proxied.get("/dev/mailbox").status, 404);
    let sink = Sink::start(Options::default());
    let stage = Stage::with_relay(Site::new(Engine::Sqlite), sink);
    assert_eq!(stage.client.get("/dev/mailbox").status, 404);
}

/// Without SMTP and with nothing set, the embedded worker mails by itself, and links lead back to the
/// address that was bound.
#[test]
fn one_command_is_enough_to_start() {
    let site = Site::new(Engine::Sqlite);
    let web = site.web();
    let client = Client::new(web.url());
    let answer = client.post_form("/subscribe", &[("email", "anna@kunde.example")]);
    assert_eq!(answer.status, 303);
    let letter =
        consentry_tests::wait_for("letter", Duration::from_secs(30), || site.mailbox().pop());
    let link = letter.link("/confirm/");
    assert!(link.starts_with(web.url()), "{link}");
    assert_eq!(client.post_form(&link, &[]).status, 200);
}

/// TLS by the server itself: the ready line says https, and so do the links.
#[test]
fn the_server_speaks_tls_itself() {
    let site = Site::new(Engine::Sqlite);
    let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| site.folder().join(name));
    fs::write(&certificate, made.cert.pem()).expect("a file can be written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("a file can be written");
    let text = |path: &std::path::Path| path.to_str().expect("paths are UTF-8").to_owned();
    let site = site
        .with("CONSENTRY_TLS_CERT_FILE", text(&certificate))
        .with("CONSENTRY_TLS_KEY_FILE", text(&key));
    let web = site.web();
    let address = web
        .url()
        .strip_prefix("https://")
        .expect("the ready line says https");

    let mut roots = RootCertStore::empty();
    roots
        .add(made.cert.der().clone())
        .expect("a fresh certificate is well-formed");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let session = ClientConnection::new(Arc::new(configuration), name).expect("a client");
    let socket = TcpStream::connect(address).expect("the server listens");
    let mut stream = StreamOwned::new(session, socket);
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).expect("the server reads");
    let mut answer = Vec::new();
    // Some end without a closing alert; what came is what counts.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security"), "{answer}");
    // No redirect from the clear: an unsubscribe request would be lost on the way.
    let mut clear = TcpStream::connect(address).expect("the server listens");
    clear.write_all(request).expect("the server reads");
    let mut answer = String::new();
    let _ = clear.read_to_string(&mut answer);
    assert!(
        !answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 3"),
        "{answer}"
    );
}

/// Every line of `log_format=json` is an object with a time and a level.
#[test]
fn logs_are_for_machines_when_asked() {
    let site = Site::new(Engine::Sqlite).with("CONSENTRY_LOG_FORMAT", "json");
    let web = site.web();
    Client::new(web.url()).post_form("/subscribe", &[("email", "anna@kunde.example")]);
    let log = web.kill();
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        assert!(
            entry["timestamp"].is_string() && entry["level"].is_string(),
            "{line}"
        );
    }
}

/// Secrets come from files as well, and the relay's URL among them.
#[test]
fn secrets_come_from_files() {
    let sink = Sink::start(Options::default());
    let site = Site::new(Engine::Sqlite).with("CONSENTRY_EMBEDDED_WORKER", "false");
    let file = site.folder().join("relay");
    fs::write(&file, format!("{}\n", sink.url())).expect("a file can be written");
    let path = file.to_str().expect("paths are UTF-8").to_owned();
    let stage = Stage::open(site.with("CONSENTRY_SMTP_URL_FILE", path));
    stage.sign_up("anna@kunde.example");
    stage.site.worker_once().succeed();
    assert_eq!(sink.accepted().len(), 1);
}

/// S0-45: what the operator is told to publish is what the keys say.
#[test]
fn the_doctor_prints_the_records_to_publish() {
    let site = Site::new(Engine::Sqlite);
    let keys = [Algorithm::Rsa, Algorithm::Ed25519]
        .map(|algorithm| Key::generate(site.folder(), algorithm));
    let files = [&keys[0], &keys[1]].map(|key| key.file.to_str().expect("paths are UTF-8"));
    let site = site
        .with("CONSENTRY_DKIM_KEY_FILE", files.join(","))
        .with("CONSENTRY_DKIM_SELECTOR", "rsa1,ed1");
    site.admin(&["migrate"]).succeed();
    let report = site
        .admin(&["doctor", "--format", "json"])
        .json()
        .to_string();
    for (selector, key) in ["rsa1", "ed1"].into_iter().zip(&keys) {
        let name = format!("{selector}._domainkey.velmarin.example");
        let (_, public) = key.record.split_once("p=").expect("a record has a key");
        assert!(
            report.contains(&name) && report.contains(public),
            "{report}"
        );
    }
}
