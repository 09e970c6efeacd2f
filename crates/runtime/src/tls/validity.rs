//! From when and until when a certificate is good: the two times of X.509 (RFC 5280 §4.1.2.5),
//! which rustls checks for others and does not tell.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The first and the last instant; `None` when it is not a certificate.
pub(super) fn of(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if let Some((_, rest)) = element(fields, VERSION) {
        fields = rest;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        (_, _, fields) = any(fields)?;
    }
    let (validity, _) = element(fields, SEQUENCE)?;
    let (not_before, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    Some((not_before, not_after))
}

fn time(input: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, content, rest) = any(input)?;
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let text = match tag {
        // Two digits of a year below 50 belong to this century.
        UTC_TIME => format!("{}{text}", if text < "5" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some((time.to_zoned(TimeZone::UTC).ok()?.timestamp(), rest))
}

fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    any(input)
        .filter(|(found, ..)| *found == tag)
        .map(|(_, content, rest)| (content, rest))
}

/// Tag, content and what follows of a DER value with a short tag.
fn any(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::of;

    #[test]
    fn both_forms_of_time_are_read() {
        let key = KeyPair::generate().unwrap();
        for (first, last) in [((1999, 2), (2049, 12)), ((2026, 1), (2051, 3))] {
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.not_before = date_time_ymd(first.0, first.1, 5);
            params.not_after = date_time_ymd(last.0, last.1, 5);
            let certificate = params.self_signed(&key).unwrap();
            let (not_before, not_after) = of(certificate.der()).unwrap();
            let day = |(year, month): (i32, u8)| format!("{year}-{month:02}-05T00:00:00Z");
            assert_eq!(not_before.to_string(), day(first));
            assert_eq!(not_after.to_string(), day(last));
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_times() {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        for length in 0..120 {
            assert_eq!(of(&certificate.der()[..length]), None);
        }
        assert_eq!(of(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
