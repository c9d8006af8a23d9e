//! What a `more` address carries: encrypted and authenticated, so that it shows nobody's address and cannot be
//! made up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eventlog::clock::Micros;
use eventlog::{Key, Position};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::{Vault, VaultError};
use views::statements::{Bounds, Filter, Order, Subject};
use xapi::Format;

const PURPOSE: &str = "xapi more";

/// Where a list goes on: everything that the first request asked for, people as pseudonyms, and what of the log is
/// still to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) filter: Filter,
    pub(crate) order: Order,
    pub(crate) bounds: Bounds,
    pub(crate) limit: usize,
    pub(crate) format: Format,
    pub(crate) attachments: bool,
    /// Whoever asked first; nobody else may go on.
    pub(crate) credential: Key,
    pub(crate) expires: Micros,
}

/// The cursor as written. Short names: it stands in an address.
#[derive(Serialize, Deserialize)]
struct Written {
    /// Agents and credential of the `agent` filter; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<(Vec<Key>, Option<Key>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<Key>,
    /// Bits: related agents 1, related activities 2, ascending 4, format ids 8, format canonical 16,
    /// attachments 32.
    f: u8,
    after: u64,
    to: u64,
    n: usize,
    c: Key,
    e: i64,
}

impl Cursor {
    /// The token that stands in the address.
    pub(crate) fn seal(&self, vault: &Vault) -> Result<String, VaultError> {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let written = Written {
            s: self.filter.agent.as_ref().map(|subject| (subject.agents.clone(), subject.credential)),
            v: self.filter.verb.clone(),
            a: self.filter.activity.clone(),
            r: self.filter.registration.map(Uuid::into_bytes),
            f: flag(self.filter.related_agents, 1)
                | flag(self.filter.related_activities, 2)
                | flag(self.order == Order::OldestFirst, 4)
                | flag(self.format == Format::Ids, 8)
                | flag(self.format == Format::Canonical, 16)
                | flag(self.attachments, 32),
            after: self.bounds.after.0,
            to: self.bounds.through.0,
            n: self.limit,
            c: self.credential,
            e: self.expires.0,
        };
        let plain =
            serde_json::to_vec(&written).map_err(|_| VaultError::Invalid("a cursor can be written"))?;
        Ok(URL_SAFE_NO_PAD.encode(vault.seal_token(PURPOSE, &plain)?))
    }

    /// The cursor of a token; none where it was not made here, or is damaged.
    pub(crate) fn open(vault: &Vault, token: &str) -> Option<Self> {
        let plain = vault.open_token(PURPOSE, &URL_SAFE_NO_PAD.decode(token).ok()?)?;
        let written: Written = serde_json::from_slice(&plain).ok()?;
        let flag = |bit: u8| written.f & bit != 0;
        Some(Self {
            filter: Filter {
                agent: written.s.map(|(agents, credential)| Subject { agents, credential }),
                related_agents: flag(1),
                verb: written.v,
                activity: written.a,
                related_activities: flag(2),
                registration: written.r.map(Uuid::from_bytes),
                own: None,
            },
            order: if flag(4) { Order::OldestFirst } else { Order::NewestFirst },
            bounds: Bounds { after: Position(written.after), through: Position(written.to) },
            limit: written.n,
            format: if flag(8) {
                Format::Ids
            } else if flag(16) {
                Format::Canonical
            } else {
                Format::Exact
            },
            attachments: flag(32),
            credential: written.c,
            expires: Micros(written.e),
        })
    }
}
