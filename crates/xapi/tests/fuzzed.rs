//! The targets of the fuzzer (`fuzz/`) as ordinary tests: over the corpus as it stands, and over seeded changes to it.
//! `docs/fuzzing.md` says how to look longer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "../../../fuzz/src/lib.rs"]
#[allow(missing_docs, unreachable_pub, reason = "a crate of its own elsewhere")]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::value::RawValue;

/// Changed inputs for each target.
const CHANGED: usize = 4_000;

/// Pieces that the parsers look for.
const WORDS: [&str; 44] = [
    "\"objectType\":",
    "\"Agent\"",
    "\"Group\"",
    "\"SubStatement\"",
    "\"StatementRef\"",
    "\"Activity\"",
    "\"mbox\":",
    "mailto:",
    "\"member\":[",
    "\"id\":",
    "\"definition\":{",
    "\"extensions\":{",
    "\"contextActivities\":{",
    "\"timestamp\":",
    "\"version\":\"2.0.0\"",
    "null",
    "true",
    "1e999",
    "-0",
    "0.1",
    "{}",
    "[]",
    "[[[[",
    "}}",
    ",",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "å",
    "\u{feff}",
    "\u{202e}",
    "2026-02-29T24:00:60Z",
    "T00:00:00-00:00",
    "P1Y2M3DT4H5M6.789S",
    "PT",
    "sv-SE",
    "--larkby\r\n",
    "\r\n\r\n",
    "--larkby--",
    "&since=",
    "%",
    "agent={",
    ".e30.",
    "https://larkby.example/",
];

/// A generator that gives the same on every machine (xorshift64*).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let scrambled = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(scrambled).unwrap() % end.max(1)
    }
}

/// Every text of the corpus, and what the other parsers read.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for line in [include_str!("corpus/valid.jsonl"), include_str!("corpus/invalid.jsonl")]
        .iter()
        .flat_map(|file| file.lines())
    {
        let fields: std::collections::HashMap<String, &RawValue> = serde_json::from_str(line).unwrap();
        if let Some(statement) = fields.get("statement") {
            seeds.push(statement.get().into());
        }
        if let Some(text) = fields.get("text") {
            seeds.push(serde_json::from_str::<String>(text.get()).unwrap().into_bytes());
        }
    }
    let pairs: Vec<Vec<u8>> =
        seeds.windows(2).map(|pair| [&pair[0][..], b"\xff", &pair[1]].concat()).collect();
    seeds.extend(pairs);
    let others: [&[u8]; 12] = [
        b"\x05\x01\x20\x07--larkby\r\nContent-Type: application/json\r\n\r\n{}\r\n--larkby\r\nX-Experience-API-Hash: 1\r\n\r\n\r\n--lark\r\n--larkby--\r\n",
        b"{\"a\":1,\"b\":{\"c\":2}}\xff{\"b\":{\"d\":[1,2]},\"e\":null}",
        b"{\"name\":{\"sv\":\"Kurs\"},\"interactionType\":\"choice\",\"choices\":[{\"id\":\"a\"}]}\xff{\"name\":{\"en\":\"Course\"},\"choices\":[{\"id\":\"b\",\"description\":{\"sv\":\"B\"}}]}",
        b"{\"alg\":\"RS256\"}",
        b"{\"alg\":\"RS512\",\"x5c\":[\"MIIB\"]}",
        b"eyJhbGciOiJSUzI1NiJ9.e30.AAAA",
        b"agent={\"mbox\":\"mailto:a@larkby.example\"}&activityId=https://larkby.example/a&stateId=s&registration=8f87ccde-bb56-4c2e-ab83-44982ef22df0",
        b"multipart/mixed; boundary=\"larkby\"",
        b"sv-SE, en;q=0.8, *;q=0.1",
        b"2026-03-01T09:30:00.123456789+01:00",
        b"P1Y2M3DT4H5M6.78S",
        b"sl-rozaj-biske-1994",
    ];
    seeds.extend(others.map(Vec::from));
    seeds
}

/// A few changes to one of the seeds.
fn changed(seeds: &[Vec<u8>], seeded: &mut Seeded) -> Vec<u8> {
    let mut data = seeds[seeded.below(seeds.len())].clone();
    for _ in 0..=seeded.below(4) {
        let at = seeded.below(data.len() + 1);
        let length = seeded.below(24).min(data.len() - at);
        match seeded.below(6) {
            0 => drop(data.drain(at..at + length)),
            1 => {
                let word = WORDS[seeded.below(WORDS.len())];
                data.splice(at..at, word.bytes());
            }
            2 => {
                let word = WORDS[seeded.below(WORDS.len())];
                data.splice(at..at + length, word.bytes());
            }
            3 => {
                let twice = data[at..at + length].to_vec();
                data.splice(at..at, twice);
            }
            4 => {
                let other = &seeds[seeded.below(seeds.len())];
                let from = seeded.below(other.len());
                let until = (from + seeded.below(200)).min(other.len());
                data.splice(at..at, other[from..until].iter().copied());
            }
            _ => {
                if let Some(byte) = data.get_mut(at) {
                    *byte ^= 1 << seeded.below(8);
                }
            }
        }
    }
    data
}

fn holds(name: &str) {
    let (_, target) = targets::ALL.iter().find(|(one, _)| *one == name).unwrap();
    let seeds = seeds();
    let mut seeded = Seeded(0x006c_e472_6b61 + name.len() as u64);
    let more = (0..CHANGED).map(|_| changed(&seeds, &mut seeded));
    for data in seeds.iter().cloned().chain(more) {
        let held = catch_unwind(AssertUnwindSafe(|| target(&data)));
        assert!(held.is_ok(), "{name} does not hold of {:?}", String::from_utf8_lossy(&data));
    }
}

macro_rules! targets {
    ($($promise:ident => $name:literal),* $(,)?) => {
        $(#[test]
        fn $promise() {
            holds($name);
        })*

        #[test]
        fn every_target_is_tried_here() {
            let mut tried = vec![$($name),*];
            let mut all: Vec<_> = targets::ALL.iter().map(|(name, _)| *name).collect();
            tried.sort_unstable();
            all.sort_unstable();
            assert_eq!(tried, all);
        }
    };
}

targets! {
    a_statement_is_kept_as_it_came_or_refused => "statement",
    what_is_given_back_of_a_statement_is_one => "output",
    sameness_holds_in_both_directions => "equal",
    parts_do_not_depend_on_the_pieces_they_arrive_in => "multipart",
    a_made_up_signature_is_none => "signature",
    parameters_are_read_or_refused => "parameters",
    an_instant_stays_itself => "times",
    names_have_the_form_that_they_claim => "lexical",
    a_merge_once_more_changes_nothing => "merge",
}
