//! Rows go when their period is over, with what belongs to them.

use crate::support::World;

/// Clients with orders; `{}` is for more keys of the dataset's source.
pub(crate) const CLIENTS: &str = r#"
[[datasets]]
id = "clients"
name = { en = "Clients", fr = "Clients" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "crm"
table = "clients"
key = ["id"]
identity = "email"
[[datasets.source.dependants]]
table = "orders"
on = { client_id = "id" }
[[datasets.fields]]
id = "name"
name = { en = "Name", fr = "Nom" }
[[datasets.fields]]
id = "amount"
name = { en = "Amount", fr = "Montant" }
[[datasets.states]]
id = "open"
name = { en = "Open", fr = "Ouvert" }
when = { status = "open" }
[[datasets.clocks]]
id = "last-seen"
name = { en = "from the last visit", fr = "à compter de la dernière visite" }
columns = ["seen"]
"#;

pub(crate) const TABLES: &str = "
    CREATE TABLE clients (
        id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, amount INTEGER,
        status TEXT NOT NULL DEFAULT 'closed', seen TIMESTAMPTZ);
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id),
        placed TIMESTAMPTZ);
    CREATE INDEX clients_seen ON clients (seen, id);
    CREATE INDEX orders_client ON orders (client_id);";

pub(crate) fn stage(text: &str) -> String {
    format!("\n[[datasets.stages]]\n{text}\n")
}

pub(crate) async fn client(world: &World, id: u32, seen: &str) {
    let seen = match seen {
        "" => "NULL".to_owned(),
        seen => format!("'{seen}'"),
    };
    let sql = format!(
        "INSERT INTO clients (id, email, name, amount, seen)
         VALUES ({id}, 'c{id}@example.org', 'Client {id}', {id}, {seen});
         INSERT INTO orders (id, client_id) VALUES ({id}, {id}), ({id}000, {id})"
    );
    world.execute(&sql).await;
}

fn purge_after(period: &str) -> String {
    let purge = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"";
    format!(
        "{CLIENTS}{}",
        stage(&format!("{purge}\nafter = \"{period}\""))
    )
}

on_both! {
    rows_go_at_the_instant_their_period_ends,
    a_month_end_is_exact,
    rows_of_other_keys_are_found,
    every_time_format_is_understood,
    the_latest_of_columns_and_joins_counts,
    a_state_and_a_condition_choose_rows,
    what_cannot_be_read_is_reported,
    two_runners_do_the_work_once,
    a_large_table_is_done_in_batches,
    an_archived_row_leaves_with_what_belongs_to_it,
}

/// S3-50, S2-21: purged at the instant, not earlier; dependants first; then nothing is due.
async fn rows_go_at_the_instant_their_period_ends(world: &mut World) {
    world.promise(&purge_after("3 years"));
    world.execute(TABLES).await;
    client(world, 1, "2023-06-01 10:00:00+00").await;
    client(world, 2, "2023-06-01 10:00:01+00").await;
    client(world, 3, "").await;
    let plan = world.plan("2026-06-01T09:59:59Z").await;
    assert_eq!(plan.rules[0].due, 0);
    world.run("2026-06-01T09:59:59Z").await;
    assert_eq!(
        world.column("SELECT id FROM clients ORDER BY id").await,
        ["1", "2", "3"]
    );
    let plan = world.plan("2026-06-01T10:00:00Z").await;
    assert_eq!(plan.rules[0].due, 1);
    assert_eq!(
        plan.rules[0].oldest.unwrap().to_string(),
        "2023-06-01T10:00:00Z"
    );
    let report = world.run("2026-06-01T10:00:00Z").await;
    assert_eq!(report.rules[0].done, 1);
    assert_eq!(
        world.column("SELECT id FROM clients ORDER BY id").await,
        ["2", "3"]
    );
    let orders = world
        .column("SELECT client_id FROM orders ORDER BY id")
        .await;
    assert_eq!(orders, ["2", "3", "2", "3"]);
    assert!(world.plan("2026-06-01T10:00:00Z").await.is_clean());
}

/// S2-29: 31 August and 6 months is the last day of February, at the same time of day.
async fn a_month_end_is_exact(world: &mut World) {
    world.promise(&purge_after("6 months"));
    world.execute(TABLES).await;
    client(world, 1, "2025-08-28 08:00:00+00").await;
    client(world, 2, "2025-08-31 13:00:00+00").await;
    client(world, 3, "2025-08-31 08:00:00+00").await;
    client(world, 4, "2025-09-01 08:00:00+00").await;
    world.run("2026-02-28T12:00:00Z").await;
    assert_eq!(
        world.column("SELECT id FROM clients ORDER BY id").await,
        ["2", "4"]
    );
}

async fn rows_of_other_keys_are_found(world: &mut World) {
    let keys = purge_after("3 years")
        .replace("key = [\"id\"]", "key = [\"region\", \"id\"]")
        .replace(
            "on = { client_id = \"id\" }",
            "on = { client_email = \"email\" }",
        );
    world.promise(&keys);
    world
        .execute(
            "CREATE TABLE clients (region TEXT NOT NULL, id TEXT NOT NULL, email TEXT, name TEXT,
                 amount INTEGER, status TEXT, seen TIMESTAMPTZ, PRIMARY KEY (id, region));
             CREATE TABLE orders (id INTEGER PRIMARY KEY, client_email TEXT);
             INSERT INTO clients (region, id, email, seen) VALUES
                 ('a''b', '1', 'x@example.org', '2020-01-01 00:00:00+00'),
                 ('north', '1', 'y@example.org', '2026-01-01 00:00:00+00'),
                 ('north', '2', 'z@example.org', '2020-01-01 00:00:00+00');
             INSERT INTO orders (id, client_email) VALUES
                 (1, 'x@example.org'), (2, 'y@example.org'), (3, 'z@example.org'), (4, NULL)",
        )
        .await;
    assert_eq!(world.run("2026-06-01T00:00:00Z").await.rules[0].done, 2);
    assert_eq!(
        world.column("SELECT email FROM clients").await,
        ["y@example.org"]
    );
    assert_eq!(
        world.column("SELECT id FROM orders ORDER BY id").await,
        ["2", "4"]
    );
}

async fn every_time_format_is_understood(world: &mut World) {
    for (format, kind, due, not_yet) in [
        (
            "timestamp",
            "TIMESTAMP",
            "'2023-06-01 08:00:00'",
            "'2023-06-01 08:00:01'",
        ),
        (
            "timestamp",
            "TEXT",
            "'2023-06-01T10:00:00+02:00'",
            "'2023-06-01T08:00:01Z'",
        ),
        ("date", "DATE", "'2023-06-01'", "'2023-06-02'"),
        ("date", "TEXT", "'2023-06-01'", "'2023-06-02'"),
        ("seconds", "INTEGER", "1685606400", "1685606401"),
        ("milliseconds", "BIGINT", "1685606400000", "1685606400001"),
        (
            "microseconds",
            "BIGINT",
            "1685606400000000",
            "1685606400000001",
        ),
    ] {
        let table = format!("time_format = \"{format}\"\n[[datasets.source.dependants]]");
        let policy = purge_after("3 years").replace("[[datasets.source.dependants]]", &table);
        world.promise(&policy);
        let tables = TABLES.replace(
            "TIMESTAMPTZ);\n    CREATE TABLE",
            &format!("{kind});\n    CREATE TABLE"),
        );
        world.execute(&tables).await;
        let sql = format!(
            "INSERT INTO clients (id, email, seen) VALUES
                 (1, 'a', {due}), (2, 'b', {not_yet}), (3, 'c', NULL)"
        );
        world.execute(&sql).await;
        world.run("2026-06-01T08:00:00Z").await;
        let left = world.column("SELECT id FROM clients ORDER BY id").await;
        assert_eq!(left, ["2", "3"], "{format} as {kind}");
        world.execute("DROP TABLE orders; DROP TABLE clients").await;
    }
}

/// S1-48: the latest of what counts as an interaction, in any table.
async fn the_latest_of_columns_and_joins_counts(world: &mut World) {
    let join = "columns = [\"seen\"]\n[[datasets.clocks.joins]]\ntable = \"orders\"\n\
                on = { client_id = \"id\" }\ncolumn = \"placed\"\nrows = { kind = \"paid\" }";
    world.promise(&purge_after("3 years").replace("columns = [\"seen\"]", join));
    world.execute(TABLES).await;
    world
        .execute("ALTER TABLE orders ADD COLUMN kind TEXT")
        .await;
    for (id, seen) in [
        (1, "2020-01-01 00:00:00+00"),
        (2, "2020-01-01 00:00:00+00"),
        (3, ""),
        (4, ""),
    ] {
        client(world, id, seen).await;
    }
    world
        .execute(
            "UPDATE orders SET placed = '2025-01-01 00:00:00+00', kind = 'paid' WHERE id = 1000;
             UPDATE orders SET placed = '2025-01-01 00:00:00+00', kind = 'draft' WHERE id = 2000;
             UPDATE orders SET placed = '2021-01-01 00:00:00+00', kind = 'paid' WHERE id = 3000",
        )
        .await;
    assert_eq!(
        world.due("2026-06-01T00:00:00Z").await,
        [("purge".to_owned(), 2)]
    );
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(
        world.column("SELECT id FROM clients ORDER BY id").await,
        ["1", "4"]
    );
}

/// S0-33, S3-54: a rule of a state acts on rows in that state alone.
async fn a_state_and_a_condition_choose_rows(world: &mut World) {
    let policy = purge_after("3 years")
        .replace("action = \"purge\"", "action = \"purge\"\nstate = \"open\"")
        .replace(
            "identity = \"email\"",
            "identity = \"email\"\nrows = { amount = { not = 3 } }",
        );
    world.promise(&policy);
    world.execute(TABLES).await;
    for id in 1..=3 {
        client(world, id, "2020-01-01 00:00:00+00").await;
    }
    world
        .execute("UPDATE clients SET status = 'open' WHERE id <> 1")
        .await;
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(
        world.column("SELECT id FROM clients ORDER BY id").await,
        ["1", "3"]
    );
}

/// A value that is no moment is never taken for one, and never forgotten.
async fn what_cannot_be_read_is_reported(world: &mut World) {
    world.promise(&purge_after("3 years"));
    world.execute(&TABLES.replace("TIMESTAMPTZ", "TEXT")).await;
    client(world, 1, "01/02/2020").await;
    client(world, 2, "2020-01-01").await;
    let report = world.run("2026-06-01T00:00:00Z").await;
    assert_eq!((report.rules[0].done, report.rules[0].unreadable), (1, 1));
    assert_eq!(world.column("SELECT id FROM clients").await, ["1"]);
    assert!(!world.plan("2026-06-01T00:00:00Z").await.is_clean());
}

/// S0-102.
async fn two_runners_do_the_work_once(world: &mut World) {
    world.promise(&purge_after("3 years").replace("after =", "brake = 100\nafter ="));
    world.execute(TABLES).await;
    many(world, 8_000).await;
    let now = "2026-06-01T00:00:00Z";
    let (one, other) = tokio::join!(world.run(now), world.run(now));
    assert_eq!(one.rules[0].done + other.rules[0].done, 8_000);
    assert!(world.plan(now).await.is_clean());
}

async fn a_large_table_is_done_in_batches(world: &mut World) {
    world.promise(&purge_after("3 years").replace("after =", "brake = 100\nafter ="));
    world.execute(TABLES).await;
    many(world, 12_001).await;
    let mut steps = Vec::new();
    let engine = world.engine();
    let now = crate::support::at("2026-06-01T00:00:00Z");
    let report = engine
        .run(now, None, &mut |progress| steps.push(progress.done))
        .await;
    assert_eq!(report.unwrap().rules[0].done, 12_001);
    assert_eq!(steps, [5_000, 10_000, 12_001]);
    assert_eq!(world.column("SELECT count(*) FROM orders").await, ["0"]);
}

pub(crate) async fn many(world: &World, count: u32) {
    let sql = format!(
        "INSERT INTO clients (id, email, seen)
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT i, 'c' || i, '2020-01-01 00:00:00+00' FROM n;
         INSERT INTO orders (id, client_id) SELECT id, id FROM clients"
    );
    let sql = if world.is_sqlite() {
        sql
    } else {
        sql.replace("+00' FROM", "+00'::timestamptz FROM")
    };
    world.execute(&sql).await;
}

/// S2-22, S2-24.
async fn an_archived_row_leaves_with_what_belongs_to_it(world: &mut World) {
    let policy = purge_after("3 years").replace("\"purge\"", "\"archive\"");
    world.promise(&policy);
    world.execute(TABLES).await;
    client(world, 1, "2020-01-01 00:00:00+00").await;
    client(world, 2, "2025-01-01 00:00:00+00").await;
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(world.column("SELECT id FROM clients").await, ["2"]);
    let archived = world.records.archived.lock().unwrap();
    let (known, stage, record) = &archived[0];
    assert_eq!(
        (&**stage, &*record.key, archived.len()),
        ("archive", "1", 1)
    );
    let seen = (
        "last-seen".parse().unwrap(),
        "2020-01-01T00:00:00Z".parse().unwrap(),
    );
    assert_eq!((known.state.as_ref(), &*known.clocks), (None, &[seen][..]));
    assert_eq!(record.subject.as_deref(), Some("c1@example.org"));
    assert!(record.record.contains("Client 1"));
    assert_eq!(record.record.matches("client_id").count(), 2);
}
