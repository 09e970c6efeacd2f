//! What is measured, in which order. Each round makes what the next step needs: sign-ups make
//! letters, letters make links, links are confirmed and left.

use std::{
    process::{Command, Stdio},
    rc::Rc,
    thread,
    time::Duration,
};

use consentry_tests::{database::Engine, site::Site};

use crate::{
    figures::{Figures, Target},
    floor,
    load::{self, Run, per_second, post},
    server::{Server, worker_once},
    sink::{Links, Sink},
};

/// How much is done.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    /// Sign-ups by few clients, whose letters are then sent signed.
    few: usize,
    /// Sign-ups by many clients, whose letters are then sent unsigned.
    many: usize,
    /// Confirmations, and then one-clicks.
    pressed: usize,
    starts: usize,
    /// Commits of the floor.
    floor: usize,
}

impl Scale {
    /// Long enough for figures that mean something: about two minutes in all.
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        few: 6_000,
        many: 16_000,
        pressed: 8_000,
        starts: 7,
        floor: 6_000,
    };

    /// Only to see that everything still works.
    pub(crate) const SMOKE: Self = Self {
        rounds: 1,
        few: 16,
        many: 128,
        pressed: 64,
        starts: 1,
        floor: 64,
    };
}

const FEW: usize = 8;
const MANY: usize = 64;

/// How letters are signed.
#[derive(Clone, Copy)]
enum Signed {
    Not,
    Rsa,
    /// Two signatures, one by each key.
    RsaAndEd25519,
}

impl Signed {
    const fn name(self) -> &'static str {
        match self {
            Self::Not => "mails, unsigned",
            Self::Rsa => "mails, RSA-2048",
            Self::RsaAndEd25519 => "mails, RSA-2048 and Ed25519",
        }
    }

    const fn target(self) -> Target {
        match self {
            Self::Not => Target::AtLeast(8_000.0),
            Self::Rsa => Target::AtLeast(2_000.0),
            Self::RsaAndEd25519 => Target::None,
        }
    }

    const fn signatures(self) -> usize {
        match self {
            Self::Not => 0,
            Self::Rsa => 1,
            Self::RsaAndEd25519 => 2,
        }
    }
}

/// Measures everything on one database.
pub(crate) fn measure(engine: Engine, scale: Scale, figures: &mut Figures) {
    let (name, few, many) = match engine {
        Engine::Sqlite => ("SQLite", 3_000.0, 8_000.0),
        Engine::Postgres => ("PostgreSQL", 2_400.0, 6_000.0),
    };
    let sink = Sink::start();
    let site = Site::new(engine)
        .with("CONSENTRY_PUBLIC_URL", "https://bench.example")
        .with("CONSENTRY_EMBEDDED_WORKER", "false")
        .with("CONSENTRY_LIMIT_PER_CLIENT", "off")
        .with("CONSENTRY_LIMIT_TOTAL", "off")
        .with("CONSENTRY_SMTP_URL", format!("smtp://{}", sink.address()));
    make_dkim_keys(&site);
    // The first start of the embedded default makes keys and schema; the others are measured.
    drop(Server::start(&site));
    let mut bench = Bench {
        name,
        server: Server::start(&site),
        site,
        sink,
        figures,
        people: 0,
    };
    bench.starts(scale.starts);
    bench.idle();
    bench.sign_ups(FEW, scale.few / 4);
    bench.mails(Signed::Not);
    bench.sink.take_links();
    bench.figures.forget(name, Signed::Not.name());
    for _ in 0..scale.rounds {
        bench.measure_sign_ups(FEW, scale.few, few, scale.floor);
        bench.mails(Signed::Rsa);
        bench.measure_sign_ups(MANY, scale.many, many, scale.floor);
        bench.mails(Signed::Not);
        bench.sign_ups(MANY, scale.few);
        bench.mails(Signed::RsaAndEd25519);
        let links = Rc::new(bench.sink.take_links());
        bench.press("confirmations", &links, scale.pressed);
        bench.press("one-clicks", &links, scale.pressed);
    }
    bench.end();
}

struct Bench<'a> {
    name: &'static str,
    site: Site,
    server: Server,
    sink: Sink,
    figures: &'a mut Figures,
    /// Signed up so far.
    people: usize,
}

impl Bench<'_> {
    fn add(
        &mut self,
        figure: &str,
        unit: &'static str,
        target: Target,
        value: f64,
        floor: Option<f64>,
    ) {
        self.figures
            .add(self.name, figure, unit, target, value, floor);
    }

    fn starts(&mut self, count: usize) {
        for _ in 0..count {
            let ready = Server::start(&self.site).ready().as_secs_f64() * 1000.0;
            self.add("start to ready", "ms", Target::AtMost(100.0), ready, None);
        }
    }

    /// After it has served its first page.
    fn idle(&mut self) {
        load::run(self.server.address(), 1, 1, 200, |_, buffer| {
            buffer.extend_from_slice(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
        });
        thread::sleep(Duration::from_millis(500));
        let idle = self.server.memory();
        self.add("web idle", "MB", Target::AtMost(15.0), idle, None);
    }

    fn sign_ups(&mut self, clients: usize, count: usize) -> Run {
        let first = self.people;
        self.people += count;
        let address = self.server.address();
        load::run(address, clients, count, 303, move |number, buffer| {
            // Spread over domains, as people are.
            let (person, domain) = (first + number, number % 997);
            let body = format!("email=person{person}%40d{domain}.example");
            post(buffer, "/subscribe", &body);
        })
    }

    fn measure_sign_ups(&mut self, clients: usize, count: usize, target: f64, floor: usize) {
        let floor = floor::commits(&self.site, clients, floor);
        let processor = self.server.processor();
        let run = self.sign_ups(clients, count);
        let processor = each(self.server.processor().saturating_sub(processor), count);
        let figure = format!("sign-ups, {clients} clients");
        self.add(
            &figure,
            "/s",
            Target::AtLeast(target),
            run.rate(),
            Some(floor),
        );
        let p99 = format!("{figure}, p99");
        self.add(&p99, "ms", Target::AtMost(20.0), run.p99(), None);
        let used = format!("{figure}, processor");
        self.add(&used, "µs", Target::None, processor, None);
    }

    /// Hands over whatever waits: one pass of a worker, its start and end included.
    fn mails(&mut self, signed: Signed) {
        let (files, selectors) = match signed {
            Signed::Not => ("", ""),
            Signed::Rsa => (RSA_KEY, "rsa"),
            Signed::RsaAndEd25519 => (BOTH_KEYS, "rsa,ed"),
        };
        for (setting, value) in [
            ("CONSENTRY_DKIM_KEY_FILE", files),
            ("CONSENTRY_DKIM_SELECTOR", selectors),
        ] {
            self.site.set(setting, value);
        }
        let sink = &self.sink;
        let (before, octets, signatures) = (sink.messages(), sink.octets(), sink.signatures());
        let pass = worker_once(&self.site);
        let sent = sink.messages() - before;
        assert!(sent > 0, "sign-ups have letters");
        assert_eq!(sink.signatures() - signatures, sent * signed.signatures());
        assert_eq!(sink.messages(), self.people + sink.others(), "all of them");
        let floor = floor::mails(sink, (sink.octets() - octets) / sent, sent);
        let figure = signed.name();
        let rate = per_second(sent, pass.elapsed);
        self.add(figure, "/s", signed.target(), rate, floor);
        let used = format!("{figure}, processor");
        self.add(&used, "µs", Target::None, each(pass.processor, sent), None);
        self.add("worker, peak", "MB", Target::None, pass.memory, None);
    }

    fn press(&mut self, what: &'static str, links: &Rc<Vec<Links>>, count: usize) {
        let links = Rc::clone(links);
        let count = count.min(links.len());
        let processor = self.server.processor();
        let address = self.server.address();
        let run = load::run(address, MANY, count, 200, move |number, buffer| {
            let links = &links[number];
            if what == "confirmations" {
                post(buffer, &links.confirm, "");
            } else {
                post(buffer, &links.unsubscribe, "List-Unsubscribe=One-Click");
            }
        });
        let processor = each(self.server.processor().saturating_sub(processor), count);
        let figure = format!("{what}, {MANY} clients");
        self.add(&figure, "/s", Target::None, run.rate(), None);
        let p99 = format!("{figure}, p99");
        self.add(&p99, "ms", Target::AtMost(20.0), run.p99(), None);
        let used = format!("{figure}, processor");
        self.add(&used, "µs", Target::None, processor, None);
    }

    fn end(mut self) {
        let peak = self.server.peak_memory();
        self.add("web, peak", "MB", Target::None, peak, None);
        let sent = "SELECT count(*) FROM consentry_letters WHERE state = 'sent'";
        let recorded = self.site.query(sent);
        let expected = format!("{}\n", self.people);
        assert_eq!(recorded, expected, "every hand-over is recorded");
    }
}

/// Microseconds for each of them.
fn each(time: Duration, count: usize) -> f64 {
    1e6 / per_second(count, time)
}

/// In the folder of the site, where its programs run.
const RSA_KEY: &str = "rsa.pem";
const BOTH_KEYS: &str = "rsa.pem,ed.pem";

/// Keys of the usual kinds; what they sign nobody verifies here.
fn make_dkim_keys(site: &Site) {
    let keys: [(&str, &[&str]); 2] = [
        ("rsa.pem", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("ed.pem", &["ED25519"]),
    ];
    for (file, kind) in keys {
        let made = Command::new("openssl")
            .args(["genpkey", "-out", file, "-algorithm"])
            .args(kind)
            .current_dir(site.folder())
            .stderr(Stdio::null())
            .status()
            .expect("openssl can be started: run tests/setup-debian");
        assert!(made.success(), "a DKIM key can be made");
    }
}
