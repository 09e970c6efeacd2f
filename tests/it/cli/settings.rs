//! How the programs start, and with what they refuse to.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use consentry_tests::{
    binaries::binaries,
    database::Engine,
    site::{Output, Site},
};
use serde_json::Value;

/// The programs with arguments that need settings and a database.
fn every_program(site: &Site) -> [(&'static str, Output); 3] {
    let programs = binaries();
    [
        ("web", site.run(&programs.web, &[])),
        ("worker", site.run(&programs.worker, &["once"])),
        ("admin", site.run(&programs.admin, &["subscriber", "list"])),
    ]
}

/// Every program ends with this code, says why in these words, and prints nothing.
fn assert_refused(site: &Site, code: i32, words: &[&str]) {
    for (program, output) in every_program(site) {
        assert_eq!(output.code, Some(code), "{program}: {}", output.stderr);
        assert_eq!(output.stdout, "", "{program}");
        for word in words {
            assert!(
                output.stderr.contains(word),
                "{program}: no {word}: {}",
                output.stderr
            );
        }
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let site = Site::new(Engine::Sqlite);
    for arguments in [
        &["no-such-verb"][..],
        &["subscriber", "show"],
        &["doctor", "--nonsense"],
    ] {
        let output = site.admin(arguments);
        assert_eq!(output.code, Some(2), "{arguments:?}: {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
    assert_eq!(site.admin(&["--help"]).code, Some(0));
}

#[test]
fn a_misspelt_variable_or_key_is_named() {
    let site = Site::new(Engine::Sqlite);
    let file = site.folder().join("consentry.toml");
    fs::write(&file, "listne = \"127.0.0.1:0\"\n").expect("a file can be written");
    let path = file.to_str().expect("paths are UTF-8").to_owned();
    let site = site.with("CONSENTRY_CONFIG", path.clone());
    assert_refused(&site, 2, &["`listne`", &path, "`listen`"]);
    fs::write(&file, "").expect("a file can be written");
    let site = site.with("CONSENTRY_SMPT_URL", "smtp://relay.example");
    assert_refused(&site, 2, &["CONSENTRY_SMPT_URL", "CONSENTRY_SMTP_URL"]);
}

/// An id that is misspelt, most likely: what runs is told, and the rules that need none run.
#[test]
fn a_source_that_the_policy_does_not_name_is_named() {
    let site = Site::new(Engine::Sqlite).with("CONSENTRY_SOURCE_BAKC_OFFICE", "sqlite:x.db");
    site.admin(&["migrate"]).succeed();
    let doctor = site.admin(&["doctor", "--format", "json"]).stdout;
    let doctor: Value = serde_json::from_str(&doctor).expect("JSON alone on stdout");
    let findings = doctor.as_array().expect("a list of findings").iter();
    let mut found = findings.filter(|finding| finding["check"] == "sources");
    let found = found.next().expect("a finding about sources");
    assert_eq!(found["result"], "warning");
    let told = [
        found["finding"].to_string(),
        site.worker_once().stderr,
        site.web().kill(),
    ];
    for told in told {
        let variable = "CONSENTRY_SOURCE_BAKC_OFFICE: the policy names no such database";
        assert!(told.contains(variable), "{told}");
        assert!(!told.contains("x.db"), "a URL may be a secret: {told}");
    }
}

#[test]
fn a_setting_that_would_break_a_promise_is_refused() {
    for (name, value, word) in [
        ("CONSENTRY_LISTEN", "0.0.0.0:0", "loopback"),
        ("CONSENTRY_PUBLIC_URL", "http://news.example", "https"),
        ("CONSENTRY_LIMIT_PER_CLIENT", "lots", "limit_per_client"),
        (
            "CONSENTRY_DATABASE_URL",
            "mysql://root:secret@db.example/x",
            "postgres://",
        ),
        ("CONSENTRY_DKIM_SELECTOR", "s1", "dkim_key_file"),
    ] {
        let site = Site::new(Engine::Sqlite).with(name, value);
        assert_refused(&site, 2, &[word]);
        for (program, output) in every_program(&site) {
            assert!(
                !output.stderr.contains("secret"),
                "{program} prints a password"
            );
        }
    }
}

/// An invalid policy: the place, what is wrong, and what to write instead.
#[test]
fn an_invalid_policy_is_refused_with_line_and_remedy() {
    let policy = fs::read_to_string(
        consentry_tests::binaries::root().join("crates/policy/policies/saas-portal.toml"),
    )
    .expect("the demo policy can be read");
    let broken = policy.replace("after = \"12 months\"", "after = \"a year or so\"");
    assert_ne!(policy, broken);
    let line = broken
        .lines()
        .position(|line| line.starts_with("after = \"a year"))
        .map(|at| format!("policy.toml:{}", at + 1))
        .expect("the line is there");
    let site = Site::new(Engine::Sqlite).with_policy(&broken);
    assert_refused(&site, 2, &[&line, "after", "`12 months`"]);
}

/// S0-35, S0-92: data inside the public folder, or the reverse, also through a symbolic link.
#[test]
fn the_server_refuses_public_files_that_hold_private_ones() {
    let site = Site::new(Engine::Sqlite);
    let link = site.folder().join("innocent");
    fs::create_dir_all(site.data()).expect("a folder can be made");
    std::os::unix::fs::symlink(site.data(), &link).expect("a link can be made");
    let folder = site.folder().to_owned();
    let inside = site.data().join("public");
    fs::create_dir_all(&inside).expect("a folder can be made");
    let mut site = site;
    for public in [folder, link, inside] {
        site = site.with(
            "CONSENTRY_STATIC_DIR",
            public.to_str().expect("paths are UTF-8"),
        );
        let output = site.run(&binaries().web, &[]);
        assert_eq!(
            output.code,
            Some(2),
            "{}: {}",
            public.display(),
            output.stderr
        );
        assert!(output.stderr.contains("static_dir"), "{}", output.stderr);
    }
}

/// Everything that is ours is readable by us alone.
#[test]
fn the_data_directory_is_private() {
    fn visit(path: &Path) {
        let mode = fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(
            mode & 0o077,
            0,
            "{} is open to others: {mode:o}",
            path.display()
        );
        if path.is_dir() {
            let entries = fs::read_dir(path).expect("it can be listed");
            entries.for_each(|entry| visit(&entry.expect("it can be listed").path()));
        }
    }
    let site = Site::new(Engine::Sqlite);
    let web = site.web();
    visit(&site.data());
    assert!(site.data().join("keys.toml").is_file());
    assert_eq!(web.stop().code(), Some(0));
    visit(&site.data());
}

#[test]
fn a_malformed_database_url_is_exit_code_2() {
    let site = Site::new(Engine::Postgres);
    let site = site.with(
        "CONSENTRY_DATABASE_URL",
        "postgres://user:secret@127.0.0.1:port/consentry",
    );
    for (program, output) in every_program(&site) {
        assert_eq!(output.code, Some(2), "{program}: {}", output.stderr);
        assert!(
            !output.stderr.contains("secret"),
            "{program} prints a password"
        );
    }
}

#[test]
fn an_unreachable_database_is_exit_code_3() {
    let site = Site::new(Engine::Postgres);
    // Nothing listens on the port of the discard protocol.
    let site = site.with(
        "CONSENTRY_DATABASE_URL",
        "postgres://user:secret@127.0.0.1:9/consentry",
    );
    for (program, output) in every_program(&site) {
        assert_eq!(output.code, Some(3), "{program}: {}", output.stderr);
        assert!(
            !output.stderr.contains("secret"),
            "{program} prints a password"
        );
    }
}

#[test]
fn without_a_schema_the_doctor_finds_it_and_the_others_stop() {
    let site = Site::new(Engine::Postgres).with_empty_database();
    let doctor = site.admin(&["doctor", "--format", "json"]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.stderr);
    let findings: Value = serde_json::from_str(&doctor.stdout).expect("JSON alone on stdout");
    let database = findings
        .as_array()
        .and_then(|all| all.iter().find(|finding| finding["check"] == "database"))
        .expect("the database was looked at");
    assert_eq!(database["result"], "problem");
    let remedy = database["finding"].as_str().unwrap_or_default();
    assert!(remedy.contains("migrate"), "no remedy: {remedy}");
    assert_refused(&site, 1, &["migrate"]);
    site.admin(&["migrate"]).succeed();
    assert!(
        site.admin(&["subscriber", "list", "--format", "json"])
            .json()
            .is_array()
    );
}

#[test]
fn the_doctor_is_content_with_the_demo() {
    for engine in Engine::ALL {
        let site = Site::new(engine);
        let web = site.web();
        site.worker_once().succeed();
        let findings = site.admin(&["doctor", "--format", "json"]).json();
        for finding in findings.as_array().expect("an array") {
            assert_ne!(finding["result"], "problem", "{finding}");
        }
        assert_eq!(web.stop().code(), Some(0));
    }
}

/// The ring is listed without what must not leave it.
#[test]
fn keys_are_listed_without_their_secrets() {
    for engine in Engine::ALL {
        let site = Site::new(engine);
        site.admin(&["migrate"]).succeed();
        let list = site.admin(&["keys", "list", "--format", "json"]);
        let table = site.admin(&["keys", "list"]).succeed();
        let printed = format!("{table}{}", list.stdout);
        let keys = list.json();
        let keys = keys.as_array().expect("an array");
        assert!(keys.len() >= 3, "keys for tokens, index and sealing");
        for key in keys {
            for field in ["use", "id", "state", "created"] {
                assert!(
                    key[field].is_string() || key[field].is_number(),
                    "{field}: {key}"
                );
            }
        }
        let ring = fs::read_to_string(site.data().join("keys.toml")).expect("there is a ring");
        let secrets = ring
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|value| value.len() >= 32);
        assert!(secrets.clone().count() >= 3, "the ring holds secrets");
        for secret in secrets {
            assert!(!printed.contains(secret), "a secret is printed");
        }
    }
}
