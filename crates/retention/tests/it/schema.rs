//! The schema is compared with the policy before anything is touched.

use consentry_retention::RetentionError;

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::{World, at};

on_both! {
    a_renamed_column_is_an_error_that_names_it,
    columns_that_do_not_fit_are_errors,
    tables_that_refer_to_the_rows_are_declared,
    rows_are_deleted_in_the_order_of_foreign_keys,
    a_circle_of_foreign_keys_is_refused,
    a_missing_index_is_a_warning,
}

const PURGE: &str = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"";
const NOW: &str = "2026-06-01T00:00:00Z";

async fn a_renamed_column_is_an_error_that_names_it(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    assert!(world.findings().await.is_empty());
    client(world, 1, "2020-01-01 00:00:00+00").await;
    world
        .execute("ALTER TABLE clients RENAME COLUMN seen TO last_seen")
        .await;
    assert_eq!(
        world.findings().await,
        ["Error clients.clocks[0].columns[0]: the table `clients` has no column `seen`"]
    );
    let refused = world.engine().run(at(NOW), None, &mut |_| {}).await;
    assert!(matches!(refused, Err(RetentionError::Schema(_))));
    assert_eq!(world.column("SELECT id FROM clients").await, ["1"]);
    world
        .execute("ALTER TABLE orders RENAME TO purchases")
        .await;
    let findings = world.findings().await;
    assert!(
        findings
            .iter()
            .any(|line| line.ends_with("there is no table `orders` in `crm`"))
    );
}

async fn columns_that_do_not_fit_are_errors(world: &mut World) {
    let reduce = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\n\
                  methods = { amount = \"initials\", name = \"drop\" }";
    let twice = "id = \"twice\"\naction = \"anonymise\"\nclock = \"last-seen\"\n\
                 methods = { amount = \"bucket(10)\" }";
    let hide = "id = \"hide\"\naction = \"hide\"\nclock = \"last-seen\"";
    let stages = stage(reduce) + &stage(twice) + &stage(hide);
    let policy = CLIENTS
        .replace("key = [\"id\"]", "key = [\"status\"]")
        .replace(
            "columns = [\"seen\"]",
            "columns = [\"seen\"]\ntime_format = \"seconds\"",
        );
    world.promise(&format!("{policy}{stages}"));
    world
        .execute(&TABLES.replace("name TEXT", "name TEXT NOT NULL"))
        .await;
    assert_eq!(
        world.findings().await,
        [
            "Error clients.source.key: no unique index of `clients` covers only the key",
            "Error clients.clocks[0].columns[0]: `seen` of `clients` does not hold a `seconds`",
            "Error clients.stages[0].methods.amount: `amount` cannot hold what `initials` leaves",
            "Error clients.stages[0].methods.name: `name` cannot be emptied: it is NOT NULL",
            "Error clients.stages[2].action: nothing says which column `hide` sets",
            "Error clients.stages[1].methods.amount: `amount` is reduced by `reduce` already",
        ]
    );
}

async fn tables_that_refer_to_the_rows_are_declared(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    world
        .execute(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, client INTEGER REFERENCES clients (id));
             CREATE TABLE tags (id INTEGER PRIMARY KEY,
                 client INTEGER REFERENCES clients (id) ON DELETE CASCADE);
             CREATE TABLE visits (id INTEGER PRIMARY KEY,
                 client INTEGER REFERENCES clients (id) ON DELETE SET NULL)",
        )
        .await;
    let mut findings = world.findings().await;
    findings.sort();
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].starts_with("Error") && findings[0].contains("notes"));
    assert!(findings[1].starts_with("Warning") && findings[1].contains("tags"));
}

/// S3-48, S3-49: invoices have rules of their own; a client stays as long as one of theirs.
async fn rows_are_deleted_in_the_order_of_foreign_keys(world: &mut World) {
    let lines = "[[datasets.source.dependants]]\ntable = \"lines\"\non = { client_id = \"id\" }\n\
                 [[datasets.source.dependants]]";
    let clients = CLIENTS.replacen("[[datasets.source.dependants]]", lines, 1);
    // Dependants are declared in the wrong order: lines refer to orders.
    let (orders, rest) = ("table = \"orders\"", "table = \"lines\"");
    let clients = clients
        .replace(rest, "table = \"?\"")
        .replace(orders, rest)
        .replace("table = \"?\"", orders);
    let invoices = r#"
[[datasets]]
id = "invoices"
name = { en = "Invoices", fr = "Factures" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "crm"
table = "invoices"
key = ["id"]
[[datasets.clocks]]
id = "issued"
name = { en = "from its date", fr = "à compter de sa date" }
columns = ["issued"]
time_format = "date"
end_of = "year"
[[datasets.stages]]
id = "purge-invoices"
action = "purge"
clock = "issued"
after = "10 years"
"#;
    world.promise(&format!("{clients}{}{invoices}", stage(PURGE)));
    world.execute(TABLES).await;
    world
        .execute(
            "CREATE TABLE lines (id INTEGER PRIMARY KEY, client_id INTEGER,
                 order_id INTEGER NOT NULL REFERENCES orders (id));
             CREATE TABLE invoices (id INTEGER PRIMARY KEY,
                 client_id INTEGER NOT NULL REFERENCES clients (id), issued DATE);",
        )
        .await;
    for id in 1..=3 {
        client(world, id, "2020-01-01 00:00:00+00").await;
        world
            .execute(&format!("INSERT INTO lines VALUES ({id}, {id}, {id})"))
            .await;
    }
    world
        .execute("INSERT INTO invoices VALUES (1, 1, '2015-12-31'), (2, 2, '2016-01-01')")
        .await;
    world.run(NOW).await;
    assert_eq!(world.column("SELECT id FROM invoices").await, ["2"]);
    assert_eq!(world.column("SELECT id FROM clients").await, ["2"]);
    assert_eq!(world.column("SELECT client_id FROM lines").await, ["2"]);
    world.run("2027-01-01T00:00:00Z").await;
    assert!(world.column("SELECT id FROM clients").await.is_empty());
}

async fn a_circle_of_foreign_keys_is_refused(world: &mut World) {
    let deals = CLIENTS.replace("\"clients\"", "\"deals\"").replace(
        "[[datasets.source.dependants]]\ntable = \"orders\"\non = { client_id = \"id\" }\n",
        "",
    );
    world.promise(&format!("{CLIENTS}{}{deals}{}", stage(PURGE), stage(PURGE)));
    world.execute(TABLES).await;
    let deals = "CREATE TABLE deals (id INTEGER PRIMARY KEY, email TEXT, name TEXT, amount INTEGER,
                     status TEXT, seen TIMESTAMPTZ, client INTEGER REFERENCES clients (id));
                 CREATE INDEX deals_seen ON deals (seen);
                 ALTER TABLE clients ADD COLUMN deal INTEGER REFERENCES deals (id)";
    world.execute(deals).await;
    let findings = world.findings().await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].contains("in a circle: `clients`, `deals`"),
        "{findings:?}"
    );
}

async fn a_missing_index_is_a_warning(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    world
        .execute("DROP INDEX clients_seen; DROP INDEX orders_client")
        .await;
    assert_eq!(
        world.findings().await,
        [
            "Warning clients.clocks.last-seen: no index of `clients` begins with `seen`",
            "Warning clients.source.table: no index of `orders` finds the rows of one row",
        ]
    );
    client(world, 1, "2020-01-01 00:00:00+00").await;
    assert_eq!(world.run(NOW).await.rules[0].done, 1);
}
