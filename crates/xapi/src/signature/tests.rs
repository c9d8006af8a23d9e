use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::signing::{Algorithm, TestKey};

use super::*;
use crate::parse;

fn sent() -> Value {
    json!({
        "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0",
        "actor": { "account": { "homePage": "https://larkby.example", "name": "anna" } },
        "verb": { "id": "http://adlnet.gov/expapi/verbs/completed", "display": { "sv": "slutförde" } },
        "object": { "id": "https://larkby.example/kurser/a" },
        "timestamp": "2026-01-15T08:00:00Z",
    })
}

fn statement(version: Version) -> Statement {
    let mut sent = sent();
    sent["attachments"] = json!([{ "usageType": crate::Attachment::SIGNATURE, "display": { "sv": "Underskrift" },
        "contentType": "application/octet-stream", "length": 1, "sha2": "0".repeat(64) }]);
    parse::statement(sent.to_string().as_bytes(), version, &parse::Limits::default()).unwrap()
}

fn compact(header: &Value, payload: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.as_bytes()));
    format!("{signed}.{}", encode(&sign(signed.as_bytes())))
}

fn signed(algorithm: Algorithm, key: &TestKey, certificate: Option<&[u8]>, payload: &str) -> String {
    let mut header = json!({ "alg": algorithm.name() });
    if let Some(certificate) = certificate {
        header["x5c"] = json!([STANDARD.encode(certificate)]);
    }
    compact(&header, payload, |message| key.sign(algorithm, message))
}

fn check(jws: &str) -> Result<(), SignatureError> {
    let [old, new] = Version::ALL.map(|version| verify(jws.as_bytes(), &statement(version), version));
    assert_eq!(old, new, "both versions judge alike");
    old
}

#[test]
fn a_signature_by_each_algorithm_is_verified_with_the_certificate() {
    let (key, other) = (TestKey::one(), TestKey::two());
    for algorithm in Algorithm::ALL {
        for version in [1, 3] {
            let payload = sent().to_string();
            assert_eq!(check(&signed(algorithm, &key, Some(&key.certificate(version)), &payload)), Ok(()));
            let others = signed(algorithm, &key, Some(&other.certificate(version)), &payload);
            assert_eq!(check(&others), Err(SignatureError::Signature));
        }
    }
}

#[test]
fn without_a_certificate_the_form_is_checked() {
    let sign = |header: Value| compact(&header, &sent().to_string(), |_| vec![1; 256]);
    assert_eq!(check(&sign(json!({ "alg": "RS256", "typ": "JWT", "kid": "1" }))), Ok(()));
    for algorithm in ["HS256", "ES256", "PS256", "none", "rs256", ""] {
        assert_eq!(check(&sign(json!({ "alg": algorithm }))), Err(SignatureError::Algorithm), "{algorithm}");
    }
    assert_eq!(check(&sign(json!({ "alg": 256 }))), Err(SignatureError::Algorithm));
    assert_eq!(check(&sign(json!({}))), Err(SignatureError::Algorithm));
    for header in [json!([]), json!("RS256"), json!({ "alg": "RS256", "crit": ["b64"], "b64": false })] {
        assert_eq!(check(&sign(header)), Err(SignatureError::Header));
    }
}

#[test]
fn what_is_no_compact_serialization_is_refused() {
    let good = signed(Algorithm::Rs256, &TestKey::one(), None, &sent().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { panic!("three parts") };
    for bad in [
        String::new(),
        "..".into(),
        payload.to_string(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!("{header}.{payload}.{signature}.x"),
        format!("{header}.{payload}.{signature}\n"),
        format!("{header}=.{payload}.{signature}"),
        json!({ "payload": payload, "signatures": [] }).to_string(),
    ] {
        assert_eq!(check(&bad), Err(SignatureError::Compact), "{bad:.80}");
    }
    assert_eq!(
        verify(&[0xff, b'.', b'.'], &statement(Version::V2_0_0), Version::V2_0_0),
        Err(SignatureError::Compact)
    );
}

#[test]
fn the_payload_is_the_statement_as_it_was_before() {
    let with = |payload: &str| check(&signed(Algorithm::Rs256, &TestKey::one(), None, payload));
    let change = |name: &str, value: Value| {
        let mut payload = sent();
        payload[name] = value;
        with(&payload.to_string())
    };
    let mut bare = sent();
    bare.as_object_mut().unwrap().remove("id");
    assert_eq!(with(&bare.to_string()), Ok(()));
    assert_eq!(change("timestamp", json!("2026-01-15T09:00:00+01:00")), Ok(()));
    assert_eq!(
        change("object", json!({ "objectType": "Activity", "id": "https://larkby.example/kurser/a" })),
        Ok(())
    );
    let different = Err(SignatureError::Different);
    assert_eq!(change("id", json!("8f87ccde-bb56-4c2e-ab83-44982ef22df1")), different);
    assert_eq!(change("object", json!({ "id": "https://larkby.example/kurser/b" })), different);
    assert_eq!(change("result", json!({ "success": true })), different);
    let payload = Err(SignatureError::Payload);
    for text in ["x", "{}", "[]", "null", &sent().to_string().replacen('"', "'", 1), &format!("[{}]", sent())]
    {
        assert_eq!(with(text), payload, "{text:.60}");
    }
}

#[test]
fn certificates_that_are_none_or_of_other_keys_are_refused() {
    let payload = sent().to_string();
    let key = TestKey::one();
    let good = key.certificate(3);
    let mut elliptic = good.clone();
    let rsa = elliptic.windows(RSA.len()).position(|window| window == RSA).unwrap();
    elliptic[rsa + 8] = 0x0a;
    let longer = [good.as_slice(), &[0]].concat();
    for bad in [&[][..], b"x", &good[..good.len() - 1], &longer, &elliptic] {
        assert_eq!(
            check(&signed(Algorithm::Rs256, &key, Some(bad), &payload)),
            Err(SignatureError::Certificate)
        );
    }
    for x5c in [json!([]), json!("x"), json!([7]), json!(["not base64"]), Value::Null, json!({})] {
        let header = json!({ "alg": "RS256", "x5c": x5c });
        let jws = compact(&header, &payload, |message| key.sign(Algorithm::Rs256, message));
        assert_eq!(check(&jws), Err(SignatureError::Certificate));
    }
}

#[test]
fn a_changed_byte_of_what_was_signed_is_noticed() {
    let key = TestKey::one();
    let good = signed(Algorithm::Rs512, &key, Some(&key.certificate(3)), &sent().to_string());
    // The same payload, written differently.
    let other = signed(Algorithm::Rs512, &key, Some(&key.certificate(3)), &format!(" {}", sent()));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert_eq!(check(&format!("{signed}.{signature}")), Err(SignatureError::Signature));
}

proptest! {
    #[test]
    fn nothing_that_comes_as_a_certificate_panics(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut certificate = TestKey::one().certificate(3);
        let at = at.index(certificate.len());
        certificate[at] = byte;
        let _ = rsa_key(&certificate);
        certificate.truncate(cut.index(certificate.len()));
        prop_assert_eq!(rsa_key(&certificate), None);
    }

    #[test]
    fn nothing_that_comes_as_a_signature_panics(jws in prop::collection::vec(any::<u8>(), 0..100), text in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        let statement = statement(Version::V2_0_0);
        prop_assert!(verify(&jws, &statement, Version::V2_0_0).is_err());
        prop_assert!(verify(text.as_bytes(), &statement, Version::V2_0_0).is_err());
    }
}
