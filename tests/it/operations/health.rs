//! Health for load balancers, and the way out.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use consentry_tests::{database::Engine, http::Client, site::Site, wait_for};

/// From SIGTERM on `/readyz` says no while whoever comes is still served; then the door closes, the
/// request under way ends well, and so does the process.
#[test]
fn a_draining_server_says_so_and_serves_what_is_under_way() {
    let site = Site::new(Engine::Sqlite)
        .with("CONSENTRY_METRICS_LISTEN", "127.0.0.1:0")
        .with("CONSENTRY_DRAIN_DELAY", "4");
    let mut web = site.web();
    let private = Client::new(&web.metrics_url());
    let public = Client::new(web.url());
    for client in [&public, &private] {
        assert_eq!(client.get("/healthz").status, 200);
        assert_eq!(client.get("/readyz").body, "ready\n");
    }
    let address = web.url().trim_start_matches("http://").to_owned();
    let body = "email=anna%40kunde.example";
    let mut slow = TcpStream::connect(&address).expect("the server listens");
    let head = format!(
        "POST /subscribe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).expect("the server reads");
    slow.write_all(&body.as_bytes()[..10])
        .expect("the server reads");

    web.terminate();
    for client in [&public, &private] {
        wait_for("503", Duration::from_secs(3), || {
            (client.get("/readyz").status == 503).then_some(())
        });
    }
    assert_eq!(public.get("/").status, 200, "whoever comes is still served");
    wait_for("a closed door", Duration::from_secs(30), || {
        TcpStream::connect(&address).err()
    });
    slow.write_all(&body.as_bytes()[10..])
        .expect("the server reads");
    let mut answer = String::new();
    slow.read_to_string(&mut answer)
        .expect("the server answers");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert_eq!(web.wait().code(), Some(0));
}

/// The worker has no other address: health is where its metrics are.
#[test]
fn a_worker_has_health_too() {
    let site = Site::new(Engine::Sqlite).with("CONSENTRY_METRICS_LISTEN", "127.0.0.1:0");
    let mut worker = site.worker();
    let client = Client::new(&worker.metrics_url());
    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(client.get("/readyz").status, 200);
    site.query("DROP TABLE consentry_migrations");
    assert_eq!(client.get("/readyz").status, 503);
    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(worker.stop().code(), Some(0));
}

/// `Type=notify` of systemd: READY=1 when requests are served, STOPPING=1 on the way out.
#[test]
fn the_service_manager_is_told() {
    use std::os::unix::net::UnixDatagram;

    let site = Site::new(Engine::Sqlite);
    let path = site.folder().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket can be bound");
    let patience = Some(Duration::from_secs(30));
    manager
        .set_read_timeout(patience)
        .expect("a timeout can be set");
    let heard = || {
        let mut word = [0; 256];
        let length = manager.recv(&mut word).expect("the process tells");
        String::from_utf8_lossy(&word[..length]).trim().to_owned()
    };
    let site = site.with("NOTIFY_SOCKET", path.to_str().expect("paths are UTF-8"));
    let web = site.web();
    assert_eq!(heard(), "READY=1");
    assert_eq!(web.stop().code(), Some(0));
    assert_eq!(heard(), "STOPPING=1");
    let worker = site.worker();
    assert_eq!(heard(), "READY=1");
    assert_eq!(worker.stop().code(), Some(0));
    assert_eq!(heard(), "STOPPING=1");
}
