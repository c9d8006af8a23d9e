//! Under which address others know this instance, and through which proxies they come.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::given::given;
use crate::failure::Failure;

given! {
    /// Under which address others know this instance.
    pub(crate) struct Given {
        /// Address that this instance is known by; stands in authorities, is where links lead, and where log-ins have to
        /// come from [default: http://localhost:8080 in authorities, links to where it listens, and log-ins from whatever
        /// address a browser asks]
        #[arg(long, env = "LARKA_BASE_URL", global = true, value_name = "URL")]
        base_url: Option<String>,
        /// Proxies whose X-Forwarded-For is believed, as addresses or networks: 10.0.0.7,fd00::/8 [default: none]
        #[arg(long, env = "LARKA_TRUSTED_PROXIES", global = true, value_delimiter = ',', value_name = "ADDRESSES")]
        trusted_proxies: Option<Vec<String>>,
    }
}

/// Under which address others know this instance.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// What authorities and accounts of its own are of, wherever it listens: it stays the same. Ends without a slash.
    pub(crate) base_url: String,
    /// What a browser calls it, as in `Origin`; none where no address was given.
    pub(crate) origin: Option<String>,
    pub(crate) proxies: Vec<Network>,
}

/// An address, or all that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    bits: u32,
}

impl Given {
    pub(super) fn read(self) -> Result<Address, Failure> {
        let wrong = || {
            Failure::setting(
                "base-url",
                "https:// or http:// and the name of a host of its own, as in https://larka.example: pages and /xapi lie at its root, not below a path",
            )
        };
        let origin = self.base_url.as_deref().map(|url| origin(url).ok_or_else(wrong)).transpose()?;
        let base_url = self.base_url.unwrap_or_else(|| "http://localhost:8080".to_owned());
        let proxies = self.trusted_proxies.unwrap_or_default();
        let proxies = proxies.iter().map(|one| one.parse()).collect::<Result<_, _>>().map_err(|()| {
            Failure::setting("trusted-proxies", "addresses or networks such as 10.0.0.7 or fd00::/8")
        })?;
        Ok(Address { base_url: base_url.trim_end_matches('/').to_owned(), origin, proxies })
    }
}

impl Address {
    /// Where links lead: to the address that was given, else to where it listens. Ends without a slash.
    pub(crate) fn links(&self, listen: SocketAddr) -> String {
        let (ip, port) = (listen.ip(), listen.port());
        if self.origin.is_some() {
            self.base_url.clone()
        } else if ip.is_unspecified() || ip.is_loopback() {
            format!("http://localhost:{port}")
        } else {
            format!("http://{listen}")
        }
    }
}

/// Scheme, host and port as a browser sends them in `Origin` (RFC 6454, 6.2): lower case, without the scheme's own port.
fn origin(url: &str) -> Option<String> {
    let url = url.to_ascii_lowercase();
    let (scheme, rest) = url.split_once("://")?;
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        return None;
    }
    Some(format!("{scheme}://{}", host.strip_suffix(own_port).unwrap_or(host)))
}

impl Network {
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()).checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, bits) =
            text.trim().split_once('/').map_or((text.trim(), None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(drop)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(drop)?;
        if bits > most { Err(()) } else { Ok(Self { base, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_as_browsers_name_it() {
        let origin = |url: &str| origin(url).unwrap_or_default();
        assert_eq!(origin("https://Larka.Example/"), "https://larka.example");
        assert_eq!(origin("https://larka.example:443"), "https://larka.example");
        assert_eq!(origin("http://larka.example:443"), "http://larka.example:443");
        assert_eq!(origin("http://[::1]:8080"), "http://[::1]:8080");
        assert_eq!(
            [
                "larka.example",
                "ftp://x",
                "https://",
                "https://a@b",
                "https://a/larka",
                "https://a/larka/",
                "https://a?b"
            ]
            .map(origin)
            .concat(),
            ""
        );
    }

    #[test]
    fn links_lead_to_the_address_that_was_given_or_to_where_it_listens() {
        let links = |base_url: Option<&str>, listen: &str| {
            let given = Given { base_url: base_url.map(str::to_owned), trusted_proxies: None };
            given.read().unwrap().links(listen.parse().unwrap())
        };
        assert_eq!(links(Some("https://larka.example/"), "127.0.0.1:9000"), "https://larka.example");
        assert_eq!(links(None, "127.0.0.1:9000"), "http://localhost:9000");
        assert_eq!(links(None, "[::]:9000"), "http://localhost:9000");
        assert_eq!(links(None, "10.0.0.7:80"), "http://10.0.0.7:80");
        assert_eq!(links(None, "[fd00::1]:9000"), "http://[fd00::1]:9000");
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.7", "10.0.0.7") && !holds("10.0.0.7", "10.0.0.8"));
        assert!(holds("10.1.0.0/16", "10.1.255.3") && !holds("10.1.0.0/16", "10.2.0.1"));
        assert!(holds("10.0.0.7", "::ffff:10.0.0.7"));
        assert!(
            holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fe80::1") && !holds("fd00::/8", "10.0.0.1")
        );
        assert!(holds("0.0.0.0/0", "192.0.2.1") && holds("::/0", "2001:db8::1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0", "fd00::/129", "10.0.0.1/x", "proxy.example"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
