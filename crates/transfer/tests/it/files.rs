//! Files as programs write them, and files that are none.

use consentry_transfer::{FileError, MAX_LINE, Rules};

use crate::{asked, lines, read, told};

fn refused(file: impl AsRef<[u8]>) -> String {
    read(file, asked()).unwrap_err().to_string()
}

#[test]
fn a_mark_line_ends_of_two_signs_quotes_and_empty_lines_are_read() {
    let file = "\u{feff}\"Email\",Topics\r\n\r\nanna@example.org,\"newsletter demo\"\r\n,\r\n  \r\n\"ben@example.org\",demo";
    assert_eq!(
        lines(&told(file, asked())),
        [(3, "anna@example.org"), (6, "ben@example.org")]
    );
}

#[test]
fn another_delimiter_is_named_and_can_be_chosen() {
    let file = "email;language\nanna@example.org;fr\n";
    let error = refused(file);
    assert!(
        error.contains("semicolons") && error.contains("--delimiter ';'"),
        "{error}"
    );
    let rules = Rules {
        delimiter: b';',
        ..asked()
    };
    assert_eq!(lines(&told(file, rules)), [(2, "anna@example.org")]);
}

#[test]
fn an_unknown_column_is_named_with_the_one_that_is_meant() {
    let error = refused("e-mail,lang,shoe size\n");
    assert_eq!(
        error,
        "unknown columns `e-mail` (did you mean `email`?), `lang` (did you mean `language`?), \
         `shoe size`; take it out or pass --ignore NAME for each"
    );
    let error = refused("emial\n");
    assert!(error.contains("did you mean `email`?"), "{error}");
    let rules = Rules {
        ignored: vec!["shoe size".to_owned()],
        ..asked()
    };
    let file = "Shoe Size,email\n43,anna@example.org\n";
    assert_eq!(lines(&told(file, rules)), [(2, "anna@example.org")]);
}

#[test]
fn what_is_no_such_file_is_refused_with_what_to_do() {
    for (file, wanted) in [
        (&b""[..], "empty"),
        (b"\n", "empty"),
        (b"topics\nnewsletter\n", "no column is called `email`"),
        (b"email,email\n", "two columns are called `email`"),
        (b"\xff\xfee\0m\0a\0i\0l\0", "UTF-16"),
        (b"e\0m\0a\0i\0l\0\n", "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (b"\"email\nanna@example.org\n", "never closed"),
    ] {
        let error = refused(file);
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
    let one_line = "a".repeat(MAX_LINE + 1);
    assert!(matches!(
        read(one_line, asked()),
        Err(FileError::HeaderTooLong)
    ));
}

#[test]
fn a_broken_line_takes_no_other_along() {
    let mut file = b"email,language\n".to_vec();
    file.extend(b"anna@example.org,en\n");
    file.extend(b"\"ben@example.org,en\n");
    file.extend(b"c\xe9line@example.org,fr\n");
    file.extend("x".repeat(MAX_LINE * 3).as_bytes());
    file.extend(b"\nemil@example.org\n");
    file.extend(b"fritz@example.org,en,more\n");
    file.extend(b"gerda@example.org,en\n");
    assert_eq!(
        lines(&told(file, asked())),
        [
            (2, "anna@example.org"),
            (3, "open-quote"),
            (4, "not-utf8"),
            (5, "line-too-long"),
            (6, "field-count"),
            (7, "field-count"),
            (8, "gerda@example.org"),
        ]
    );
}

#[test]
fn a_line_may_have_so_many_bytes_and_no_more() {
    let line = |length: usize| format!("email,topics\na@b.example,{}\n", " ".repeat(length - 12));
    for end in ["\n", "\r\n"] {
        let fits = line(MAX_LINE).replace('\n', end);
        assert_eq!(lines(&told(fits, asked())), [(2, "a@b.example")]);
        let is_over = line(MAX_LINE + 1).replace('\n', end);
        assert_eq!(lines(&told(is_over, asked())), [(2, "line-too-long")]);
    }
}
