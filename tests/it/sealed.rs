//! Sealed at rest: no address and no link is readable in any byte that the programs leave.

use consentry_tests::{
    database::{Database, Engine},
    mail::Letter,
    residue,
    site::Site,
    smtp::{Fault, Options, Sink, Stage as Step},
};
use serde_json::json;

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    no_byte_names_anybody_before_or_after_the_purge,
    nor_when_the_letters_go_to_a_relay,
);

/// Addresses that nothing else in the world contains.
const ADDRESS: &str = "Quintilia.Wobbelstein@kunde-zweiundvierzig.example";
const NEW_ADDRESS: &str = "Amaryllis.Krumpelmann@kunde-dreiundvierzig.example";

/// S0-11, S0-37, S0-64: after everything that can happen to a person, neither the address nor a token
/// is in the database's files, its write-ahead log, its server's log (which writes down every statement
/// here), our own log at its loudest, or anywhere else in the data directory. After the purge, the
/// sealed bytes and the wrapped key of the person are gone from the embedded database too, and so are
/// the letters of the local mailbox.
fn no_byte_names_anybody_before_or_after_the_purge(engine: Engine) {
    let mut stage = Stage::open(loud_site(engine));
    assert_nobody_is_named(&mut stage, engine);
    assert_eq!(stage.site.mailbox().len(), 0, "letters of a purged person");
}

/// The same: what speaks SMTP logs no command and no answer.
fn nor_when_the_letters_go_to_a_relay(engine: Engine) {
    let sink = Sink::start(Options::default());
    let reply = format!("451 4.7.1 <{ADDRESS}>: greylisted");
    sink.once(Step::Rcpt, Fault::reply(&reply));
    let mut stage = Stage::with_relay(loud_site(engine), sink);
    stage.sign_up(ADDRESS);
    stage.no_letter();
    stage.travel("2027-01-04T10:00:00Z");
    assert_nobody_is_named(&mut stage, engine);
}

/// A site whose programs, and whose database server, write down all they can.
fn loud_site(engine: Engine) -> Site {
    let site = site(engine)
        .with("CONSENTRY_LOG", "trace")
        .at("2027-01-04T09:00:00Z");
    if let Database::Postgres(database) = site.database() {
        database.query(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET log_statement = ''all''', \
             current_database()); END $$",
        );
    }
    site
}

fn assert_nobody_is_named(stage: &mut Stage, engine: Engine) {
    let tokens = live_through_everything(stage);
    assert!(tokens.iter().all(|token| token.len() == 42), "{tokens:?}");
    let mut needles: Vec<&str> = [ADDRESS, NEW_ADDRESS]
        .iter()
        .flat_map(|address| address.split('@'))
        .collect();
    needles.extend(tokens.iter().map(String::as_str));
    assert_eq!(stage.site.residue(&needles), [], "before the purge");

    // The search finds what is there: topics are no secret.
    let found = stage.site.residue(&["sales-follow-up"]);
    let witness = match engine {
        Engine::Sqlite => "consentry.db",
        Engine::Postgres => "server.log",
    };
    let is_found = found.iter().any(|finding| {
        let name = finding.path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with(witness)
    });
    assert!(is_found, "{witness} is not searched: {found:?}");
    let sealed = sealed_columns(stage);
    if engine == Engine::Sqlite {
        let found = residue::scan_bytes(&stage.site.data(), &sealed);
        assert!(!found.is_empty(), "sealed bytes are not searched");
    }

    stage.travel("2027-03-10T09:00:00Z");
    stage.no_letter();
    assert_eq!(stage.records(), 0);
    assert_eq!(stage.site.residue(&needles), [], "after the purge");
    if engine == Engine::Sqlite {
        let found = residue::scan_bytes(&stage.site.data(), &sealed);
        assert!(
            found.is_empty(),
            "sealed bytes outlive the purge: {found:?}"
        );
    }
    let log = stage.log();
    assert!(
        log.contains("route=\"/confirm/{token}\""),
        "requests are logged by their route"
    );
    let found = residue::forms_in(&log, &needles);
    assert!(found.is_empty(), "in our own log: {found:?}");
}

/// Goes through every door there is, and gives the tokens that were mailed.
fn live_through_everything(stage: &Stage) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut read = |letters: Vec<Letter>| {
        tokens.extend(letters.iter().flat_map(tokens_of));
        letters.into_iter().next().expect("a letter arrived")
    };
    stage.client.get(&format!("/?email={ADDRESS}"));
    stage.client.get(&format!("/{ADDRESS}"));
    let malformed = json!({ "email": format!("{ADDRESS} "), "topic": "no-such-topic" });
    stage.client.post_json("/subscribe", &malformed);
    stage
        .client
        .post_form("/subscribe", &[("email", ADDRESS), ("email", ADDRESS)]);
    stage.sign_up(ADDRESS);
    let letter = read(stage.pass());
    let [confirm, preferences] = ["/confirm/", "/preferences/"].map(|path| letter.path(path));
    stage.client.get(&confirm);
    stage
        .client
        .get(&confirm.replace("/confirm/", "/preferences/"));
    stage.client.get(&format!("/no-such-page{confirm}"));
    stage.press(&confirm, &[]);
    stage.press(
        &preferences,
        &[("topic", "newsletter"), ("topic", "sales-follow-up")],
    );
    stage.press(&preferences, &[("action", "export")]);
    stage.sign_up(ADDRESS);
    read(stage.pass());
    stage.one_click(&letter);
    stage.sign_up(ADDRESS);
    let letter = read(stage.pass());
    stage.press(&letter.path("/confirm/"), &[]);
    for arguments in [
        &["subscriber", "show", ADDRESS][..],
        &["subscriber", "list"],
        &["subscriber", "export", ADDRESS],
        &["subscriber", "restrict", ADDRESS],
        &["subscriber", "lift", ADDRESS],
        &["subscriber", "rectify", ADDRESS, "--email", NEW_ADDRESS],
    ] {
        stage.admin(arguments);
    }
    let letters = stage.pass();
    let to_new = letters.iter().find(|letter| letter.to == NEW_ADDRESS);
    let confirm = to_new.expect("the new mailbox is asked").path("/confirm/");
    read(letters);
    stage.press(&confirm, &[]);
    stage
        .client
        .post_form("/preferences", &[("email", NEW_ADDRESS)]);
    let letter = read(stage.pass());
    stage.press(&letter.path("/preferences/"), &[("action", "erase")]);
    read(stage.pass());
    tokens
}

/// The secret last parts of the links in a letter.
fn tokens_of(letter: &Letter) -> Vec<String> {
    let mut links = vec![letter.one_click_path()];
    links.extend(
        letter
            .links()
            .into_iter()
            .filter(|link| link.contains("/confirm/") || link.contains("/preferences/")),
    );
    links
        .iter()
        .filter_map(|link| link.rsplit('/').next().map(str::to_owned))
        .collect()
}

/// What the database holds of the one person, sealed.
fn sealed_columns(stage: &Stage) -> Vec<Vec<u8>> {
    let columns = ["sealed_address", "wrapped_key", "address_index"].map(|column| {
        match stage.site.database() {
            Database::Sqlite => format!("hex({column})"),
            Database::Postgres(_) => format!("encode({column}, 'hex')"),
        }
    });
    let statement = format!("SELECT {} FROM consentry_subjects", columns.join(", "));
    let rows = stage.site.query(&statement);
    assert_eq!(rows.lines().count(), 1, "one person");
    rows.trim().split('|').map(bytes_of).collect()
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    assert!(
        hexadecimal.len() >= 32,
        "too short to search for: {hexadecimal}"
    );
    (0..hexadecimal.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}
