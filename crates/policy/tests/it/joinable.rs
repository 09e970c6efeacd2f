//! What can still be joined with a person is called so (S2-19; GDPR art. 4(5)).

use consentry_policy::{Policy, Tie};

const ROWS: &str = r#"
[[datasets]]
id = "orders"
name = { en = "Orders", fr = "Commandes" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "shop"
table = "orders"
key = ["id"]
identity = "email"
[[datasets.fields]]
id = "email"
name = { en = "E-mail", fr = "Courriel" }
format = "email"
[[datasets.fields]]
id = "client_id"
name = { en = "Client", fr = "Client" }
[[datasets.clocks]]
id = "placed"
name = { en = "from the order", fr = "à compter de la commande" }
columns = ["placed_at"]
[[datasets.stages]]
id = "anonymise"
action = "anonymise"
clock = "placed"
after = "1 year"
methods = { email = "drop" }

[[datasets]]
id = "clients"
name = { en = "Clients", fr = "Clients" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "shop"
table = "clients"
key = ["id"]
identity = "email"
[[datasets.fields]]
id = "email"
name = { en = "E-mail", fr = "Courriel" }
format = "email"
[[datasets.clocks]]
id = "last-order"
name = { en = "from the last order", fr = "à compter de la dernière commande" }
[[datasets.clocks.joins]]
table = "orders"
on = { client_id = "id" }
column = "placed_at"
[[datasets.stages]]
id = "purge"
action = "purge"
clock = "last-order"
after = "5 years"
"#;

/// What the stage `anonymise` of the orders is called, and what ties its rows, after edits.
fn called(edits: &[(&str, &str)]) -> (&'static str, String) {
    let mut rows = ROWS.to_owned();
    for (from, to) in edits {
        assert!(rows.contains(from), "{from}");
        rows = rows.replacen(from, to, 1);
    }
    let demo = include_str!("../../policies/saas-portal.toml");
    let policy = Policy::parse(&format!("{demo}\n{rows}"), "test").expect("a policy");
    let orders = policy.dataset("orders").expect("the dataset");
    let mut stages = orders.stages.iter();
    let stage = stages
        .find(|one| one.id.as_str() == "anonymise")
        .expect("the stage");
    let ties = policy.ties(orders, stage);
    let shown = ties.iter().map(|tie| match tie {
        Tie::Column(column) => format!("column {column}"),
        Tie::Dependants(table) => format!("dependants {table}"),
        Tie::Dataset(dataset) => format!("dataset {dataset}"),
        _ => String::new(),
    });
    let shown: Vec<String> = shown.collect();
    (policy.action_name(orders, stage), shown.join(", "))
}

/// S2-19: a client's number in the order leads to the client.
#[test]
fn a_column_that_joins_with_a_person_is_a_tie() {
    assert_eq!(called(&[]), ("pseudonymise", "dataset clients".to_owned()));
    let reduced = (
        "{ email = \"drop\" }",
        "{ email = \"drop\", client_id = \"random-token\" }",
    );
    assert_eq!(called(&[reduced]), ("anonymise", String::new()));
    let elsewhere = (
        "database = \"shop\"\ntable = \"clients\"",
        "database = \"crm\"\ntable = \"clients\"",
    );
    assert_eq!(called(&[elsewhere]), ("anonymise", String::new()));
}

/// S2-19: the identity column and what tells who it is by its kind.
#[test]
fn a_column_that_tells_who_it_is_is_a_tie() {
    let kept = ("{ email = \"drop\" }", "{ client_id = \"drop\" }");
    assert_eq!(called(&[kept]), ("pseudonymise", "column email".to_owned()));
    let at_write = (
        "format = \"email\"\n[[datasets.fields]]",
        "format = \"email\"\nat_write = \"domain\"\n[[datasets.fields]]",
    );
    assert_eq!(
        called(&[kept, at_write]).0,
        "anonymise",
        "reduced when it was stored"
    );
}

/// What another stage has dropped by then is no tie; what it drops later is one until then.
#[test]
fn what_is_dropped_before_is_no_tie() {
    let emptied = |after: &str| {
        let purge = "[[datasets.stages]]\nid = \"empty\"\naction = \"purge\"\nclock = \"placed\"\n";
        let purge =
            format!("{purge}after = \"{after}\"\nfields = [\"client_id\"]\n[[datasets.stages]]");
        called(&[("[[datasets.stages]]", &purge)]).0
    };
    assert_eq!(emptied("6 months"), "anonymise");
    assert_eq!(emptied("1 year"), "anonymise");
    assert_eq!(emptied("2 years"), "pseudonymise");
}

/// Rows that stay with the row, and that no dataset knows.
#[test]
fn dependants_that_nobody_knows_are_a_tie() {
    let dependants = (
        "identity = \"email\"",
        "identity = \"email\"\ndependants = [{ table = \"parcels\", on = { order_id = \"id\" } }]",
    );
    let reduced = (
        "{ email = \"drop\" }",
        "{ email = \"drop\", client_id = \"drop\" }",
    );
    let found = called(&[dependants, reduced]);
    assert_eq!(found, ("pseudonymise", "dependants parcels".to_owned()));
}
