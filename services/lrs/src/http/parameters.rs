//! The query string.

use super::error::Refusal;

/// Names and values, decoded, in their order.
pub(super) fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Refusal> {
    let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// Adds a name or a value in percent encoding.
pub(super) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => {
                const DIGITS: [char; 16] =
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
                out.push('%');
                out.push(DIGITS[usize::from(byte >> 4)]);
                out.push(DIGITS[usize::from(byte & 15)]);
            }
        }
    }
}

/// Undoes percent encoding, and `+` for a space.
fn decoded(text: &str) -> Result<String, Refusal> {
    let refused = || Refusal::bad_request("the query string is not percent-encoded UTF-8");
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = digit(bytes.next()).zip(digit(bytes.next())).map(|(high, low)| high * 16 + low);
                value.and_then(|value| u8::try_from(value).ok()).ok_or_else(refused)?
            }
            byte => byte,
        });
    }
    String::from_utf8(out).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_decoded_and_a_broken_one_refused() {
        let read = pairs(Some("agent=%7B%22a%22%7D&verb=a+b&x&&y=%C3%A5")).unwrap();
        let expected = [("agent", "{\"a\"}"), ("verb", "a b"), ("x", ""), ("y", "å")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let mut written = String::from("agent=");
        encode(&mut written, "{\"a\"} å&+");
        assert_eq!(pairs(Some(&written)).unwrap(), [("agent".to_owned(), "{\"a\"} å&+".to_owned())]);
        for broken in ["a=%", "a=%4", "a=%zz", "a=%ff", "%C3=1"] {
            assert!(pairs(Some(broken)).is_err(), "{broken}");
        }
    }
}
