//! What is asked of a forward: where to, what, and what is shared with the other side.

use domain::Selection;
use domain::organisation::Organisation;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use vault::secrets::Forward;
use xapi::Version;
use zeroize::Zeroizing;

use crate::error::ForwardError;
use crate::reach::Reach;

/// The longest name, in bytes: it is a label of metrics.
const LONGEST_NAME: usize = 64;
/// The longest address, user or password, in bytes.
const LONGEST: usize = 2_000;

/// What stands at the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Another learning record store.
    Lrs,
    /// Whatever takes signed JSON.
    Webhook,
}

impl Kind {
    /// Its number among the facts.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Lrs => 1,
            Self::Webhook => 2,
        }
    }
}

/// Where to and what, as lists show it and the vault keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What stands there.
    pub kind: Kind,
    /// Its address, without what follows a question mark: that may be a secret.
    pub to: String,
    /// The versions of the standard that the record store takes, such as `1.0.3`; none for a webhook.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Which statements.
    #[serde(default)]
    pub selection: Selection,
}

impl Terms {
    pub(crate) fn of(forward: &Forward) -> Result<Self, ForwardError> {
        serde_json::from_str(&forward.terms)
            .map_err(|_| ForwardError::Failed(format!("the terms of {} are damaged", forward.name)))
    }

    /// Whether the other side takes statements of a version.
    pub(crate) fn takes(&self, version: Version) -> bool {
        self.kind == Kind::Webhook || self.versions.iter().any(|taken| taken == version.header_value())
    }

    /// The version that statements are turned into: a record store of 2.0 alone is told those of 1.0.x as one of 2.0
    /// gives them. Otherwise each stays what it came by.
    pub(crate) fn turned_into(&self) -> Option<Version> {
        let newer = Version::V2_0_0;
        (self.kind == Kind::Lrs && self.takes(newer) && !self.takes(Version::V1_0_3)).then_some(newer)
    }
}

/// A forward as it is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is called.
    pub name: String,
    /// What stands at the other side.
    pub kind: Kind,
    /// The record store's xAPI endpoint, or the webhook's address.
    pub to: String,
    /// The record store's user.
    pub user: Option<String>,
    /// And its password.
    pub password: Option<String>,
    /// The versions of the standard that the record store takes; both where it is empty.
    pub versions: Vec<String>,
    /// Which statements.
    pub selection: Selection,
    /// The position after which it begins; the log's end where it is not given.
    pub from: Option<u64>,
}

/// What is shared with the other side, and its whole address.
#[derive(Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) url: String,
    /// The record store's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// Its password, or what deliveries are signed with.
    pub(crate) secret: String,
}

impl Secret {
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, ForwardError> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|e| ForwardError::Failed(e.to_string()))
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// A forward that was asked for and can be had.
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) terms: Terms,
    pub(crate) secret: Secret,
    /// The secret, where whoever asked does not know it yet.
    pub(crate) shown: Option<Zeroizing<String>>,
    pub(crate) from: Option<u64>,
}

impl Wanted {
    /// Holds what is asked for against what can be had.
    pub(crate) fn checked(self, organisation: &Organisation, reach: Reach) -> Result<Checked, ForwardError> {
        let Self { name, kind, to, user, password, mut versions, selection, from } = self;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
            return Err(invalid("/name", format!("1 to {LONGEST_NAME} letters a to z, digits and hyphens")));
        }
        let url = address(&to, kind)?;
        reach.check(&url).map_err(|why| invalid("/to", format!("another address: {why}")))?;
        selection.check().map_err(|(list, expected)| {
            let at = match list {
                "verbs" => "/verbs",
                "activities" => "/activities",
                _ => "/units",
            };
            invalid(at, expected)
        })?;
        if !selection.has_units(organisation) {
            return Err(invalid("/units", "codes of units that the organisation has"));
        }
        let (secret, shown) = match kind {
            Kind::Lrs => {
                let given = |text: &Option<String>| {
                    text.as_ref().is_some_and(|text| !text.is_empty() && text.len() <= LONGEST)
                };
                if !given(&user) || user.as_ref().is_some_and(|user| user.contains(':')) {
                    return Err(invalid("/user", "the user of the record store, without a colon"));
                }
                if !given(&password) {
                    return Err(invalid("/password", "the password of the record store"));
                }
                (password.unwrap_or_default(), None)
            }
            Kind::Webhook => {
                if user.is_some() || password.is_some() {
                    return Err(invalid(
                        "/user",
                        "no user and no password: deliveries to a webhook are signed",
                    ));
                }
                let mut bits = Zeroizing::new([0_u8; 32]);
                getrandom::fill(bits.as_mut_slice())
                    .map_err(|e| ForwardError::Failed(format!("the system gives no randomness: {e}")))?;
                let secret = hex::encode(bits.as_slice());
                (secret.clone(), Some(Zeroizing::new(secret)))
            }
        };
        let known: Vec<&str> = Version::ALL.iter().map(|version| version.header_value()).collect();
        match kind {
            Kind::Lrs if versions.is_empty() => versions = known.iter().map(|v| (*v).to_owned()).collect(),
            Kind::Lrs if versions.iter().all(|version| known.contains(&version.as_str())) => {}
            Kind::Webhook if versions.is_empty() => {}
            Kind::Lrs => return Err(invalid("/versions", format!("some of {}", known.join(", ")))),
            Kind::Webhook => {
                return Err(invalid("/versions", "no versions: a webhook takes every statement"));
            }
        }
        let mut plain = url.clone();
        plain.set_query(None);
        let to = if url.query().is_some() { format!("{plain}?…") } else { plain.into() };
        let terms = Terms { kind, to, versions, selection };
        let secret = Secret { url: url.into(), user, secret };
        Ok(Checked { name, terms, secret, shown, from })
    }
}

fn address(to: &str, kind: Kind) -> Result<Url, ForwardError> {
    let expected = match kind {
        Kind::Lrs => {
            "the xAPI endpoint of a record store: http:// or https://, no user, nothing after a ? or #"
        }
        Kind::Webhook => "an address to post to: http:// or https://, no user, nothing after a #",
    };
    let url = Some(to).filter(|to| to.len() <= LONGEST).and_then(|to| Url::parse(to).ok());
    let url = url.filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && (kind == Kind::Webhook || url.query().is_none())
    });
    url.ok_or_else(|| invalid("/to", expected))
}

fn invalid(at: &'static str, expected: impl Into<String>) -> ForwardError {
    ForwardError::Invalid { at, expected: expected.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(kind: Kind, to: &str) -> Wanted {
        let given = (kind == Kind::Lrs).then(|| "given".to_owned());
        Wanted {
            name: "county".into(),
            kind,
            to: to.into(),
            user: given.clone(),
            password: given,
            versions: vec![],
            selection: Selection::default(),
            from: None,
        }
    }

    fn place(wanted: Wanted) -> Option<&'static str> {
        match wanted.checked(&Organisation::default(), Reach::Private) {
            Ok(_) => None,
            Err(ForwardError::Invalid { at, .. }) => Some(at),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn an_address_is_http_names_a_host_and_carries_no_user() {
        for (kind, to, good) in [
            (Kind::Lrs, "https://lrs.example/xapi", true),
            (Kind::Lrs, "http://127.0.0.1:8080/xapi/", true),
            (Kind::Lrs, "https://lrs.example/xapi?a=b", false),
            (Kind::Webhook, "https://hook.example/in?token=t", true),
            (Kind::Webhook, "https://hook.example/in#part", false),
            (Kind::Webhook, "https://anna:secret@hook.example/in", false),
            (Kind::Webhook, "ftp://hook.example/in", false),
            (Kind::Webhook, "file:///etc/passwd", false),
            (Kind::Webhook, "hook.example", false),
            (Kind::Webhook, "", false),
        ] {
            assert_eq!(place(wanted(kind, to)), (!good).then_some("/to"), "{to}");
        }
    }

    #[test]
    fn plain_http_and_what_is_not_public_are_had_only_by_setting() {
        for to in ["http://lrs.example/xapi", "https://127.0.0.1/xapi", "https://[fd00::1]/xapi"] {
            let wanted = wanted(Kind::Lrs, to);
            let refused = wanted.checked(&Organisation::default(), Reach::Public).err().unwrap().to_string();
            assert!(refused.contains("reach-private"), "{refused}");
        }
    }

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        let hook = wanted(Kind::Webhook, "https://hook.example/in?token=hemligt");
        let checked = hook.checked(&Organisation::default(), Reach::Private).unwrap();
        assert!(!serde_json::to_string(&checked.terms).unwrap().contains("hemligt"));
        assert_eq!(checked.secret.url, "https://hook.example/in?token=hemligt");
        assert_eq!(checked.shown.unwrap().len(), 64);
    }

    #[test]
    fn each_part_that_cannot_be_had_is_named() {
        let lrs = || wanted(Kind::Lrs, "https://lrs.example/xapi");
        let hook = || wanted(Kind::Webhook, "https://hook.example/in");
        let list = |entry: &str| vec![entry.to_owned()];
        for (wanted, at) in [
            (Wanted { name: "Län".into(), ..lrs() }, "/name"),
            (Wanted { name: String::new(), ..lrs() }, "/name"),
            (Wanted { user: None, ..lrs() }, "/user"),
            (Wanted { user: Some("a:b".into()), ..lrs() }, "/user"),
            (Wanted { password: None, ..lrs() }, "/password"),
            (Wanted { password: Some("p".into()), ..hook() }, "/user"),
            (Wanted { versions: list("1.0.2"), ..lrs() }, "/versions"),
            (Wanted { versions: list("2.0.0"), ..hook() }, "/versions"),
            (
                Wanted { selection: Selection { units: list("S1"), ..Selection::default() }, ..lrs() },
                "/units",
            ),
            (Wanted { selection: Selection { verbs: list("x"), ..Selection::default() }, ..lrs() }, "/verbs"),
        ] {
            assert_eq!(place(wanted.clone()), Some(at), "{wanted:?}");
        }
    }

    #[test]
    fn statements_are_turned_into_2_0_for_whoever_takes_nothing_else_and_never_into_1_0() {
        let terms = |versions: &[&str]| {
            let versions = versions.iter().map(|version| (*version).to_owned()).collect();
            Wanted { versions, ..wanted(Kind::Lrs, "https://lrs.example/xapi") }
                .checked(&Organisation::default(), Reach::Private)
                .unwrap()
                .terms
        };
        assert_eq!(terms(&[]).turned_into(), None);
        assert_eq!(terms(&["1.0.3", "2.0.0"]).turned_into(), None);
        assert_eq!(terms(&["1.0.3"]).turned_into(), None);
        assert_eq!(terms(&["2.0.0"]).turned_into(), Some(Version::V2_0_0));
        assert!(!terms(&["1.0.3"]).takes(Version::V2_0_0));
    }
}
