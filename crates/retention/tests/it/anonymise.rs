//! What would tell who it is is reduced, once.

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::World;

on_both! {
    fields_are_reduced_each_by_its_method,
    typed_columns_keep_their_type,
    a_field_is_emptied_and_its_row_stays,
    a_row_is_hidden_and_restricted_once,
    what_is_slept_through_happens_in_order,
    a_review_is_listed_and_holds_up_nothing,
    what_can_still_be_joined_is_called_pseudonymised,
}

fn fields(names: &[&str]) -> String {
    let field = |name: &&str| {
        format!("\n[[datasets.fields]]\nid = \"{name}\"\nname = {{ en = \"x\", fr = \"x\" }}\n")
    };
    names.iter().map(field).collect()
}

/// S2-17, S2-18: each field by its method; rows stay; a second run finds nothing to do.
async fn fields_are_reduced_each_by_its_method(world: &mut World) {
    let methods = [
        ("a", "drop", "x", "NULL"),
        ("b", "constant(gone)", "x", "gone"),
        ("c", "month-and-day", "1980-03-14", "03-14"),
        ("d", "year", "1980-03-14", "1980"),
        ("e", "date-bucket(quarter)", "1980-03-14", "1980-01-01"),
        ("f", "network-prefix", "203.0.113.77", "203.0.113.0/24"),
        ("g", "initials", "Ærin O'Neill", "Æ.O.N."),
        ("h", "domain", "Anna@Example.org", "example.org"),
        ("i", "country", "1 rue X, 75001 Paris, France", "France"),
        ("j", "year", "long ago", "NULL"),
        ("k", "network-prefix", "2001:db8::1", "2001:db8::/48"),
    ];
    let names: Vec<&str> = methods.iter().map(|(name, ..)| *name).collect();
    let map: Vec<String> = methods
        .iter()
        .map(|(name, method, ..)| format!("{name} = \"{method}\""))
        .collect();
    let anonymise = format!(
        "id = \"anonymise\"\naction = \"anonymise\"\nclock = \"last-seen\"\nafter = \"1 year\"\n\
         methods = {{ {}, token = \"random-token\", amount = \"bucket(10)\" }}",
        map.join(", ")
    );
    let clock = "[[datasets.states]]";
    let (before, after) = CLIENTS.split_once(clock).unwrap();
    let added = fields(&names) + &fields(&["token"]);
    world.promise(&format!(
        "{before}{added}{clock}{after}{}",
        stage(&anonymise)
    ));
    world.execute(TABLES).await;
    for name in names.iter().chain(&["token"]) {
        world
            .execute(&format!("ALTER TABLE clients ADD COLUMN {name} TEXT"))
            .await;
    }
    for id in [47, 2] {
        client(world, id, "2020-01-01 00:00:00+00").await;
    }
    for (name, _, value, _) in methods {
        let value = value.replace('\'', "''");
        world
            .execute(&format!("UPDATE clients SET {name} = '{value}'"))
            .await;
    }
    world.execute("UPDATE clients SET token = name").await;
    assert_eq!(world.run("2026-06-01T00:00:00Z").await.rules[0].done, 2);
    for (name, method, _, left) in methods {
        let column = world.column(&format!("SELECT {name} FROM clients")).await;
        assert_eq!(column, [left, left], "{method}");
    }
    let amounts = world.column("SELECT amount FROM clients ORDER BY id").await;
    assert_eq!(amounts, ["0", "40"]);
    let tokens = world.column("SELECT token FROM clients").await;
    assert!(tokens.iter().all(|token| token.starts_with("anonymous-")));
    assert_ne!(tokens[0], tokens[1]);
    assert!(world.plan("2026-06-01T00:00:00Z").await.is_clean());
    assert_eq!(world.run("2026-06-01T00:00:00Z").await.rules[0].done, 0);
    assert_eq!(world.column("SELECT token FROM clients").await, tokens);
}

/// S2-10: columns of days, numbers and addresses hold what is left.
async fn typed_columns_keep_their_type(world: &mut World) {
    let anonymise = "id = \"anonymise\"\naction = \"anonymise\"\nclock = \"last-seen\"\n\
         methods = { born = \"month-and-day\", joined = \"date-bucket(month)\", ip = \"network-prefix\", size = \"bucket(5)\" }";
    let clock = "[[datasets.states]]";
    let (before, after) = CLIENTS.split_once(clock).unwrap();
    let added = fields(&["born", "joined", "ip", "size"]);
    world.promise(&format!(
        "{before}{added}{clock}{after}{}",
        stage(anonymise)
    ));
    world.execute(TABLES).await;
    world
        .execute(
            "ALTER TABLE clients ADD COLUMN born DATE; ALTER TABLE clients ADD COLUMN joined TIMESTAMPTZ;
             ALTER TABLE clients ADD COLUMN ip INET; ALTER TABLE clients ADD COLUMN size NUMERIC(8, 2)",
        )
        .await;
    client(world, 1, "2020-01-01 00:00:00+00").await;
    world
        .execute(
            "UPDATE clients SET born = '1980-02-29', joined = '2020-05-17 10:00:00+00',
                 ip = '203.0.113.77', size = 187.50",
        )
        .await;
    world.run("2026-06-01T00:00:00Z").await;
    let born = world.column("SELECT born FROM clients").await.remove(0);
    assert!(born == "2000-02-29" || born == "02-29", "{born}");
    let joined = world.column("SELECT joined FROM clients").await.remove(0);
    assert!(joined.starts_with("2020-05-01"), "{joined}");
    assert_eq!(
        world.column("SELECT ip FROM clients").await,
        ["203.0.113.0/24"]
    );
    let size = world.column("SELECT size FROM clients").await.remove(0);
    assert!(size.starts_with("185"), "{size}");
    assert_eq!(world.run("2026-06-01T00:00:00Z").await.rules[0].done, 0);
}

/// S2-26.
async fn a_field_is_emptied_and_its_row_stays(world: &mut World) {
    let purge = "id = \"empty\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"\nfields = [\"name\"]";
    world.promise(&format!("{CLIENTS}{}", stage(purge)));
    world.execute(TABLES).await;
    client(world, 1, "2020-01-01 00:00:00+00").await;
    client(world, 2, "2026-01-01 00:00:00+00").await;
    assert_eq!(
        world.due("2026-06-01T00:00:00Z").await,
        [("empty".to_owned(), 1)]
    );
    world.run("2026-06-01T00:00:00Z").await;
    let names = world.column("SELECT name FROM clients ORDER BY id").await;
    assert_eq!(names, ["NULL", "Client 2"]);
    assert!(world.plan("2026-06-01T00:00:00Z").await.is_clean());
}

async fn a_row_is_hidden_and_restricted_once(world: &mut World) {
    let hide = "id = \"hide\"\naction = \"hide\"\nclock = \"last-seen\"\nafter = \"1 year\"";
    let restrict =
        "id = \"restrict\"\naction = \"restrict\"\nclock = \"last-seen\"\nafter = \"2 years\"";
    let columns = "hidden = \"hidden_at\"\nrestricted = \"frozen\"\nidentity = \"email\"";
    let policy = CLIENTS.replace("identity = \"email\"", columns);
    world.promise(&format!("{policy}{}{}", stage(hide), stage(restrict)));
    world.execute(TABLES).await;
    world
        .execute(
            "ALTER TABLE clients ADD COLUMN hidden_at TIMESTAMPTZ;
             ALTER TABLE clients ADD COLUMN frozen BOOLEAN",
        )
        .await;
    client(world, 1, "2020-01-01 00:00:00+00").await;
    client(world, 2, "2025-01-01 00:00:00+00").await;
    let done = |report: consentry_retention::RunReport| {
        let done = report.rules.iter().map(|rule| rule.done);
        done.collect::<Vec<u64>>()
    };
    assert_eq!(done(world.run("2026-06-01T00:00:00Z").await), [2, 1]);
    assert_eq!(done(world.run("2026-06-02T00:00:00Z").await), [0, 0]);
    let hidden = world.column("SELECT hidden_at FROM clients").await;
    assert!(hidden.iter().all(|moment| moment.starts_with("2026-06-01")));
    let frozen = world
        .column("SELECT count(*) FROM clients WHERE frozen")
        .await;
    assert_eq!(frozen, ["1"]);
}

/// S4-48: a worker that slept anonymises before it archives, as the policy says.
async fn what_is_slept_through_happens_in_order(world: &mut World) {
    let archive =
        "id = \"archive\"\naction = \"archive\"\nclock = \"last-seen\"\nafter = \"2 years\"";
    let reduce = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\nafter = \"1 year\"\n\
                  methods = { name = \"initials\" }";
    let purge = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"3 years\"";
    let stages = stage(archive) + &stage(reduce) + &stage(purge);
    world.promise(&format!("{CLIENTS}{stages}"));
    world.execute(TABLES).await;
    client(world, 1, "2020-01-01 00:00:00+00").await;
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(world.column("SELECT count(*) FROM clients").await, ["0"]);
    let archived = world.records.archived.lock().unwrap();
    assert!(archived[0].2.record.contains("\"C.1.\""));
}

/// S3-55: somebody has to look, and until then the other rules go on.
async fn a_review_is_listed_and_holds_up_nothing(world: &mut World) {
    let review = "id = \"look\"\naction = \"review\"\nclock = \"last-seen\"\nafter = \"1 year\"";
    let reduce = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\nafter = \"2 years\"\n\
                  methods = { name = \"initials\" }";
    world.promise(&format!("{CLIENTS}{}{}", stage(review), stage(reduce)));
    world.execute(TABLES).await;
    client(world, 1, "2020-01-01 00:00:00+00").await;
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(world.column("SELECT name FROM clients").await, ["C.1."]);
    let due = world.due("2026-06-01T00:00:00Z").await;
    assert_eq!(due, [("look".to_owned(), 1), ("reduce".to_owned(), 0)]);
    assert!(world.plan("2026-06-01T00:00:00Z").await.is_clean());
}

/// S2-19: in the plan, in the report, and in the answer to a person.
async fn what_can_still_be_joined_is_called_pseudonymised(world: &mut World) {
    let initials = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\nafter = \"1 year\"\n\
        methods = { name = \"initials\" }";
    world.promise(&format!("{CLIENTS}{}", stage(initials)));
    world.execute(TABLES).await;
    client(world, 1, "2026-05-01 00:00:00+00").await;
    let now = "2027-06-01T00:00:00Z";
    assert_eq!(world.plan(now).await.rules[0].action, "pseudonymise");
    let told = world
        .engine()
        .about("c1@example.org", crate::support::at(now))
        .await;
    assert_eq!(told.unwrap()[0].ahead[0].action, "pseudonymise");
    assert_eq!(world.run(now).await.rules[0].action, "pseudonymise");
}
