//! Two independent verifiers of DKIM signatures (RFC 6376): dkimpy and OpenDKIM.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::clock::Clock;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with 2048 bits (RFC 8301).
    Rsa,
    /// Ed25519 (RFC 8463).
    Ed25519,
}

/// A key made by OpenSSL, and the record to publish for it.
#[derive(Debug)]
pub struct Key {
    /// The private key: a PKCS #8 PEM file.
    pub file: PathBuf,
    /// The TXT record.
    pub record: String,
}

impl Key {
    /// A fresh key in `folder`.
    pub fn generate(folder: &Path, algorithm: Algorithm) -> Self {
        let (name, options): (_, &[&str]) = match algorithm {
            Algorithm::Rsa => ("RSA", &["-pkeyopt", "rsa_keygen_bits:2048"]),
            Algorithm::Ed25519 => ("ED25519", &[]),
        };
        let file = folder.join(format!("{name}.pem"));
        openssl(
            Command::new("openssl")
                .args(["genpkey", "-algorithm", name, "-out"])
                .arg(&file)
                .args(options),
        );
        let public = openssl(
            Command::new("openssl")
                .args(["pkey", "-pubout", "-outform", "DER", "-in"])
                .arg(&file),
        );
        let record = match algorithm {
            Algorithm::Rsa => format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public)),
            // RFC 8463 section 4: the bare key, which ends the SubjectPublicKeyInfo.
            Algorithm::Ed25519 => {
                let bare = &public[public.len() - 32..];
                format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(bare))
            }
        };
        Self { file, record }
    }
}

fn openssl(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .expect("openssl can be started: run tests/setup-debian");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl: {error}");
    output.stdout
}

/// What the two verifiers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// dkimpy, one verdict for each signature from the top.
    pub dkimpy: Vec<bool>,
    /// OpenDKIM on the message as a whole. It knows RSA alone, and takes one good signature.
    pub opendkim: bool,
    /// What they printed.
    pub details: String,
}

impl Verdicts {
    /// Whether there is a signature, and both accept all they know.
    pub fn accept(&self) -> bool {
        !self.dkimpy.is_empty() && self.dkimpy.iter().all(|good| *good) && self.opendkim
    }
}

const DKIMPY: &str = r#"
import sys, dkim
records = dict(zip(sys.argv[1::2], sys.argv[2::2]))
find = lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode() or None
raw = sys.stdin.buffer.read()
count = sum(1 for name, _ in dkim.rfc822_parse(raw)[0] if name.lower() == b"dkim-signature")
for index in range(count):
    try:
        print(dkim.DKIM(raw).verify(idx=index, dnsfunc=find))
    except dkim.DKIMException as error:
        print(False)
        print(error, file=sys.stderr)
"#;

/// Verifies a message as it came over the wire. `records` are the published keys: the DNS name
/// (`s1._domainkey.example.org`) and the TXT record. Under another date the verifiers follow `clock`: a
/// signature from the future is none.
pub fn verify(raw: &[u8], records: &[(&str, &str)], clock: Option<&Clock>) -> Verdicts {
    let arguments = records.iter().flat_map(|(name, record)| [*name, *record]);
    // Debian's own interpreter has Debian's dkimpy.
    let (printed, complaints) = run(
        Command::new("/usr/bin/python3")
            .args(["-c", DKIMPY])
            .args(arguments)
            .envs(variables(clock)),
        raw,
    );
    let dkimpy = printed.lines().map(|line| line == "True").collect();
    let (opendkim, report) = opendkim(raw, records, clock);
    Verdicts {
        dkimpy,
        opendkim,
        details: format!("dkimpy: {complaints}\nopendkim: {report}"),
    }
}

fn variables(clock: Option<&Clock>) -> impl IntoIterator<Item = (&'static str, OsString)> {
    clock.into_iter().flat_map(Clock::variables)
}

fn opendkim(raw: &[u8], records: &[(&str, &str)], clock: Option<&Clock>) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a file can be written");
        path.to_str()
            .expect("temporary folders are UTF-8")
            .to_owned()
    };
    let keys: Vec<String> = records
        .iter()
        .map(|(name, record)| format!("{name} {record}\n"))
        .collect();
    let keys = write("keys", keys.concat().as_bytes());
    let settings = write(
        "settings",
        format!("Mode v\nTestPublicKeys {keys}\n").as_bytes(),
    );
    let message = write("message", raw);
    let arguments = ["-x", &settings, "-t", &message, "-vv"];
    let mut verifier = Command::new("/usr/sbin/opendkim");
    let (report, _) = run(verifier.args(arguments).envs(variables(clock)), &[]);
    (report.contains("dkim=pass"), report)
}

fn run(command: &mut Command, input: &[u8]) -> (String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: run tests/setup-debian"));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin
        .write_all(input)
        .expect("the verifier reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("the verifier ends");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "From: a@example.org\r\nTo: b@example.net\r\nSubject: x\r\n\
        Date: Mon, 1 Jan 2027 10:00:00 +0000\r\n\r\nhello\r\n";

    const SIGN: &str = r"
import sys, dkim
key = open(sys.argv[1], 'rb').read()
raw = sys.stdin.buffer.read()
relaxed = (b'relaxed', b'relaxed')
sys.stdout.write(dkim.sign(raw, b's1', b'example.org', key, canonicalize=relaxed).decode())
";

    /// A message signed by dkimpy, and the record that was made with its key.
    fn signed() -> (String, String) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let made = Command::new("opendkim-genkey")
            .args(["-d", "example.org", "-s", "s1", "-b", "2048", "-D"])
            .arg(folder.path())
            .status()
            .expect("opendkim-genkey is installed: run tests/setup-debian");
        assert!(made.success());
        let zone = fs::read_to_string(folder.path().join("s1.txt")).expect("a record was made");
        let record = zone.split('"').skip(1).step_by(2).collect();
        let (signature, _) = run(
            Command::new("/usr/bin/python3")
                .args(["-c", SIGN])
                .arg(folder.path().join("s1.private")),
            MESSAGE.as_bytes(),
        );
        (signature + MESSAGE, record)
    }

    #[test]
    fn a_signed_message_is_accepted_and_a_changed_or_unsigned_one_is_not() {
        let (message, record) = signed();
        let records = [("s1._domainkey.example.org", record.as_str())];
        let verdicts = verify(message.as_bytes(), &records, None);
        assert!(verdicts.accept(), "{verdicts:?}");

        let changed = verify(message.replace("hello", "hullo").as_bytes(), &records, None);
        assert_eq!((changed.dkimpy, changed.opendkim), (vec![false], false));
        assert!(!verify(MESSAGE.as_bytes(), &records, None).accept());
        assert!(!verify(message.as_bytes(), &[], None).accept());
    }
}
