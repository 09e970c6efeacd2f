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

    /// The network around it, which one organisation holds: an IPv4 /24 or an IPv6 /48.
    pub(crate) fn network(self) -> Option<Self> {
        match self {
            Self::Unknown => None,
            Self::Network(IpAddr::V4(address)) => {
                let network = address.to_bits() & !0xff;
                Some(Self::Network(IpAddr::V4(network.into())))
            }
            Self::Network(IpAddr::V6(address)) => {
                let network = address.to_bits() & !(u128::MAX >> 48);
                Some(Self::Network(IpAddr::V6(network.into())))
            }
        }
    }
}

/// The address that the rightmost proxy that is not trusted, or the client itself, connected from.
///
/// What stands further left was written by somebody who is not trusted. When both forms of the
/// header are there and name different clients, one of them was forged: the proxy itself counts.
pub(crate) fn address_of(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    if !is_trusted(peer) {
        return Some(peer);
    }
    let by = |name: &HeaderName, hops: fn(&str) -> Vec<Option<IpAddr>>| {
        let lines = headers.get_all(name).iter().rev();
        let mut address = peer;
        for line in lines {
            for hop in hops(line.to_str().unwrap_or_default()).into_iter().rev() {
                match hop {
                    Some(before) => address = before.to_canonical(),
                    None => return address,
                }
                if !is_trusted(address) {
                    return address;
                }
            }
        }
        address
    };
    let [plain, standard] = [
        (X_FORWARDED_FOR, plain_hops as fn(&str) -> _),
        (FORWARDED, forwarded_hops),
    ]
    .map(|(name, hops)| headers.contains_key(&name).then(|| by(&name, hops)));
    match (plain, standard) {
        (Some(plain), Some(standard)) if plain != standard => Some(peer),
        (address, other) => Some(address.or(other).unwrap_or(peer)),
    }
}

/// Whether a proxy, trusted or not, handed the request on.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED)
}

/// The addresses of one line of `X-Forwarded-For`, the nearest last; `None` where none can be read.
fn plain_hops(line: &str) -> Vec<Option<IpAddr>> {
    line.split(',').map(|hop| parse_hop(hop.trim())).collect()
}

/// The same for one line of `Forwarded` (RFC 7239 section 4): quoted values may hold commas, and
/// whoever leaves a quote open hides what follows, so that nothing of the line can be read.
fn forwarded_hops(line: &str) -> Vec<Option<IpAddr>> {
    let elements = split_unquoted(line, ',');
    let Some(elements) = elements else {
        return vec![None];
    };
    elements.into_iter().map(forwarded_for).collect()
}

/// The `for` parameter of one element, when there is exactly one.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split_unquoted(element, ';')?;
    let mut values = pairs
        .into_iter()
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map(|(_, value)| value.trim());
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    parse_hop(quoted.unwrap_or(value))
}

/// The parts between separators that are not in quotes; `None` when a quote stays open.
fn split_unquoted(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bracketed = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(inner) => inner.parse().ok().map(IpAddr::V6),
        None => hop
            .parse()
            .or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()))
            .ok(),
    }
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
        let lines = [(FORWARDED, "for=192.0.2.1"), (X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(address("10.0.0.1", &lines), "192.0.2.1");
    }

    /// A proxy that writes the one header lets the other one through as the client sent it.
    #[test]
    fn two_headers_that_disagree_name_nobody() {
        let lines = [(FORWARDED, "for=1.1.1.1"), (X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(address("10.0.0.1", &lines), "10.0.0.1");
    }

    /// A client may write a quoted value, or leave a quote open, to hide what the proxy adds.
    #[test]
    fn quotes_hide_no_hop() {
        let host = "for=192.0.2.1;host=\"a, for=9.9.9.9\"";
        assert_eq!(address("10.0.0.1", &[(FORWARDED, host)]), "192.0.2.1");
        let open = "for=\"9.9.9.9, for=192.0.2.1";
        assert_eq!(address("10.0.0.1", &[(FORWARDED, open)]), "10.0.0.1");
        let before = [(FORWARDED, "for=\"9.9.9.9"), (FORWARDED, "for=192.0.2.1")];
        assert_eq!(address("10.0.0.1", &before), "192.0.2.1");
        let escaped = "for=192.0.2.1;x=\"a\\\", for=9.9.9.9\"";
        assert_eq!(address("10.0.0.1", &[(FORWARDED, escaped)]), "192.0.2.1");
        let twice = "for=192.0.2.1;for=9.9.9.9";
        assert_eq!(address("10.0.0.1", &[(FORWARDED, twice)]), "10.0.0.1");
    }

    #[test]
    fn garbage_is_no_address() {
        for hop in [
            "",
            "unknown",
            "_hidden",
            "192.0.2.1:99999",
            "192.0.2",
            "[192.0.2.1]",
            "[[2001:db8::1]]",
            "2001:db8::1%eth0",
            "192.0.2.1 ,",
            "010.0.0.1",
            "\u{e9}",
        ] {
            assert_eq!(parse_hop(hop), None, "{hop:?}");
        }
    }

    #[test]
    fn the_network_around_a_client_is_wider() {
        let network = |text: &str| Client::of(text.parse().ok()).network();
        assert!(network("192.0.2.1") == network("192.0.2.254"));
        assert!(network("192.0.2.1") != network("192.0.3.1"));
        assert!(network("2001:db8:1:2::3") == network("2001:db8:1:ffff::4"));
        assert!(network("2001:db8:1::") != network("2001:db8:2::"));
        assert!(Client::Unknown.network().is_none());
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
