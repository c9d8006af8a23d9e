//! The canonical form of an identifier, under which an agent is found again.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use xapi::Identifier;

use crate::crypto::{self, Secret};

/// SHA-256 over the type and the exact identifier. Mailbox and SHA-1 of a mailbox have one form, so that they
/// lead to the same agent. Who sees it can confirm a guess: it leaves memory only wrapped, or keyed by [`lookup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digested(pub(crate) [u8; 32]);

/// The digest of an identifier in the spelling by which it is compared.
pub(crate) fn digest(identifier: &Identifier) -> Digested {
    match identifier.folded() {
        Some(folded) => exact(&folded),
        None => exact(identifier),
    }
}

/// The digest of an identifier as it is spelled, where that is not how it is compared: what agents were found by before
/// the domains of mail addresses were.
pub(crate) fn spelled(identifier: &Identifier) -> Option<Digested> {
    identifier.folded().is_some().then(|| exact(identifier))
}

/// Type numbers are part of the format.
fn exact(identifier: &Identifier) -> Digested {
    match identifier {
        Identifier::Mbox(mbox) => parts(1, &[hex::encode(Sha1::digest(mbox)).as_bytes()]),
        Identifier::MboxSha1sum(sum) => parts(1, &[sum.to_ascii_lowercase().as_bytes()]),
        Identifier::OpenId(uri) => parts(2, &[uri.as_bytes()]),
        Identifier::Account { home_page, name } => parts(3, &[home_page.as_bytes(), name.as_bytes()]),
    }
}

/// What the table of agents is searched by: HMAC-SHA256 under the generation's lookup key.
pub(crate) fn lookup(key: &Secret, digest: &Digested) -> [u8; 32] {
    crypto::keyed_hash(key, &[b"larka lookup 1", &digest.0])
}

fn parts(kind: u8, parts: &[&[u8]]) -> Digested {
    let mut hash = Sha256::new();
    hash.update(b"larka identifier 1");
    hash.update([kind]);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Digested(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_and_its_sha1_are_one_identifier_and_everything_else_is_exact() {
        let mbox = Identifier::Mbox("mailto:a@example.org".into());
        let sum = hex::encode(Sha1::digest("mailto:a@example.org"));
        assert_eq!(digest(&mbox), digest(&Identifier::MboxSha1sum(sum.to_ascii_uppercase())));
        assert_ne!(digest(&mbox), digest(&Identifier::Mbox("mailto:A@example.org".into())));
        let upper = Identifier::Mbox("mailto:a@EXAMPLE.Org".into());
        assert_eq!((digest(&upper), spelled(&mbox)), (digest(&mbox), None));
        assert_eq!(
            spelled(&upper),
            Some(digest(&Identifier::MboxSha1sum(hex::encode(Sha1::digest("mailto:a@EXAMPLE.Org")))))
        );
        assert_ne!(digest(&mbox), digest(&Identifier::OpenId(sum)));
        let account = |home_page: &str, name: &str| {
            digest(&Identifier::Account { home_page: home_page.into(), name: name.into() })
        };
        assert_ne!(account("https://a.example/x", "y"), account("https://a.example/", "xy"));
    }
}
