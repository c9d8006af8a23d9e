//! Objects of a file of JSON: in LimeSurvey's `{"responses": […]}`, in an array, or one a line.

use std::io::BufRead as _;

use serde_json::{Map, Value as Json};

use super::lines::{Input, LONGEST, too_long, unreadable};
use super::row::broken;
use crate::refusal::Refusal;

/// A file's objects, one after another.
pub(super) struct Objects {
    input: Input,
    read: u64,
    form: Form,
}

/// An object, and which it is, counted from 1.
pub(super) type Numbered = (u64, Map<String, Json>);

#[derive(PartialEq, Eq)]
enum Form {
    /// Elements up to `]`, then, in an object, `}`.
    Array,
    /// One after another.
    Loose,
}

impl Objects {
    /// For bytes that begin with `{` or `[`. Says whether they are LimeSurvey's.
    pub(super) fn open(mut input: Input) -> Result<(Objects, bool), Refusal> {
        let ahead = input.fill_buf().map_err(|error| unreadable(1, &error))?;
        let responses = wrapped(ahead);
        let array = ahead.trim_ascii_start().starts_with(b"[");
        let white = ahead.len() - ahead.trim_ascii_start().len();
        let begun = responses.unwrap_or(if array { white + 1 } else { white });
        input.consume(begun);
        let form = if array || responses.is_some() { Form::Array } else { Form::Loose };
        Ok((Objects { input, read: 0, form }, responses.is_some()))
    }

    /// The next object and which it is.
    pub(super) fn next(&mut self) -> Result<Option<Numbered>, Refusal> {
        let number = self.read + 1;
        loop {
            match self.peek()? {
                Some(b',') if self.form == Form::Array && self.read > 0 => self.input.consume(1),
                Some(b'{') => break,
                Some(b']') if self.form == Form::Array => {
                    return Ok(None);
                }
                None if self.form == Form::Loose => return Ok(None),
                None => {
                    return Err(broken(
                        number,
                        "filen slutar mitt i: den är avbruten",
                        "the file ends in the middle: it is cut off",
                    ));
                }
                Some(_) => {
                    return Err(broken(
                        number,
                        "ett objekt väntades för varje svarande",
                        "an object for each respondent was expected",
                    ));
                }
            }
        }
        let bytes = self.object(number)?;
        let object = serde_json::from_slice(&bytes).map_err(|_| {
            broken(number, "objektet är inte JSON i UTF-8", "the object is not JSON in UTF-8")
        })?;
        self.read = number;
        Ok(Some((number, object)))
    }

    /// The next byte that is no white space, left where it is.
    fn peek(&mut self) -> Result<Option<u8>, Refusal> {
        let number = self.read + 1;
        loop {
            let ahead = self.input.fill_buf().map_err(|error| unreadable(number, &error))?;
            match ahead.first().copied() {
                Some(byte) if byte.is_ascii_whitespace() => self.input.consume(1),
                byte => return Ok(byte),
            }
        }
    }

    /// The bytes of an object, from its brace to the one that closes it.
    fn object(&mut self, number: u64) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let ahead = self.input.fill_buf().map_err(|error| unreadable(number, &error))?;
            if ahead.is_empty() {
                return Err(broken(
                    number,
                    "filen slutar mitt i ett svar: den är avbruten",
                    "the file ends inside an answer: it is cut off",
                ));
            }
            let mut taken = 0;
            let mut closed = false;
            for byte in ahead {
                taken += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 && !quoted {
                    closed = true;
                    break;
                }
            }
            bytes.extend_from_slice(&ahead[..taken]);
            self.input.consume(taken);
            if closed {
                return Ok(bytes);
            }
            if bytes.len() > LONGEST {
                return Err(too_long(number));
            }
        }
    }
}

/// Where the objects begin in LimeSurvey's wrapper: behind the bracket, where an object or nothing follows.
fn wrapped(ahead: &[u8]) -> Option<usize> {
    let after = |rest: &[u8], sign: &[u8]| rest.trim_ascii_start().strip_prefix(sign).map(<[u8]>::to_vec);
    let rest = after(ahead, b"{")?;
    let rest = after(&rest, b"\"responses\"")?;
    let rest = after(&rest, b":")?;
    let rest = after(&rest, b"[")?;
    let follows = rest.trim_ascii_start().first();
    matches!(follows, Some(b'{' | b']') | None).then(|| ahead.len() - rest.len())
}
