use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<serde_json::Value, Malformed> {
    let mut reader = Reader::new(text, 64)?;
    let value = to_serde(reader.value()?);
    reader.finish()?;
    Ok(value)
}

fn to_serde(value: Value<'_>) -> serde_json::Value {
    match value.kind() {
        Kind::Object => value.entries().map(|(k, v)| (k.string().into_owned(), to_serde(v))).collect(),
        Kind::Array => value.items().map(to_serde).collect(),
        Kind::String => value.string().into(),
        _ => serde_json::from_str(value.raw()).unwrap(),
    }
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (text, at) in [
        ("", 0),
        ("\u{feff}{}", 0),
        ("{} x", 3),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("{\"a\" 1}", 5),
        ("[1 2]", 3),
        ("01", 1),
        ("-", 1),
        ("1.", 2),
        ("1e", 2),
        ("+1", 0),
        ("nul", 0),
        ("\"a", 2),
        ("\"a\nb\"", 2),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 1),
        ("'a'", 0),
        ("NaN", 0),
    ] {
        assert_eq!(read(text).map_err(|e| e.at), Err(at), "{text}");
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_and_a_whole_one_is_a_character() {
    for bad in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud83dx""#, r#""\ude00\ud83d""#] {
        assert!(read(bad).is_err(), "{bad}");
    }
    assert_eq!(read(r#""\ud83d\ude00\u0000\u00e5""#), Ok("😀\0å".into()));
}

#[test]
fn depth_is_limited() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(read(&nested(64)).is_ok());
    assert!(read(&nested(65)).is_err());
    assert!(Reader::new(&nested(1_000_000), usize::MAX).unwrap().value().is_err());
}

#[test]
fn a_key_that_comes_twice_is_noticed_however_it_is_written() {
    let repeats = |text: &str| Reader::new(text, 8).unwrap().value().unwrap().repeats_a_key();
    assert!(repeats(r#"{"a":1,"a":1}"#));
    assert!(repeats(r#"{"a":1,"b":{},"\u0061":2}"#));
    assert!(!repeats(r#"{"a":1,"b":{"a":1},"A":2}"#));
    let many: Vec<_> = (0..100).map(|n| format!("\"k{n}\":{n}")).collect();
    assert!(!repeats(&format!("{{{}}}", many.join(","))));
    assert!(repeats(&format!("{{{},\"k7\\u0030\":0}}", many.join(","))));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|n| serde_json::json!(n)),
        ".{0,20}".prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((".{0,8}", inner), 0..6).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn values_are_read_as_another_reader_reads_them(value in json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(read(&text).unwrap(), serde_json::from_str::<serde_json::Value>(&text).unwrap());
        }
    }

    #[test]
    fn any_text_is_accepted_or_refused_as_another_reader_does(text in "[\\[\\]{}:,\"\\\\a0-9.eE+\\- \ntrufalsn]{0,40}") {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        // The other reader refuses numbers beyond the range of f64.
        if !other.as_ref().is_err_and(|e| e.to_string().contains("out of range")) {
            prop_assert_eq!(read_only(&text), other.is_ok());
        }
    }

    #[test]
    fn strings_written_are_strings_read(string in any::<String>()) {
        let mut text = String::new();
        write_string(&mut text, &string);
        prop_assert_eq!(read(&text).unwrap(), serde_json::Value::from(string));
    }

    #[test]
    fn quotes_are_found_wherever_they_stand(before in "[a-zåäö\u{7f}-\u{ff}]{0,24}", end in "[\"\\\\\u{1}\u{1f}\n]") {
        let text = format!("{before}{end}tail");
        prop_assert_eq!(plain_prefix(text.as_bytes()), before.len());
    }
}

fn read_only(text: &str) -> bool {
    Reader::new(text, 127).is_ok_and(|mut reader| reader.value().is_ok() && reader.finish().is_ok())
}
