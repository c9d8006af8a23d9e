//! What has to hold of the parsers, whatever bytes they are given. Each function is a target of libFuzzer
//! (`fuzz/run`), and an ordinary test of `crates/xapi` calls the same ones (`tests/fuzzed.rs`). A broken promise panics.

use uuid::Uuid;
use xapi::documents::{DocumentAction, DocumentQuery, DocumentResource};
use xapi::multipart::{Event, MultipartError, Splitter};
use xapi::output::{Additions, Canonical, Languages};
use xapi::{
    Iris, Limits, Statement, StatementQuery, Version, definition, documents, equal, lexical, output, parse,
    time,
};

/// What is given bytes, and panics where a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const ALL: [(&str, Target); 9] = [
    ("statement", statement),
    ("output", output),
    ("equal", equal),
    ("multipart", multipart),
    ("signature", signature),
    ("parameters", parameters),
    ("times", times),
    ("lexical", lexical),
    ("merge", merge),
];

fn read(text: &[u8], version: Version) -> Option<Statement> {
    parse::statement(text, version, &Limits::default()).ok()
}

/// Two stretches of the data, parted at the first byte that UTF-8 does not have.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == 0xff) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, data),
    }
}

/// A statement is kept as it came, alone or in a list, and what was found in it lies within it.
pub fn statement(data: &[u8]) {
    for version in Version::ALL {
        let one = parse::statement(data, version, &Limits::default());
        if let Ok(one) = &one {
            assert_eq!(one.text.as_bytes(), data.trim_ascii(), "kept as it came");
            for (range, _) in one.cuts() {
                assert!(one.text.get(range).is_some(), "found within the text");
            }
            let list = [b"[", data, b"]"].concat();
            let list = parse::statements(&list, version, &Limits::default());
            assert_eq!(list.map(|list| list.len()), Ok(1), "in a list too");
        }
        if let (Err(one), Ok(many)) = (&one, parse::statements(data, version, &Limits::default())) {
            assert!(
                data.trim_ascii_start().starts_with(b"["),
                "refused alone: {one}, and taken as {}",
                many.len()
            );
        }
    }
}

/// What is given back of a statement is a statement that is the same, in each format.
pub fn output(data: &[u8]) {
    for received in Version::ALL {
        let Some(came) = read(data, received) else { continue };
        for answer in Version::ALL {
            let additions = Additions {
                id: came.id.unwrap_or(Uuid::from_bytes([7; 16])),
                stored: 1_756_684_800_000_000,
                authority: Some(r#"{"account":{"homePage":"https://larkby.example","name":"a"}}"#),
                received,
                answer,
            };
            let exact = output::exact(&came.text, &additions);
            assert!(read(exact.as_bytes(), received).is_some(), "an exact statement is one: {exact}");
            assert!(equal::same_text(&came.text, &exact, received), "and the same: {exact}");
            let again = output::exact(&exact, &additions);
            assert_eq!(exact, again, "given back once more it does not change");
            let languages = Languages::parse("sv, en;q=0.5, *;q=0.1");
            let known = |_: &str| Some(r#"{"name":{"sv":"Kurs","en":"Course"}}"#.to_owned());
            let shown = |_: &str| Some(r#"{"sv":"blev klar","en":"completed"}"#.to_owned());
            let canonical = Canonical { definition: &known, display: &shown, languages: &languages };
            let canonical = output::canonical(&exact, &canonical);
            assert!(
                read(canonical.as_bytes(), received).is_some(),
                "a canonical statement is one: {canonical}"
            );
            let ids = output::ids(&exact);
            assert!(read(ids.as_bytes(), received).is_some(), "a statement of ids is one: {ids}");
            assert_eq!(output::ids(&ids), ids, "ids of ids are the same");
        }
    }
}

/// Sameness is a relation: of each with itself, and in both directions.
pub fn equal(data: &[u8]) {
    let (a, b) = halves(data);
    for version in Version::ALL {
        let (a, b) = (read(a, version), read(b, version));
        for one in [&a, &b].into_iter().flatten() {
            assert!(equal::same(one, one, version));
            let spaced = format!(" {}\n", one.text);
            assert!(equal::same_text(&one.text, &spaced, version), "white space does not count");
        }
        if let (Some(a), Some(b)) = (&a, &b) {
            assert_eq!(equal::same(a, b, version), equal::same(b, a, version), "in both directions");
        }
    }
}

/// What comes out of a body of several parts does not depend on the pieces in which it arrives.
pub fn multipart(data: &[u8]) {
    let Some((pieces, body)) = data.split_first_chunk::<4>() else { return };
    let expected = u64::from(pieces[0]);
    let whole = split(&[body], expected);
    let mut rest = body;
    let mut parted = Vec::new();
    for size in pieces.iter().cycle().map(|size| usize::from(*size) % 64 + 1) {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(size.min(rest.len()));
        parted.push(piece);
        rest = after;
    }
    let parted = split(&parted, expected);
    match (&whole, &parted) {
        (Ok(whole), Ok(parted)) => assert_eq!(whole, parted),
        // Content may be handed on before the body turns out to be broken.
        (whole, parted) => assert_eq!(whole.is_err(), parted.is_err()),
    }
}

/// The headers and content of each part, whose content is said to be that long.
fn split(pieces: &[&[u8]], expected: u64) -> Result<Vec<(String, Vec<u8>)>, MultipartError> {
    let mut splitter = Splitter::new("larkby");
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut take = |event: Event<'_>| {
        match event {
            Event::Part(headers) => parts.push((format!("{headers:?}"), Vec::new())),
            Event::Content(content) => match parts.last_mut() {
                Some((_, all)) => all.extend_from_slice(content),
                None => panic!("content before a part"),
            },
        }
        Ok::<(), MultipartError>(())
    };
    for mut piece in pieces.iter().copied() {
        while splitter.feed_to_part(piece, &mut take)? {
            splitter.expect(expected);
            piece = &[];
        }
    }
    splitter.finish()?;
    Ok(parts)
}

const SIGNED: &str = r#"{"actor":{"mbox":"mailto:anna@larkby.example"},"verb":{"id":"https://larkby.example/v"},"object":{"id":"https://larkby.example/kurser/1"}}"#;

/// A signature that nobody made is no signature, however it looks.
pub fn signature(data: &[u8]) {
    for version in Version::ALL {
        let Some(statement) = read(SIGNED.as_bytes(), version) else { panic!("a statement") };
        let _ = xapi::signature::verify(data, &statement, version);
        // A well-formed one with this header: without a certificate there is nothing to verify.
        let jws = [&base64(data), ".", &base64(SIGNED.as_bytes()), ".", "AAAA"].concat();
        if xapi::signature::verify(jws.as_bytes(), &statement, version).is_ok() {
            assert!(!data.windows(5).any(|part| part == b"\"x5c\""), "nobody has signed this");
        }
    }
}

/// base64url without padding (RFC 4648, 5).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            out.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    out
}

/// Whatever stands in an address or a header is read or refused.
pub fn parameters(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let pairs: Vec<(&str, &str)> =
        text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    for iris in [Iris::Strict, Iris::Lenient] {
        let _ = StatementQuery::parse(pairs.iter().copied(), iris);
    }
    for version in Version::ALL {
        let _ = Version::negotiate(Some(&text), Some(version));
    }
    for resource in
        [DocumentResource::State, DocumentResource::ActivityProfile, DocumentResource::AgentProfile]
    {
        for action in [DocumentAction::Read, DocumentAction::Write, DocumentAction::Delete] {
            let read = DocumentQuery::parse(pairs.iter().copied(), resource, action, Iris::Strict);
            if action == DocumentAction::Write {
                assert!(
                    read.is_err() || read.is_ok_and(|query| query.id.is_some()),
                    "a write names its document"
                );
            }
        }
    }
    if let Ok(agent) = xapi::person::parameters(pairs.iter().copied()) {
        let person = xapi::person::person(&agent);
        assert!(documents::merge(None, person.as_bytes()).is_ok(), "a Person is an object: {person}");
    }
    let _ = parse::agent(&text);
    if let Ok(boundary) = xapi::multipart::boundary(&text) {
        assert!((1..=70).contains(&boundary.len()));
    }
    let _ = output::map_in_one_language(r#"{"sv":"Kurs","en":"Course"}"#, &Languages::parse(&text));
}

/// An instant stays itself in UTC and in writing.
pub fn times(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(at) = time::parse_timestamp(&text) {
        if let Some(utc) = time::to_utc(&text) {
            assert_eq!(
                time::parse_timestamp(&utc).map(|again| again.micros),
                Some(at.micros),
                "{text} {utc}"
            );
        }
        let written = time::format_timestamp(at.micros);
        assert_eq!(time::parse_timestamp(&written).map(|again| again.micros), Some(at.micros), "{written}");
    }
    let _ = time::parse_duration(&text);
    if let Some(bytes) = data.first_chunk() {
        let _ = time::format_timestamp(i64::from_le_bytes(*bytes));
    }
}

/// IRIs, UUIDs and language tags.
pub fn lexical(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if lexical::is_iri(&text) {
        assert!(text.contains(':') && !text.contains([' ', '<', '>', '"', '\n']), "{text}");
    }
    if let Some(id) = lexical::uuid(&text) {
        assert_eq!(id.to_string(), text.to_lowercase());
    }
    if lexical::is_language_tag(&text) {
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{text}");
    }
}

/// A merge of objects is an object, and merging the same once more changes nothing.
pub fn merge(data: &[u8]) {
    let (stored, posted) = halves(data);
    if let Ok(merged) = documents::merge(Some(stored), posted) {
        assert_eq!(documents::merge(Some(&merged), posted).as_ref(), Ok(&merged));
        assert_eq!(documents::merge(Some(b"{}"), &merged), documents::merge(Some(&merged), b"{}"));
    }
    if let (Some(first), Some(update)) = (valid_definition(stored), valid_definition(posted)) {
        let known = definition::merge(None, first);
        let merged = definition::merge(known.as_deref(), update).or(known);
        if let Some(merged) = merged {
            assert!(
                valid_definition(merged.as_bytes()).is_some(),
                "a merged definition is a valid one: {merged}"
            );
            assert_eq!(definition::merge(Some(&merged), update), None, "once more changes nothing: {merged}");
            let whole = definition::activity("https://larkby.example/kurser/1", Some(&merged));
            assert!(documents::merge(None, whole.as_bytes()).is_ok(), "an activity is an object: {whole}");
        }
    }
}

/// The text, if it is a valid definition of an activity.
fn valid_definition(text: &[u8]) -> Option<&str> {
    let statement = [SIGNED.trim_end_matches("}}").as_bytes(), b",\"definition\":", text, b"}}"].concat();
    let valid = documents::merge(None, text).is_ok() && read(&statement, Version::V2_0_0).is_some();
    std::str::from_utf8(text).ok().filter(|_| valid)
}
