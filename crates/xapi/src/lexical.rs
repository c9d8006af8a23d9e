//! The forms that strings in a statement must have: IRIs, mail addresses, hashes, UUIDs, language tags.

use std::net::Ipv6Addr;

use uuid::Uuid;

/// Whether `text` is an absolute IRI (RFC 3987): a scheme, and only characters that an IRI may hold where they stand;
/// a web address with a host. IRLs are held to the same. Square brackets and a second `#` are let through behind the
/// host, where browsers write them and tools copy them from.
pub fn is_iri(text: &str) -> bool {
    let Some(colon) = text.bytes().position(|b| !is_scheme_byte(b)) else { return false };
    let (scheme, rest) = text.split_at(colon);
    let Some(rest) = rest.strip_prefix(':') else { return false };
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || rest.is_empty() {
        return false;
    }
    // A web address without a host is none.
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        let Some(rest) = rest.strip_prefix("//") else { return false };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if !is_authority(&rest[..end]) {
            return false;
        }
    }
    has_only_iri_characters(rest)
}

/// How IRIs are held to their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Iris {
    /// They are absolute IRIs.
    #[default]
    Strict,
    /// Anything that can be read stands for one: "An LRS may choose to not validate IRIs" (IEEE 4.2.4.1). What
    /// identifies people is no part of this, nor are the names of extensions (IEEE 4.2.7).
    Lenient,
}

impl Iris {
    /// Whether `text` is one.
    pub fn take(self, text: &str) -> bool {
        is_iri(text) || (self == Self::Lenient && !text.trim().is_empty() && !text.contains(char::is_control))
    }
}

/// Whether `text` is a host, with whose it is before it and a port behind it where it has them (RFC 3986, 3.2).
fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (name, port) = match host.strip_prefix('[').and_then(|literal| literal.split_once(']')) {
        Some((address, port)) if address.starts_with(['v', 'V']) || address.parse::<Ipv6Addr>().is_ok() => {
            (address, port)
        }
        Some(_) => return false,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    !name.is_empty()
        && !name.contains(['[', ']'])
        && !user.contains(['[', ']', '@'])
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Whether `text` is an absolute URI (RFC 3986).
pub(crate) fn is_uri(text: &str) -> bool {
    text.is_ascii() && is_iri(text)
}

/// Whether `text` is `mailto:` and one address.
pub(crate) fn is_mailto(text: &str) -> bool {
    let Some((local, domain)) = text.strip_prefix("mailto:").and_then(|a| a.rsplit_once('@')) else {
        return false;
    };
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    let is_name = || {
        domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii())
        })
    };
    !local.is_empty()
        && !local.starts_with('/')
        && !local.contains(['@', ',', '?', ':', '[', ']'])
        && has_only_iri_characters(local)
        && has_only_iri_characters(domain)
        && (is_literal || is_name())
}

/// Whether `text` is the hexadecimal form of a SHA-1.
pub(crate) fn is_sha1(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether `text` is the hexadecimal form of a SHA-224, -256, -384 or -512.
pub(crate) fn is_sha2(text: &str) -> bool {
    matches!(text.len(), 56 | 64 | 96 | 128) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The UUID in its standard form, 8-4-4-4-12 hexadecimal digits of either case.
pub fn uuid(text: &str) -> Option<Uuid> {
    if text.len() != 36 {
        return None;
    }
    let mut value = 0u128;
    for (at, byte) in text.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
        } else {
            value = value << 4 | u128::from((byte as char).to_digit(16)?);
        }
    }
    Some(Uuid::from_u128(value))
}

/// Whether `text` is an Internet media type (RFC 2045): type, subtype, perhaps parameters.
pub(crate) fn is_media_type(text: &str) -> bool {
    let is_token = |t: &str| {
        !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let (essence, parameters) = text.split_once(';').map_or((text, None), |(e, p)| (e, Some(p)));
    let Some((kind, subtype)) = essence.trim_end_matches([' ', '\t']).split_once('/') else { return false };
    is_token(kind) && is_token(subtype) && parameters.is_none_or(|p| p.chars().all(|c| !c.is_control()))
}

/// Whether `text` is a well-formed language tag (RFC 5646, 2.1).
pub fn is_language_tag(text: &str) -> bool {
    // The common shapes first: `sv`, `en-US`.
    let bytes = text.as_bytes();
    if let [a, b] | [a, b, b'-', _, _] = bytes
        && a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
        && bytes.iter().skip(3).all(u8::is_ascii_alphabetic)
    {
        return true;
    }
    is_private_use(text.split('-'))
        || is_langtag(text)
        || IRREGULAR.iter().any(|t| t.eq_ignore_ascii_case(text))
}

/// The grandfathered tags that the grammar does not cover (RFC 5646, 2.1, `irregular`).
const IRREGULAR: [&str; 17] = [
    "en-GB-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-BE-FR",
    "sgn-BE-NL",
    "sgn-CH-DE",
];

fn is_alpha(subtag: &str) -> bool {
    subtag.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_alphanumeric(subtag: &str) -> bool {
    subtag.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_private_use<'t>(mut subtags: impl Iterator<Item = &'t str>) -> bool {
    let mut some = false;
    subtags.next().is_some_and(|x| x.eq_ignore_ascii_case("x"))
        && subtags.all(|subtag| {
            some = true;
            (1..=8).contains(&subtag.len()) && is_alphanumeric(subtag)
        })
        && some
}

fn is_langtag(text: &str) -> bool {
    let mut subtags = text.split('-').peekable();
    let language = subtags.next().unwrap_or_default();
    if !(2..=8).contains(&language.len()) || !is_alpha(language) {
        return false;
    }
    if language.len() <= 3 {
        for _ in 0..3 {
            subtags.next_if(|t| t.len() == 3 && is_alpha(t));
        }
    }
    subtags.next_if(|t| t.len() == 4 && is_alpha(t));
    subtags.next_if(|t| t.len() == 2 && is_alpha(t) || t.len() == 3 && t.bytes().all(|b| b.is_ascii_digit()));
    while subtags
        .next_if(|t| {
            is_alphanumeric(t)
                && ((5..=8).contains(&t.len()) || t.len() == 4 && t.as_bytes()[0].is_ascii_digit())
        })
        .is_some()
    {}
    while subtags.next_if(|t| t.len() == 1 && is_alphanumeric(t) && !t.eq_ignore_ascii_case("x")).is_some() {
        let mut some = false;
        while subtags.next_if(|t| (2..=8).contains(&t.len()) && is_alphanumeric(t)).is_some() {
            some = true;
        }
        if !some {
            return false;
        }
    }
    subtags.peek().is_none() || is_private_use(subtags)
}

fn is_scheme_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')
}

/// Which ASCII characters an IRI may hold after its scheme; `%` is looked at apart.
const IRI_ASCII: [bool; 128] = {
    let mut allowed = [false; 128];
    let mut b = 0x21;
    while b < 0x7f {
        allowed[b as usize] =
            !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'%');
        b += 1;
    }
    allowed
};

fn has_only_iri_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut ascii = true;
    for (at, &b) in bytes.iter().enumerate() {
        match IRI_ASCII.get(b as usize) {
            Some(true) => {}
            Some(false) => {
                let hex = |n: usize| bytes.get(at + n).is_some_and(u8::is_ascii_hexdigit);
                if b != b'%' || !hex(1) || !hex(2) {
                    return false;
                }
            }
            None => ascii = false,
        }
    }
    if ascii {
        return true;
    }
    let query = text.find('?').map_or(text.len()..text.len(), |begin| {
        begin..text[begin..].find('#').map_or(text.len(), |length| begin + length)
    });
    let allowed = |(at, c)| is_iri_character(c) && (!is_private(c) || query.contains(&at));
    text.char_indices().filter(|(_, c)| !c.is_ascii()).all(allowed)
}

/// `ucschar` and `iprivate` of RFC 3987, less the marks that change a text's direction (its section 4.1).
fn is_iri_character(c: char) -> bool {
    let code = u32::from(c);
    !matches!(code, 0x80..=0x9f | 0x200e | 0x200f | 0x202a..=0x202e | 0xfdd0..=0xfdef | 0xfff0..=0xffff)
        && !matches!(code, 0xe0000..=0xe0fff)
        && code & 0xfffe != 0xfffe
}

/// `iprivate` of RFC 3987, which only a query may hold.
fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xe000..=0xf8ff | 0xf0000..=0x10ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris_are_absolute_and_hold_only_their_characters() {
        for good in [
            "http://example.org/xapi/verbs#tried",
            "HTTPS://example.org",
            "urn:uuid:8f87ccde-bb56-4c2e-ab83-44982ef22df0",
            "tag:example.org,2026:kurs/1",
            "https://example.org/kurs/åäö?fråga=1",
            "act:x",
            "http://[::1]:8080/a",
            "https://anna@example.org:443?a",
            "https://example.org:/a",
            "https://example.org/a?b[c]=d#/e#f",
            "https://example.org/?\u{e000}",
            "x-y+z.1:%C3%A5",
        ] {
            assert!(is_iri(good), "{good}");
        }
        for bad in [
            "",
            "example",
            "example.org/a",
            "/a/b",
            "//example.org/a",
            ":a",
            "1a:b",
            "ab=c://should",
            "http:",
            "http://",
            "http:///a",
            "http:a",
            "http://example.org/a b",
            "http://example.org/<a>",
            "http://example.org/%zz",
            "http://example.org/%4",
            "http://example.org/a\u{0}",
            "http://example.org/\u{202e}a",
            "http://example.org/\u{e000}",
            "http://example.org/?a#\u{e000}",
            "http://ex[ample.org/a",
            "http://[::1/a",
            "http://[1]/a",
            "http://[::1]a/b",
            "http://[]/a",
            "http://a@/b",
            "http://example.org:x/a",
            "http://exa:mple.org/a",
            "å:b",
        ] {
            assert!(!is_iri(bad), "{bad}");
        }
        assert!(is_uri("https://anna.example.org/"));
        assert!(!is_uri("https://åsa.example.org/"));
    }

    #[test]
    fn mail_identifiers_are_mailto_and_one_address() {
        for good in [
            "mailto:a@b.se",
            "mailto:anna.karlsson+x@skola.example.org",
            "mailto:a@localhost",
            "mailto:å@ö.se",
            "mailto:a@[127.0.0.1]",
        ] {
            assert!(is_mailto(good), "{good}");
        }
        for bad in [
            "",
            "a@b.se",
            "mailto:",
            "mailto:a",
            "mailto:@b.se",
            "mailto:a@",
            "mailto:a@b@c.se",
            "mailto:a b@c.se",
            "mailto:a[b]@c.se",
            "MAILTO:a@b.se",
            "mailto://a@b.se",
            "mailto:a@b..se",
            "mailto:a@b.se?subject=x",
            "mailto:a@b.se,c@d.se",
            "http://a@b.se",
            "mailto:should.fail.com",
        ] {
            assert!(!is_mailto(bad), "{bad}");
        }
    }

    #[test]
    fn uuids_stand_in_their_standard_form_in_either_case() {
        let lower = uuid("8f87ccde-bb56-4c2e-ab83-44982ef22df0");
        assert!(lower.is_some());
        assert_eq!(lower, uuid("8F87CCDE-BB56-4C2E-AB83-44982EF22DF0"));
        for bad in [
            "",
            "8f87ccdebb564c2eab8344982ef22df0",
            "{8f87ccde-bb56-4c2e-ab83-44982ef22df0}",
            "8f87ccde-bb56-4c2e-ab83-44982ef22dfg",
            "8f87ccde-bb56-4c2e-ab83-44982ef22df",
            "8f87ccde-bb56-4c2e-ab83-44982ef22df00",
            "8f87ccdeabb56-4c2e-ab83-44982ef22df0",
            "åååååååååååååååååå",
        ] {
            assert_eq!(uuid(bad), None, "{bad}");
        }
    }

    #[test]
    fn language_tags_are_well_formed() {
        for good in [
            "sv",
            "en-US",
            "sv-SE",
            "zh-Hant-TW",
            "es-419",
            "zh-cmn-Hans-CN",
            "de-1901",
            "sl-rozaj-biske",
            "en-a-bbb-x-a-ccc",
            "x-klingon",
            "i-klingon",
            "art-lojban",
            "zh-min-nan",
            "und",
            "qaa-Qaaa-QM-x-southern",
            "de-Latn-DE-1996",
            "en-GB-oed",
        ] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a12345678",
            "something",
            "en_US",
            "en-",
            "-en",
            "en--US",
            "sv-SE-",
            "x",
            "x-",
            "en-a",
            "123",
            "å",
            "sv-åå",
            "ar-a-aaa-x",
            "en-abcdefghi",
        ] {
            assert!(!is_language_tag(bad), "{bad}");
        }
    }

    #[test]
    fn media_types_and_hashes_have_their_form() {
        assert!(is_media_type("text/plain; charset=ascii"));
        assert!(is_media_type("application/vnd.oasis+json"));
        for bad in ["text/plain\r\n\r\n", "", "text", "text/", "/plain", "te xt/plain", "text/plain/x"] {
            assert!(!is_media_type(bad), "{bad}");
        }
        assert!(
            is_sha2(&"aB".repeat(32))
                && is_sha2(&"0".repeat(128))
                && !is_sha2(&"0".repeat(63))
                && !is_sha2(&"g".repeat(64))
        );
        assert!(is_sha1(&"0aF9".repeat(10)) && !is_sha1(&"0".repeat(39)) && !is_sha1(&"z".repeat(40)));
    }
}
