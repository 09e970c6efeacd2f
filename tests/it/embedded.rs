//! The example `embedded`: an application with accounts of its own and Consentry under a prefix,
//! on one connection.

use std::{fs, path::PathBuf, process::Command, sync::OnceLock, time::Duration};

use consentry_tests::{
    binaries::{binaries, outside_of_cargo, root},
    database::{Database, Engine},
    http::Client,
    mail::Letter,
    process::Process,
    site::Site,
    wait_for,
};

const PREFIX: &str = "/privacy-centre";

/// The worker looks for letters every second.
const PATIENCE: Duration = Duration::from_secs(30);

/// The example, brought up to date once.
fn example() -> &'static PathBuf {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        // With the features that `cargo test --workspace` has, so that nothing is built twice.
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--workspace", "--example", "embedded"]);
        let build = outside_of_cargo(&mut build)
            .args(["--locked", "--quiet"])
            .current_dir(root())
            .status()
            .expect("cargo can be started");
        assert!(build.success(), "the example does not build");
        let folder = binaries().web.parent().expect("a program has a folder");
        folder.join("examples").join("embedded")
    })
}

/// The application in a folder and an empty database of its own, which the operator's command line
/// of Consentry can be pointed at too.
struct Application {
    site: Site,
    process: Process,
    url: String,
}

impl Application {
    fn start(engine: Engine) -> Self {
        let mut site = Site::new(engine);
        if engine == Engine::Postgres {
            site = site.with_empty_database();
        }
        let demo = root().join("crates/policy/policies/saas-portal.toml");
        let policy = fs::read_to_string(demo).expect("the demo policy can be read");
        let policy = policy.replacen(
            "refused_domains = []",
            "refused_domains = [\"refused.example\"]",
            1,
        );
        site = site.with_policy(&policy);
        let (process, url) = Self::run(&site);
        Self { site, process, url }
    }

    fn run(site: &Site) -> (Process, String) {
        let data = site.data();
        let database = match site.database() {
            Database::Sqlite => format!("sqlite://{}", data.join("consentry.db").display()),
            Database::Postgres(database) => database.url(),
        };
        let mut command = Command::new(example());
        command
            .args(["--listen", "127.0.0.1:0", "--database", &database, "--data"])
            .arg(&data)
            .arg("--policy")
            .arg(site.folder().join("policy.toml"));
        let mut process = Process::start(&mut command);
        let url = process.wait_for_line("listening on ");
        (process, url)
    }

    fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// Asks for an account; answers with the status.
    fn create_account(&self, email: &str, invitation: &str) -> u16 {
        let fields = [("email", email), ("invitation", invitation)];
        self.client().post_form("/accounts", &fields).status
    }

    /// Who has an account.
    fn accounts(&self) -> String {
        self.site.query("SELECT email FROM accounts ORDER BY email")
    }

    /// How many people Consentry holds.
    fn people(&self) -> String {
        self.site.query("SELECT count(*) FROM consentry_subjects")
    }

    fn state(&self, email: &str) -> String {
        let shown = ["subscriber", "show", email, "--format", "json"];
        let person = self.site.admin(&shown).json();
        person["state"].as_str().expect("a state").to_owned()
    }

    /// The letters to somebody, once there are so many.
    fn letters(&self, email: &str, count: usize) -> Vec<Letter> {
        wait_for("letter", PATIENCE, || {
            let mut letters = self.site.mailbox();
            letters.retain(|letter| letter.to == email);
            (letters.len() >= count).then_some(letters)
        })
    }
}

/// Where a page leads to: every link, form and file it names.
fn targets(page: &str) -> Vec<&str> {
    ["href=\"", "action=\"", "src=\""]
        .iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// Pages and letters of a mounted Consentry lead below its prefix, and work there.
fn everything_works_under_the_prefix(engine: Engine) {
    let application = Application::start(engine);
    let client = application.client();
    assert!(client.get("/").body.contains("Tea by post"));
    assert_eq!(client.get("/privacy").status, 404);

    for page in ["", "/", "/privacy", "/preferences"] {
        let answer = client.get(&format!("{PREFIX}{page}"));
        assert_eq!(answer.status, 200, "{page}");
        let targets = targets(&answer.body);
        assert!(targets.iter().any(|target| target.starts_with('/')));
        for target in targets.iter().filter(|target| target.starts_with('/')) {
            assert!(target.starts_with(PREFIX), "{page} leads to {target}");
            let target = target.replace("&amp;", "&");
            // What a form posts to need not be a page.
            assert!(matches!(client.get(&target).status, 200 | 405), "{target}");
        }
    }

    let subscribe = format!("{PREFIX}/subscribe");
    let answer = client.post_form(&subscribe, &[("email", "bob@example.org")]);
    assert_eq!(answer.status, 303);
    let thanks = answer
        .header("location")
        .expect("a redirect leads somewhere");
    assert!(thanks.starts_with(PREFIX), "{thanks}");
    assert_eq!(client.get(thanks).status, 200);

    let letter = application.letters("bob@example.org", 1).remove(0);
    let confirm = letter.link(&format!("{PREFIX}/confirm/"));
    assert!(confirm.starts_with(&application.url), "{confirm}");
    let page = client.get(&confirm);
    assert_eq!(page.status, 200);
    let button = targets(&page.body)
        .into_iter()
        .find(|target| target.contains("/confirm/"))
        .expect("the page has a button");
    assert!(client.post_form(button, &[]).status < 400);
    assert_eq!(application.state("bob@example.org"), "confirmed");

    let centre = letter.link(&format!("{PREFIX}/preferences/"));
    assert_eq!(client.get(&centre).status, 200);
    let one_click = letter.one_click_path();
    assert!(one_click.starts_with(PREFIX), "{one_click}");
    let pressed = client.post_form(&one_click, &[("List-Unsubscribe", "One-Click")]);
    assert_eq!(pressed.status, 200);
    assert_eq!(application.state("bob@example.org"), "unsubscribed");
}

/// An account and its subscription commit together or not at all; the worker task delivers what
/// was committed, and ends in order.
fn an_account_and_its_subscription_come_together(engine: Engine) {
    let application = Application::start(engine);

    assert_eq!(application.create_account("anna@example.org", "tea-1"), 201);
    assert_eq!(application.accounts(), "anna@example.org\n");
    assert_eq!(application.state("anna@example.org"), "pending");
    application.letters("anna@example.org", 1);

    // Consentry refuses: the account that was inserted before is undone.
    assert_eq!(
        application.create_account("dora@refused.example", "tea-2"),
        422
    );
    // The application refuses: the subscription that was made before is undone.
    assert_eq!(application.create_account("carl@example.org", "tea-1"), 409);
    assert_eq!(application.accounts(), "anna@example.org\n");
    assert_eq!(application.people(), "1\n");

    // Neither left anything behind that keeps the next one from working.
    assert_eq!(application.create_account("carl@example.org", "tea-2"), 201);
    application.letters("carl@example.org", 1);
    let letters = application.site.mailbox();
    assert_eq!(letters.len(), 2, "nobody else got a letter");

    let Application { site, process, .. } = application;
    let log = process.log();
    assert!(process.stop().success());
    assert!(!log.contains("anna@"), "{log}");
    // Both lists of migrations are where they were: the second start finds nothing to do.
    let (process, url) = Application::run(&site);
    assert_eq!(
        Client::new(&url).get(&format!("{PREFIX}/readyz")).status,
        200
    );
    assert!(process.stop().success());
}

/// Sign-ups of the site and transactions of the application want the same database at the same
/// time, and none of them waits for ever or is lost.
fn transactions_of_both_sides_get_along(engine: Engine) {
    const EACH: usize = 20;
    let application = Application::start(engine);
    std::thread::scope(|scope| {
        for side in 0..2 {
            scope.spawn({
                let application = &application;
                move || {
                    for number in 0..EACH {
                        let email = format!("own{side}-{number}@example.org");
                        let invitation = format!("tea-{side}-{number}");
                        assert_eq!(application.create_account(&email, &invitation), 201);
                    }
                }
            });
            scope.spawn({
                let client = application
                    .client()
                    .with_header("accept", "application/json");
                move || {
                    for number in 0..EACH {
                        let email = format!("form{side}-{number}@example.org");
                        let document = serde_json::json!({ "email": email });
                        let subscribe = format!("{PREFIX}/subscribe");
                        let status = client.post_json(&subscribe, &document).status;
                        // The demo policy limits the form per client.
                        assert!(matches!(status, 202 | 429), "{status}");
                    }
                }
            });
        }
    });
    let own = application.site.query("SELECT count(*) FROM accounts");
    assert_eq!(own, format!("{}\n", 2 * EACH));
    let people: usize = application.people().trim().parse().expect("a number");
    assert!(people > 2 * EACH, "{people}");
}

macro_rules! on_both {
    ($($test:ident,)+) => { $(
        mod $test {
            #[test]
            fn sqlite() {
                super::$test(consentry_tests::database::Engine::Sqlite);
            }

            #[test]
            fn postgres() {
                super::$test(consentry_tests::database::Engine::Postgres);
            }
        }
    )+ };
}

on_both! {
    everything_works_under_the_prefix,
    an_account_and_its_subscription_come_together,
    transactions_of_both_sides_get_along,
}
