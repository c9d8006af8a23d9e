//! Holds the formats still: what fixed keys and nonces give is compared with what was committed, and later versions
//! read what earlier ones wrote. A format that has to change gets a new number and new fixtures; these stay.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use eventlog::Slot;
use sha2::{Digest, Sha256};
use xapi::Identifier;

use crate::agent::{AgentHandle, AgentId, ClassHandle, Owner, Period};
use crate::body::{self, Binding};
use crate::crypto::{self, Secret};
use crate::inner::{class_key, identifier_context, key_context};
use crate::keyring::{Generation, KeyFiles, Keyring};
use crate::{Span, identifier, split, token};

const INSTANCE: [u8; 16] = *b"sixteen bytes of";
const BINDING: Binding<'static> = Binding { event: [0xe1; 16], kind: "statement", slot: 2 };
const PERIOD: Period = Period(2026 * 4 + 2);
const SHORT: &[u8] = br#"{"mbox":"a"}"#;
const LONG: &[u8] =
    br#"{"objectType":"Agent","account":{"homePage":"https://kurser.example.org","name":"anna"}}"#;

fn key(n: u8) -> Secret {
    Secret::from_bytes([n; 32])
}

fn handle(n: u8) -> AgentHandle {
    AgentHandle { agent: AgentId([n; 16]), period: PERIOD, key: Arc::new(key(n)) }
}

fn class() -> ClassHandle {
    ClassHandle { class: 7, key: Arc::new(class_key(&key(0xc0), 7)) }
}

fn seal(owner: &Owner<'_>, plain: &[u8]) -> Vec<u8> {
    body::seal(&INSTANCE, &BINDING, owner, plain, [0x24; 24]).unwrap().body
}

/// Everything that has to come out the same, byte for byte, for good.
fn written() -> BTreeMap<&'static str, Vec<u8>> {
    let mbox = identifier::digest(&Identifier::Mbox("mailto:anna@example.org".into()));
    let account = Identifier::Account { home_page: "https://a.example".into(), name: "anna".into() };
    let agent = AgentId([0xa1; 16]);
    let text = r#"{"actor":{"mbox":"a"},"object":{"mbox":"b"}}"#;
    let spans = [
        Span { range: 9..21, agent: AgentId([0xa1; 16]), tag: 0 },
        Span { range: 31..43, agent: AgentId([0xa2; 16]), tag: 1 },
    ];
    let pieces = split(text, &spans, &[agent]).unwrap();
    BTreeMap::from([
        ("identifier-mbox", mbox.0.to_vec()),
        (
            "identifier-openid",
            identifier::digest(&Identifier::OpenId("https://anna.example".into())).0.to_vec(),
        ),
        ("identifier-account", identifier::digest(&account).0.to_vec()),
        ("lookup", identifier::lookup(&key(0x10), &mbox).to_vec()),
        (
            "wrapped-key",
            crypto::wrap(&key(0x4e), [0x12; 12], &key_context(&INSTANCE, 3, agent, PERIOD), &[0xa1; 32]),
        ),
        (
            "wrapped-identifier",
            crypto::wrap(&key(0x4e), [0x12; 12], &identifier_context(&INSTANCE, 3, agent), &mbox.0),
        ),
        ("class-key", class_key(&key(0xc0), 7).expose().to_vec()),
        ("body-agent", seal(&Owner::Agent(&handle(0xa1)), SHORT)),
        ("body-several", seal(&Owner::Several(&[handle(0xa2), handle(0xa1), handle(0xa2)]), SHORT)),
        ("body-class", seal(&Owner::Class(&class()), SHORT)),
        ("piece-rest", pieces.rest),
        ("piece-other", pieces.others[0].1.clone()),
        ("hash", token::hash(&key(0x4a), "stream", b"address").to_vec()),
        ("token", token::seal(&key(0x70), &INSTANCE, "more", b"cursor", [0x24; 24]).unwrap()),
        ("keyring", files().format(&keyring(), || Ok([0x12; 12])).unwrap()),
        ("dictionary-1-sha256", Sha256::digest(include_bytes!("../dictionaries/1.zdict")).to_vec()),
    ])
}

fn files() -> KeyFiles {
    KeyFiles::with_master(Path::new("keys"), INSTANCE, key(0x3a))
}

fn keyring() -> Keyring {
    let generation = |n| Arc::new(Generation { kek: key(n), lookup: key(n + 1) });
    Keyring {
        generations: BTreeMap::from([(3, generation(0x30)), (4, generation(0x40))]),
        hash: Arc::new(key(0x4a)),
        token: Arc::new(key(0x70)),
        class: Arc::new(key(0xc0)),
    }
}

/// Lines of a name and hexadecimal digits.
fn committed() -> BTreeMap<&'static str, Vec<u8>> {
    include_str!("../tests/fixtures/format-1.txt")
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, digits)| (name, hex::decode(digits).unwrap()))
        .collect()
}

#[test]
fn the_formats_are_what_they_were() {
    let committed = committed();
    for (name, bytes) in written() {
        let before = committed.get(name).map(hex::encode);
        assert_eq!(Some(hex::encode(&bytes)), before, "{name} is written differently");
    }
}

#[test]
fn what_earlier_versions_wrote_is_read() {
    let committed = committed();
    let opened = |name: &str, owner: Option<u8>, keys: &[&Secret], period: u16| {
        let owner = owner.map(|n| [n; 16]);
        let slot = Slot { number: BINDING.slot, owner, period, body: committed[name].clone() };
        let header = body::header(&BINDING, &slot).unwrap();
        body::open(&INSTANCE, &BINDING, &header, keys, &slot).unwrap()
    };
    let (a1, a2) = (key(0xa1), key(0xa2));
    assert_eq!(opened("body-agent", Some(0xa1), &[&a1], PERIOD.0), SHORT);
    assert_eq!(opened("body-several", Some(0xa1), &[&a1, &a2], PERIOD.0), SHORT);
    assert_eq!(opened("body-class", None, &[&class().key], 7), SHORT);
    // What a compressor writes may differ between versions of zstd; what it wrote is read for good.
    assert_eq!(opened("compressed-dictionary-1", Some(0xa1), &[&a1], PERIOD.0), LONG);
    assert_eq!(opened("compressed-no-dictionary", Some(0xa1), &[&a1], PERIOD.0), vec![b'a'; 70_000]);

    let opened = files().parse(&committed["keyring"]).unwrap();
    let keys = |keyring: &Keyring| {
        let rotating =
            keyring.generations.iter().map(|(n, keys)| (*n, *keys.kek.expose(), *keys.lookup.expose()));
        let fixed = [*keyring.hash.expose(), *keyring.token.expose(), *keyring.class.expose()];
        (rotating.collect::<Vec<_>>(), fixed)
    };
    assert_eq!(keys(&opened), keys(&keyring()));
    let token = token::open(&key(0x70), &INSTANCE, "more", &committed["token"]);
    assert_eq!(token.as_deref(), Some(b"cursor".as_slice()));
}

/// Writes the fixtures of a new format; never over existing ones.
#[test]
#[ignore = "writes files"]
fn write_fixtures() {
    let mut all = written();
    all.insert("compressed-dictionary-1", seal(&Owner::Agent(&handle(0xa1)), LONG));
    all.insert("compressed-no-dictionary", seal(&Owner::Agent(&handle(0xa1)), &vec![b'a'; 70_000]));
    let lines: String = all.iter().map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes))).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1.txt");
    assert!(std::fs::read(&file).is_ok_and(|old| old.is_empty()), "fixtures are written once");
    std::fs::write(file, lines).unwrap();
}
