//! Who is asking, for the rate limit: counted, never stored and never logged.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What counts as one client. Deliberately without `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// An IPv4 address, or the /64 of an IPv6 address: what one subscriber line gets.
    Network(IpAddr),
    /// The server did not say where the connection came from.
    Unknown,
}

impl Client {
    pub(crate) fn of(address: Option<IpAddr>) -> Self {
        match address {
            None => Self::Unknown,
            Some(IpAddr::V4(address)) => Self::Network(address.into()),
            Some(IpAddr::V6(address)) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                Self::Network(IpAddr::V6(network.into()))
            }
        }
    }
}

/// The address that the rightmost proxy that is not trusted, or the client itself, connected from.
///
/// What stands further left was written by somebody who is not trusted.
pub(crate) fn address_of(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let mut address = peer?.to_canonical();
    for hop in hops(headers).iter().rev() {
        if !trusted.iter().any(|network| network.contains(&address)) {
            break;
        }
        match parse_hop(hop) {
            Some(before) => address = before.to_canonical(),
            None => break,
        }
    }
    Some(address)
}

/// Whether a proxy, trusted or not, handed the request on.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED)
}

/// The chain of addresses, the nearest last.
fn hops(headers: &HeaderMap) -> Vec<String> {
    let is_plain = headers.contains_key(X_FORWARDED_FOR);
    let name = if is_plain { X_FORWARDED_FOR } else { FORWARDED };
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    lines
        .iter()
        .flat_map(|line| line.split(','))
        .map(|element| {
            if is_plain {
                element
            } else {
                forwarded_for(element)
            }
        })
        .map(|hop| hop.trim().to_owned())
        .collect()
}

/// The `for` parameter of one element of a `Forwarded` header; empty if there is none.
fn forwarded_for(element: &str) -> &str {
    element
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map_or("", |(_, value)| value.trim().trim_matches('"'))
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    hop.parse()
        .or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()))
        .or_else(|_| hop.trim_matches(['[', ']']).parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, lines: &[(HeaderName, &str)]) -> String {
        let headers = lines
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().expect("a header value")))
            .collect();
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a network"));
        address_of(peer.parse().ok(), &headers, &trusted)
            .expect("a peer")
            .to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        let lines = [(X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(address("203.0.113.9", &lines), "203.0.113.9");
        let lines = [(FORWARDED, "for=192.0.2.1")];
        assert_eq!(address("203.0.113.9", &lines), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_hop_counts() {
        let lines = [(X_FORWARDED_FOR, "1.1.1.1, 192.0.2.1, 10.0.0.2")];
        assert_eq!(address("10.0.0.1", &lines), "192.0.2.1");
        let lines = [
            (X_FORWARDED_FOR, "1.1.1.1"),
            (X_FORWARDED_FOR, "192.0.2.1:4711"),
        ];
        assert_eq!(address("::ffff:10.0.0.1", &lines), "192.0.2.1");
    }

    #[test]
    fn both_forms_of_the_header_are_read() {
        let lines = [(
            FORWARDED,
            "for=1.1.1.1, By=x;For=\"[2001:db8::7]:4711\";proto=https",
        )];
        assert_eq!(address("fd00::1", &lines), "2001:db8::7");
        let lines = [(FORWARDED, "for=1.1.1.1"), (X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(address("10.0.0.1", &lines), "192.0.2.1");
    }

    #[test]
    fn a_hop_that_cannot_be_read_ends_the_chain() {
        let lines = [(X_FORWARDED_FOR, "192.0.2.1, unknown")];
        assert_eq!(address("10.0.0.1", &lines), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[(X_FORWARDED_FOR, "")]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let client = |text: &str| Client::of(text.parse().ok());
        assert!(client("2001:db8::1") == client("2001:db8::ffff:2"));
        assert!(client("2001:db8::1") != client("2001:db8:0:1::1"));
        assert!(client("192.0.2.1") != client("192.0.2.2"));
    }
}
