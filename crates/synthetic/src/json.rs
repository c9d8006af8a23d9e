//! Writing JSON text directly.

use std::fmt;

/// A text as a JSON string, escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut written = 0;
        for (at, letter) in self.0.char_indices().filter(|(_, c)| matches!(c, '"' | '\\' | '\0'..='\u{1f}')) {
            f.write_str(&self.0[written..at])?;
            match letter {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                other => write!(f, "\\u{:04x}", u32::from(other))?,
            }
            written = at + letter.len_utf8();
        }
        f.write_str(&self.0[written..])?;
        f.write_str("\"")
    }
}

/// A language map of Swedish and English.
pub(crate) fn texts(sv: &str, en: &str) -> String {
    format!("{{\"sv\":{},\"en\":{}}}", Quoted(sv), Quoted(en))
}

/// Appends a number in decimal, with at least `digits` digits.
pub(crate) fn number(out: &mut String, mut value: u64, digits: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while value > 0 {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let from = at.min(buffer.len() - digits.clamp(1, 20));
    out.extend(buffer[from..].iter().map(|digit| char::from(*digit)));
}

/// Appends thousandths as a decimal fraction without trailing zeros.
pub(crate) fn thousandths(out: &mut String, value: u64) {
    number(out, value / 1000, 1);
    let mut rest = value % 1000;
    if rest > 0 {
        let mut digits = 3;
        while rest.is_multiple_of(10) {
            rest /= 10;
            digits -= 1;
        }
        out.push('.');
        number(out, rest, digits);
    }
}

/// Appends a UUID in its usual form.
pub(crate) fn uuid(out: &mut String, bits: u128) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut shift = 128;
    for (at, place) in text.iter_mut().enumerate() {
        if !matches!(at, 8 | 13 | 18 | 23) {
            shift -= 4;
            *place = DIGITS[(bits >> shift) as usize & 0xf];
        }
    }
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_reads_back_as_it_was() {
        for text in ["", "å\"ä\\ö", "a\nb\u{1}c\u{1f}", "Förskolan Ärlan"] {
            let json = Quoted(text).to_string();
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn numbers_have_no_needless_zeros() {
        let written = |value| {
            let mut out = String::new();
            thousandths(&mut out, value);
            out
        };
        assert_eq!(
            [written(0), written(1000), written(875), written(50), written(700)],
            ["0", "1", "0.875", "0.05", "0.7"]
        );
        let mut out = String::new();
        number(&mut out, 7, 3);
        number(&mut out, 0, 1);
        number(&mut out, 1234, 2);
        assert_eq!(out, "00701234");
    }

    #[test]
    fn a_uuid_is_written_as_uuid_writes_it() {
        let bits = 0x0123_4567_89ab_4cde_8f01_2345_6789_abcd_u128;
        let mut out = String::new();
        uuid(&mut out, bits);
        assert_eq!(out, uuid::Uuid::from_u128(bits).to_string());
    }
}
