//! Which machines may be connected to: by default those of the public internet alone, and over https.
//!
//! An address that somebody typed, or a name that leads elsewhere tomorrow, must not open what only this machine
//! reaches: databases, other services' pages, a cloud's credentials. So it is looked at what a name leads to each time
//! that a connection is made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

/// What may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Public addresses, over https.
    #[default]
    Public,
    /// Loopback and private addresses and plain http too.
    Private,
    /// The same, and by way of the system's proxies, where it has some. They look names up by themselves: what those
    /// lead to is for them to bound, also where it is never connected to from here.
    Proxies,
}

/// Why something is not connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// It is never.
    #[error(
        "it is at a link-local or multicast address, or at a cloud's metadata, which is never connected to"
    )]
    Never,
    /// It needs [`Reach::Private`].
    #[error("it is at a loopback or private address, which needs the setting reach-private")]
    Private,
    /// It needs [`Reach::Private`] for not being https.
    #[error("it is plain http, which needs the setting reach-private")]
    Plain,
}

impl Reach {
    /// Begins a client that connects to what may be connected to, and follows no redirect. Addresses with a number in
    /// place of a name are not looked up, and are for [`Reach::check`].
    pub fn client(self) -> ClientBuilder {
        let builder = Client::builder().redirect(Policy::none()).dns_resolver(std::sync::Arc::new(self));
        if self == Self::Proxies { builder } else { builder.no_proxy() }
    }

    /// Looks at what can be seen of an address before its name is looked up.
    ///
    /// # Errors
    /// [`Barred`].
    pub fn check(self, url: &Url) -> Result<(), Barred> {
        let host = url.host_str().unwrap_or_default();
        if let Ok(ip) = host.trim_matches(['[', ']']).parse() {
            self.check_ip(ip)?;
        }
        if url.scheme() == "https" || self != Self::Public { Ok(()) } else { Err(Barred::Plain) }
    }

    fn check_ip(self, ip: IpAddr) -> Result<(), Barred> {
        match standing(ip) {
            Ok(()) => Ok(()),
            Err(Barred::Private) if self != Self::Public => Ok(()),
            barred => barred,
        }
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            let mut barred = None;
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let may = |address: &std::net::SocketAddr| {
                reach.check_ip(address.ip()).inspect_err(|why| barred = Some(*why)).is_ok()
            };
            let all: Vec<_> = found.filter(may).collect();
            match barred {
                Some(why) if all.is_empty() => Err(why.into()),
                _ => Ok(Box::new(all.into_iter()) as Addrs),
            }
        })
    }
}

/// Where clouds tell their machines secrets, beside link-local addresses: Alibaba, Azure, Oracle; Amazon and Google.
const METADATA: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x254),
];

/// What is not of the public internet (IANA's registry of special-purpose addresses, RFC 6890), by its leading bits.
const SPECIAL: [(Ipv4Addr, u32); 13] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The same of IPv6 within 2000::/3, outside of which nothing is public.
const SPECIAL_6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is of the public internet, or why not.
fn standing(ip: IpAddr) -> Result<(), Barred> {
    match ip {
        IpAddr::V4(ip) => standing_4(ip),
        IpAddr::V6(ip) => match within(ip) {
            Some(ip) => standing_4(ip),
            None => standing_6(ip),
        },
    }
}

fn standing_4(ip: Ipv4Addr) -> Result<(), Barred> {
    if ip.is_link_local() || ip.is_multicast() || ip.is_broadcast() || METADATA.contains(&ip) {
        return Err(Barred::Never);
    }
    let begins = |(net, bits): &(Ipv4Addr, u32)| (u32::from(ip) ^ u32::from(*net)).leading_zeros() >= *bits;
    if SPECIAL.iter().any(begins) { Err(Barred::Private) } else { Ok(()) }
}

fn standing_6(ip: Ipv6Addr) -> Result<(), Barred> {
    if ip.is_unicast_link_local() || ip.is_multicast() || METADATA_6.contains(&ip) {
        return Err(Barred::Never);
    }
    let begins = |(net, bits): &(Ipv6Addr, u32)| (u128::from(ip) ^ u128::from(*net)).leading_zeros() >= *bits;
    let global = ip.segments()[0] >> 13 == 1;
    if !global || SPECIAL_6.iter().any(begins) { Err(Barred::Private) } else { Ok(()) }
}

/// The address of IPv4 that one of IPv6 stands for: mapped or compatible (RFC 4291 2.5.5), translated (RFC 6052), or
/// tunnelled to (RFC 3056).
fn within(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = ip.segments();
    let at = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(at(high, low)),
        (0x2002, ..) => Some(at(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn barred(reach: Reach, url: &str) -> Option<Barred> {
        reach.check(&Url::parse(url).unwrap()).err()
    }

    #[test]
    fn what_is_link_local_is_never_connected_to_and_what_is_private_only_by_setting() {
        let never = [
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "[fe80::1]",
            "[febf::1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "[ff02::1]",
        ];
        let private = [
            "127.0.0.1",
            "127.1",
            "0.0.0.0",
            "0177.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "198.19.0.1",
            "240.0.0.1",
            "[::]",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[::7f00:1]",
            "[fc00::1]",
            "[fd12::1]",
            "[fec0::1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:a00:1::]",
            "[2001:db8::1]",
            "[2001::1]",
            "[100::1]",
        ];
        let public = [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "169.253.0.1",
            "192.167.0.1",
            "[2606:4700::1111]",
            "[2001:4860::8888]",
            "[64:ff9b::101:101]",
            "[2002:101:101::1]",
            "lrs.example",
            "localhost",
        ];
        for host in never {
            for reach in [Reach::Public, Reach::Private, Reach::Proxies] {
                assert_eq!(barred(reach, &format!("https://{host}/x")), Some(Barred::Never), "{host}");
            }
        }
        for host in private {
            let url = format!("https://{host}/x");
            assert_eq!(barred(Reach::Public, &url), Some(Barred::Private), "{host}");
            assert_eq!(barred(Reach::Private, &url), None, "{host}");
        }
        for host in public {
            assert_eq!(barred(Reach::Public, &format!("https://{host}/x")), None, "{host}");
            assert_eq!(barred(Reach::Public, &format!("http://{host}/x")), Some(Barred::Plain), "{host}");
            assert_eq!(barred(Reach::Private, &format!("http://{host}/x")), None, "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_looked_through() {
        let client = Reach::Public.client().build().unwrap();
        let error = client.get("https://localhost:9/").send().await.unwrap_err();
        let mut said = error.to_string();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
        while let Some(inner) = cause {
            said = inner.to_string();
            cause = inner.source();
        }
        assert!(error.is_connect() && said.contains("reach-private"), "{said}");
        let client = Reach::Private.client().build().unwrap();
        let error = client.get("http://localhost:9/").send().await.unwrap_err();
        assert!(!format!("{error:?}").contains("reach-private"), "{error:?}");
    }
}
