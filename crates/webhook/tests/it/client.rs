//! What endpoints can do to the client, and what they cannot.

use std::time::Duration;

use consentry_service::ports::{
    MessageId, Notification, Notifier, NotifyOutcome, Payload, PayloadData, WebhookSecret,
    WebhookUrl,
};
use consentry_webhook::HttpNotifier;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

fn notification(url: &str) -> Notification {
    Notification {
        message: MessageId(42),
        sent_at: "2026-11-23T10:00:00Z".parse().unwrap(),
        url: WebhookUrl::parse(url).unwrap(),
        secrets: vec![WebhookSecret::new([7; 32])],
        payload: Payload {
            r#type: "subscriber.erased",
            timestamp: "2026-11-23T09:59:59Z".to_owned(),
            data: PayloadData {
                subject: "00000000000000ab".to_owned(),
                topics: Vec::new(),
                subscriber: None,
            },
        },
    }
}

/// An endpoint that reads one request and then does as it likes; gives what it read.
async fn endpoint<F>(
    answer: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (u16, JoinHandle<String>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"}") {
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).await.unwrap();
            assert!(length > 0, "the request ended early");
            read.extend_from_slice(&chunk[..length]);
        }
        answer(stream).await;
        String::from_utf8(read).unwrap()
    });
    (port, task)
}

async fn say(mut stream: TcpStream, answer: &str) {
    // The client may be gone before the end.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn notifier() -> HttpNotifier {
    HttpNotifier::new().unwrap().within(Duration::from_secs(2))
}

async fn told(answer: &'static str) -> NotifyOutcome {
    let (port, task) = endpoint(move |stream| say(stream, answer)).await;
    let url = format!("http://127.0.0.1:{port}/hook");
    let outcome = notifier().notify(&notification(&url)).await;
    task.await.unwrap();
    outcome
}

#[tokio::test]
async fn a_message_has_its_three_headers_and_the_body_that_was_signed() {
    let answer = "HTTP/1.1 204 No Content\r\n\r\n";
    let (port, task) = endpoint(move |stream| say(stream, answer)).await;
    let url = format!("http://localhost:{port}/hook?tenant=7");
    let sent = notification(&url);
    assert_eq!(notifier().notify(&sent).await, NotifyOutcome::Delivered);
    let request = task.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /hook?tenant=7 HTTP/1.1\r\n"),
        "{head}"
    );
    let seconds = sent.sent_at.as_second();
    let signature = consentry_webhook::sign(&sent.secrets, sent.message, seconds, body.as_bytes());
    for line in [
        format!("host: localhost:{port}"),
        "content-type: application/json".to_owned(),
        "webhook-id: msg_000000000000002a".to_owned(),
        format!("webhook-timestamp: {seconds}"),
        format!("webhook-signature: {signature}"),
    ] {
        assert!(head.lines().any(|held| held == line), "{line}: {head}");
    }
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["type"], "subscriber.erased");
    assert!(body["data"]["subscriber"].is_null());
}

#[tokio::test]
async fn only_a_2xx_is_a_delivery_and_redirects_lead_nowhere() {
    assert_eq!(
        told("HTTP/1.1 200 OK\r\n\r\n").await,
        NotifyOutcome::Delivered
    );
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n\r\n";
    assert_eq!(told(redirect).await, NotifyOutcome::Refused(307));
    let broken = "HTTP/1.1 500 Internal Server Error\r\n\r\n";
    assert_eq!(told(broken).await, NotifyOutcome::Refused(500));
    assert_eq!(
        told("220 mail.example ESMTP\r\n").await,
        NotifyOutcome::Unreachable
    );
    assert_eq!(told("").await, NotifyOutcome::Unreachable);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_end() {
    let (port, task) = endpoint(async |mut stream: TcpStream| {
        let line = format!("x-more: {}\r\n", "x".repeat(8000));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(line.as_bytes()).await.is_ok() {}
    })
    .await;
    let url = format!("http://127.0.0.1:{port}/");
    let outcome = notifier().notify(&notification(&url)).await;
    assert_eq!(outcome, NotifyOutcome::Unreachable);
    task.await.unwrap();

    let (port, task) = endpoint(async |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 8000]).await.is_ok() {}
    })
    .await;
    let url = format!("http://127.0.0.1:{port}/");
    let outcome = notifier().notify(&notification(&url)).await;
    assert_eq!(outcome, NotifyOutcome::Delivered, "the head is enough");
    task.await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_left_after_the_limit() {
    let (port, task) = endpoint(async |stream| {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let hasty = HttpNotifier::new()
        .unwrap()
        .within(Duration::from_millis(200));
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(
        hasty.notify(&notification(&url)).await,
        NotifyOutcome::Unreachable
    );
    task.abort();
}

/// A certificate of nobody the client trusts ends the try before anything is said.
#[tokio::test]
async fn the_certificate_is_verified() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authorities = folder.path().join("ca.pem");
    std::fs::write(&authorities, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut read = [0; 4096];
            let _ = stream.read(&mut read).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    let trusted = HttpNotifier::trusting(&authorities).unwrap();
    let outcome = async |notifier: &HttpNotifier, host: &str| {
        let url = format!("https://{host}:{port}/");
        notifier.notify(&notification(&url)).await
    };
    assert_eq!(
        outcome(&trusted, "localhost").await,
        NotifyOutcome::Delivered
    );
    assert_eq!(
        outcome(&trusted, "127.0.0.1").await,
        NotifyOutcome::Unreachable,
        "another name than the certificate's"
    );
    assert_eq!(
        outcome(&notifier(), "localhost").await,
        NotifyOutcome::Unreachable
    );
}

#[test]
fn only_https_and_loopback_are_endpoints() {
    for good in [
        "https://hooks.example/consentry",
        "https://10.0.0.7/in/the/private/network",
        "http://127.0.0.1:9000/",
        "http://[::1]/",
        "http://localhost/",
    ] {
        assert!(WebhookUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://hooks.example/",
        "http://10.0.0.7/",
        "https://user:secret@hooks.example/",
        "https://hooks.example/#part",
        "ftp://hooks.example/",
        "hooks.example",
        "file:///etc/passwd",
    ] {
        assert!(WebhookUrl::parse(bad).is_err(), "{bad}");
    }
    let url = WebhookUrl::parse("https://hooks.example/T0KEN").unwrap();
    assert_eq!(format!("{url:?}"), "WebhookUrl(hooks.example)");
}
