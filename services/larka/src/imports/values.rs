//! The JSON values of a file: one a line, the elements of arrays, or the statements on pages of answers.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::failure::Failure;

/// A value that is longer than this is no statement; a broken array would otherwise fill the memory.
pub(super) const LONGEST: usize = 16 << 20;

/// A value with the line it begins on, or what was expected there.
pub(super) type Numbered = (u64, Result<String, &'static str>);

/// A file's bytes, unpacked where they are packed, with how far they were read.
pub(super) struct Bytes {
    inner: Box<dyn BufRead + Send>,
    /// The line that is read, counted from 1.
    pub(super) line: u64,
    /// Bytes that were read.
    pub(super) at: u64,
    /// Whether the file is packed.
    pub(super) packed: bool,
}

impl Bytes {
    /// Looks at the first bytes: gzip is unpacked, a byte order mark passed over.
    pub(super) fn open(file: Box<dyn Read + Send>) -> Result<Self, Failure> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let packed = matches!(file.fill_buf()?, [0x1f, 0x8b, ..]);
        let inner: Box<dyn BufRead + Send> = match packed {
            true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))),
            false => Box::new(file),
        };
        let mut bytes = Self { inner, line: 1, at: 0, packed };
        if bytes.ahead()?.starts_with(b"\xef\xbb\xbf") {
            bytes.skip(3);
        }
        Ok(bytes)
    }

    /// Some of the bytes that come next; none at the end.
    pub(super) fn ahead(&mut self) -> Result<&[u8], Failure> {
        Ok(self.inner.fill_buf()?)
    }

    /// Passes over bytes that hold no line break.
    pub(super) fn skip(&mut self, count: usize) {
        self.inner.consume(count);
        self.at += count as u64;
    }

    /// The next byte that is no white space, left where it is.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Failure> {
        loop {
            match self.ahead()?.first().copied() {
                Some(byte) if byte.is_ascii_whitespace() => {
                    self.line += u64::from(byte == b'\n');
                    self.skip(1);
                }
                byte => return Ok(byte),
            }
        }
    }

    /// The rest of a line with its end, of at most `longest` bytes; what is longer is passed over and none.
    pub(super) fn whole_line(&mut self, longest: usize) -> Result<Option<Vec<u8>>, Failure> {
        let mut bytes = Vec::new();
        let mut read = (&mut self.inner).take(longest as u64 + 1).read_until(b'\n', &mut bytes)?;
        let fits = read <= longest;
        while read > longest && bytes.last() != Some(&b'\n') {
            bytes.clear();
            let more = (&mut self.inner).take(longest as u64).read_until(b'\n', &mut bytes)?;
            read += more;
            if more == 0 {
                break;
            }
        }
        self.at += read as u64;
        self.line += 1;
        Ok(fits.then_some(bytes))
    }

    pub(super) fn broken(&self, expected: &str) -> Failure {
        Failure::new(format!("the file is broken at line {}: expected {expected}", self.line))
    }
}

/// How values stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    /// `[…]`, once or again and again; whether it is read inside the brackets.
    Array {
        inside: bool,
    },
    /// `{"statements": […], "more": "…"}`, once or again and again; whether it is read inside the list.
    Pages {
        inside: bool,
    },
}

/// The values of a file.
pub(super) struct Values {
    bytes: Bytes,
    form: Form,
}

impl Values {
    /// For bytes that begin with an object or an array. Of later lines some may be anything.
    pub(super) fn of(mut bytes: Bytes) -> Result<Self, Failure> {
        let form = match bytes.peek()? {
            Some(b'[') => Form::Array { inside: false },
            Some(b'{') if begins_a_page(bytes.ahead()?) => Form::Pages { inside: false },
            Some(b'{') | None => Form::Lines,
            Some(_) => {
                let expected = "JSON, or a table with a column payload, statement or full_statement";
                return Err(bytes.broken(expected));
            }
        };
        Ok(Self { bytes, form })
    }

    /// Whether the values are lists of an answer's pages.
    pub(super) fn are_paged(&self) -> bool {
        matches!(self.form, Form::Pages { .. })
    }

    pub(super) fn next(&mut self) -> Result<Option<Numbered>, Failure> {
        match self.form {
            Form::Lines => self.whole_line(),
            Form::Array { .. } => self.of_an_array(),
            Form::Pages { .. } => self.of_a_page(),
        }
    }

    fn whole_line(&mut self) -> Result<Option<Numbered>, Failure> {
        if self.bytes.peek()?.is_none() {
            return Ok(None);
        }
        let at = self.bytes.line;
        let value = match self.bytes.whole_line(LONGEST)? {
            Some(bytes) => text(bytes),
            None => Err("a statement of at most 16 MiB"),
        };
        Ok(Some((at, value)))
    }

    /// The next element of the array, or of the next array.
    fn of_an_array(&mut self) -> Result<Option<Numbered>, Failure> {
        loop {
            if self.form == (Form::Array { inside: true }) {
                if let Some(element) = self.element()? {
                    return Ok(Some(element));
                }
                self.bytes.skip(1);
                self.form = Form::Array { inside: false };
            }
            match self.bytes.peek()? {
                None => return Ok(None),
                Some(b'[') => {
                    self.bytes.skip(1);
                    self.form = Form::Array { inside: true };
                }
                Some(_) => return Err(self.bytes.broken("the end of the file")),
            }
        }
    }

    /// The next element of the array: from its first byte to the comma or bracket behind it.
    fn element(&mut self) -> Result<Option<Numbered>, Failure> {
        if self.bytes.peek()? == Some(b',') {
            self.bytes.skip(1);
        }
        match self.bytes.peek()? {
            None => Err(self.bytes.broken("] at the end of the array")),
            Some(b']') => Ok(None),
            Some(_) => {
                let at = self.bytes.line;
                Ok(Some((at, text(self.value(b']')?))))
            }
        }
    }

    /// The next element of the list on a page, or on the next page.
    fn of_a_page(&mut self) -> Result<Option<Numbered>, Failure> {
        loop {
            if self.form == (Form::Pages { inside: true }) {
                if let Some(element) = self.element()? {
                    return Ok(Some(element));
                }
                self.bytes.skip(1);
                self.form = Form::Pages { inside: false };
            }
            match self.bytes.peek()? {
                None => return Ok(None),
                Some(b'{' | b',' | b'}') => self.bytes.skip(1),
                Some(b'"') => {
                    let name = self.value(b':')?;
                    if self.bytes.peek()? != Some(b':') {
                        return Err(self.bytes.broken(": behind a name"));
                    }
                    self.bytes.skip(1);
                    let is_list = matches!(name.trim_ascii(), b"\"statements\"" | b"\"edges\"");
                    if is_list && self.bytes.peek()? == Some(b'[') {
                        self.bytes.skip(1);
                        self.form = Form::Pages { inside: true };
                    } else {
                        self.value(b'}')?;
                    }
                }
                Some(_) => return Err(self.bytes.broken("an object with a list of statements")),
            }
        }
    }

    /// The bytes of a value up to the comma or the closing character behind it, which is left.
    fn value(&mut self, closing: u8) -> Result<Vec<u8>, Failure> {
        let (mut text, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_u32, false, false);
        loop {
            let Some(byte) = self.bytes.ahead()?.first().copied() else {
                return Err(self.bytes.broken(match closing {
                    b']' => "] at the end of the array",
                    _ => "the end of an object",
                }));
            };
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                byte if depth == 0 && (byte == b',' || byte == closing) => return Ok(text),
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or_else(|| self.bytes.broken("an opening bracket"))?;
                }
                _ => {}
            }
            self.bytes.line += u64::from(byte == b'\n');
            self.bytes.skip(1);
            text.push(byte);
            if text.len() > LONGEST {
                return Err(self.bytes.broken("statements of at most 16 MiB"));
            }
        }
    }
}

/// Whether an object is the page of an answer: its first name is one of those that answers have.
fn begins_a_page(bytes: &[u8]) -> bool {
    let names: [&[u8]; 4] = [b"\"statements\"", b"\"more\"", b"\"edges\"", b"\"pageInfo\""];
    let first = bytes.get(1..).unwrap_or_default().trim_ascii_start();
    names.iter().any(|name| first.starts_with(name))
}

fn text(bytes: Vec<u8>) -> Result<String, &'static str> {
    String::from_utf8(bytes).map(|text| text.trim().to_owned()).map_err(|_| "UTF-8")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn all(text: &[u8]) -> Result<Vec<Numbered>, String> {
        let bytes = Bytes::open(Box::new(std::io::Cursor::new(text.to_vec()))).map_err(|e| e.to_string())?;
        let mut values = Values::of(bytes).map_err(|e| e.to_string())?;
        let mut found = Vec::new();
        while let Some(value) = values.next().map_err(|e| e.to_string())? {
            found.push(value);
        }
        Ok(found)
    }

    fn good(line: u64, text: &str) -> Numbered {
        (line, Ok(text.to_owned()))
    }

    #[test]
    fn lines_and_arrays_are_taken_apart_with_their_numbers() {
        let lines = all(b"\xef\xbb\xbf{\"a\":1}\n\n  {\"b\":\r\nnot json\n\xff\n{\"c\":3}").unwrap();
        let expected = [
            good(1, "{\"a\":1}"),
            good(3, "{\"b\":"),
            good(4, "not json"),
            (5, Err("UTF-8")),
            good(6, "{\"c\":3}"),
        ];
        assert_eq!(lines, expected);
        let array = all(b"\n[ {\"a\":[1,2,\"]}\\\"\"]},\n{\"b\":{}} , 7\n]\n").unwrap();
        assert_eq!(array, [good(2, "{\"a\":[1,2,\"]}\\\"\"]}"), good(3, "{\"b\":{}}"), good(3, "7")]);
        assert_eq!(all(b"").unwrap(), []);
        assert_eq!(all(b"[]").unwrap(), []);
        let arrays = all(b"[{\"a\":1}]\n[]\n[{\"b\":2},\n{\"c\":3}]\n").unwrap();
        assert_eq!(arrays, [good(1, "{\"a\":1}"), good(3, "{\"b\":2}"), good(4, "{\"c\":3}")]);
        for more in ["{\"b\":2}", ",[]", "]"] {
            let failure = all(format!("[{{\"a\":1}}]\n{more}").as_bytes()).unwrap_err();
            assert!(failure.contains("line 2: expected the end of the file"), "{failure}");
        }
        assert!(all(b"[{\"a\":1},\n{\"b\":").unwrap_err().contains("line 2"));
        assert!(all(b"[}]").unwrap_err().contains("opening"));
        assert!(all(b"statement.actor.mbox,statement.verb.id\na,b\n").unwrap_err().contains("a table with"));
    }

    #[test]
    fn the_statements_of_all_pages_of_an_answer_are_found_wherever_they_stand_on_them() {
        let pages = b"{\"more\": \"/x?a=]}\", \"statements\": [{\"a\":1},\n {\"b\":[2]}]}\n\
                      {\"statements\":[],\"more\":\"\"}\n{ \"statements\" : [ {\"c\":3} ], \"extra\": {\"d\":[]} }";
        let found = all(pages).unwrap();
        assert_eq!(found, [good(1, "{\"a\":1}"), good(2, "{\"b\":[2]}"), good(4, "{\"c\":3}")]);
        let edges = b"{\"edges\":[{\"cursor\":\"x\",\"node\":{}}],\"pageInfo\":{\"hasNextPage\":false}}";
        assert_eq!(all(edges).unwrap(), [good(1, "{\"cursor\":\"x\",\"node\":{}}")]);
        assert!(all(b"{\"statements\":[{\"a\":1}\n").unwrap_err().contains("line 2"));
        assert_eq!(all(b"{\"more\":\"\"}").unwrap(), []);
    }

    #[test]
    fn gzip_is_read_as_it_is() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"a\":1}\n{\"b\":2}\n").unwrap();
        assert_eq!(all(&packed.finish().unwrap()).unwrap(), [good(1, "{\"a\":1}"), good(2, "{\"b\":2}")]);
    }
}
