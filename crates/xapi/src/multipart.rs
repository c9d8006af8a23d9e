//! Bodies of several parts, `multipart/mixed` (RFC 2046, 5.1), as statements travel with the content of their
//! attachments (1.0.3 Communication 1.5.2, IEEE 4.1.3).
//!
//! The body is fed in pieces as it arrives and comes out as headers and stretches of content, so that whoever takes
//! them decides where content is put; nothing but the last few bytes is held back here. Content is never changed.
//! A body that is written is [`opening`], for each attachment [`heading`] and its content, and [`closing`].

/// Parts of one body, at most.
pub const MAX_PARTS: usize = 10_000;
/// Bytes of the headers of one part, at most.
const MAX_HEADERS: usize = 16 << 10;
/// White space after a boundary, at most.
const MAX_PADDING: usize = 1_000;

/// Why a body is not one of several parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The `Content-Type` names no boundary, or one that RFC 2046 does not allow.
    #[error("expected multipart/mixed with a boundary of 1 to 70 characters (RFC 2046, 5.1.1)")]
    Boundary,
    /// The body has no part, or ends before the boundary that closes it.
    #[error("expected parts between boundaries, and the boundary that closes the last")]
    Truncated,
    /// A part begins with something other than headers and an empty line.
    #[error("expected headers, each once, and an empty line at the start of part {0}")]
    Headers(usize),
    /// There are more parts than are taken.
    #[error("expected at most {MAX_PARTS} parts")]
    TooMany,
}

/// The boundary that a `Content-Type` of `multipart/mixed` names, quoted or not.
///
/// # Errors
/// [`MultipartError::Boundary`].
pub fn boundary(content_type: &str) -> Result<String, MultipartError> {
    let (essence, mut rest) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/mixed") {
        return Err(MultipartError::Boundary);
    }
    let mut found = None;
    while let Some((name, value, after)) = parameter(rest) {
        if name.eq_ignore_ascii_case("boundary") && found.replace(value).is_some() {
            return Err(MultipartError::Boundary);
        }
        rest = after;
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    found
        .filter(|b| (1..=70).contains(&b.len()) && b.bytes().all(allowed) && !b.ends_with(' '))
        .ok_or(MultipartError::Boundary)
}

/// What a body begins with: the boundary, and statements as JSON.
pub fn opening(boundary: &str, statements: &str) -> String {
    format!("--{boundary}\r\nContent-Type: application/json\r\n\r\n{statements}")
}

/// What goes before the content of an attachment. The boundary must not occur in any.
pub fn heading(boundary: &str, content_type: &str, sha2: &str) -> String {
    format!(
        "\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n\
         X-Experience-API-Hash: {sha2}\r\n\r\n"
    )
}

/// What a body ends with.
pub fn closing(boundary: &str) -> String {
    format!("\r\n--{boundary}--\r\n")
}

/// The first parameter of a header, and what follows its semicolon.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let text = text.trim_start_matches([' ', '\t', ';']);
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start();
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => {
            let (mut value, mut characters) = (String::new(), quoted.char_indices());
            loop {
                match characters.next()? {
                    (_, '\\') => value.push(characters.next()?.1),
                    (end, '"') => break (value, &quoted[end + 1..]),
                    (_, character) => value.push(character),
                }
            }
        }
        None => {
            let end = rest.find(';').unwrap_or(rest.len());
            (rest[..end].trim_end().to_owned(), &rest[end..])
        }
    };
    Some((name.trim(), value, rest))
}

/// The headers of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header, whose name counts in either case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Reads lines of which each begins with a line break.
    fn read(block: &[u8], delimiter: &[u8]) -> Option<Self> {
        let mut headers = Self::default();
        let text = std::str::from_utf8(block).ok()?;
        for line in text.strip_prefix("\r\n").unwrap_or(text).split("\r\n").filter(|line| !line.is_empty()) {
            if line.as_bytes().starts_with(&delimiter[2..]) || line.contains(['\r', '\n', '\0']) {
                return None;
            }
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.0.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(is_token) || headers.get(name).is_some() {
                return None;
            }
            headers.0.push((name.to_owned(), value.trim().to_owned()));
        }
        Some(headers)
    }
}

/// What comes out of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'e> {
    /// The next part begins.
    Part(Headers),
    /// A stretch of the part's content.
    Content(&'e [u8]),
}

/// Takes a body apart as it arrives.
#[derive(Debug, Clone)]
pub struct Splitter {
    /// A line break, two dashes, the boundary.
    delimiter: Vec<u8>,
    state: State,
    /// What came and could not be told yet. The line break before a boundary belongs to the boundary, so that of the
    /// empty line after headers stays here too.
    held: Vec<u8>,
    parts: usize,
    /// Bytes of content that are still to come before the end that was [expected](Splitter::expect).
    left: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first boundary; whatever stands there is not meant for readers.
    Preamble,
    Headers,
    /// In a part; that many bytes at the front are the line break of the empty line.
    Content(usize),
    /// After the boundary that closes.
    Closed,
}

/// What a stretch of content ends with.
enum Next {
    /// No boundary yet; that much is content for certain.
    Content(usize),
    /// A boundary begins there, and the next part's headers (or nothing more) that many bytes later.
    Boundary { at: usize, length: usize, closes: bool },
}

impl Splitter {
    /// For a body with this [`boundary`].
    pub fn new(boundary: &str) -> Self {
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        // The first boundary may stand at the very start, without the line break.
        Self { delimiter, state: State::Preamble, held: b"\r\n".to_vec(), parts: 0, left: None }
    }

    /// Takes the next bytes of the body, as many or few as there are, and hands on what they complete.
    ///
    /// # Errors
    /// [`MultipartError`], and whatever `take` refuses.
    pub fn feed<E: From<MultipartError>>(
        &mut self,
        mut bytes: &[u8],
        take: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.feed_to_part(bytes, take)? {
            bytes = &[];
        }
        Ok(())
    }

    /// Says how long the content of the part that has begun is said to be elsewhere. There its boundary counts without
    /// the line break that belongs before it, which some clients forget. For the moment after a part has begun.
    pub fn expect(&mut self, length: u64) {
        self.left = Some(length);
    }

    /// As [`feed`](Self::feed), but stops when a part has begun, and says so: to go on, it is called with what is left,
    /// which is nothing.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_to_part<E: From<MultipartError>>(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        if self.state == State::Closed {
            return Ok(false);
        }
        self.held.extend_from_slice(bytes);
        let (mut done, mut begun) = (0, false);
        while !begun {
            let held = &self.held[done..];
            match self.state {
                State::Closed => {
                    done = self.held.len();
                    break;
                }
                State::Headers => {
                    let end = find(held, b"\r\n\r\n");
                    if end.unwrap_or(held.len()) > MAX_HEADERS {
                        return Err(MultipartError::Headers(self.parts).into());
                    }
                    let Some(end) = end else { break };
                    if self.parts == MAX_PARTS {
                        return Err(MultipartError::TooMany.into());
                    }
                    let headers = Headers::read(&held[..end], &self.delimiter);
                    take(Event::Part(headers.ok_or(MultipartError::Headers(self.parts))?))?;
                    self.parts += 1;
                    self.state = State::Content(2);
                    self.left = None;
                    done += end + 2;
                    begun = true;
                }
                State::Preamble | State::Content(_) => {
                    let expected = match self.state {
                        State::Content(skip) => {
                            self.left.and_then(|left| skip.checked_add(left.try_into().ok()?))
                        }
                        _ => None,
                    };
                    let next = next(held, &self.delimiter, expected);
                    let end = match next {
                        Next::Content(length) => length,
                        Next::Boundary { at, .. } => at,
                    };
                    if let State::Content(skip) = &mut self.state {
                        let skipped = end.min(*skip);
                        if end > skipped {
                            take(Event::Content(&held[skipped..end]))?;
                        }
                        *skip -= skipped;
                        // Content that is longer ends as it is to end.
                        self.left = self.left.and_then(|left| left.checked_sub((end - skipped) as u64));
                    }
                    done += end;
                    let Next::Boundary { length, closes, .. } = next else { break };
                    done += length;
                    self.state = if closes { State::Closed } else { State::Headers };
                }
            }
        }
        self.held.drain(..done);
        Ok(begun)
    }

    /// Says that the body has ended.
    ///
    /// # Errors
    /// [`MultipartError::Truncated`] unless a boundary has closed it after at least one part.
    pub fn finish(&self) -> Result<(), MultipartError> {
        if self.state == State::Closed && self.parts > 0 { Ok(()) } else { Err(MultipartError::Truncated) }
    }
}

/// Looks for the next boundary; where content is expected to end, also for one without its line break. What only begins
/// like one, and goes on as no boundary does, is content.
fn next(held: &[u8], delimiter: &[u8], expected: Option<usize>) -> Next {
    let next = next_of(held, delimiter);
    let end = match next {
        Next::Content(length) => length,
        Next::Boundary { at, .. } => at,
    };
    let Some(at) = expected.filter(|at| *at <= end) else { return next };
    let (rest, bare) = (&held[at..], &delimiter[2..]);
    if !rest.starts_with(bare) {
        return if bare.starts_with(rest) { Next::Content(at) } else { next };
    }
    match behind(&rest[bare.len()..]) {
        Behind::Boundary { length, closes } => Next::Boundary { at, length: bare.len() + length, closes },
        Behind::Unknown => Next::Content(at),
        Behind::Content => next,
    }
}

fn next_of(held: &[u8], delimiter: &[u8]) -> Next {
    let mut from = 0;
    while let Some(at) = find(&held[from..], delimiter).map(|at| from + at) {
        match behind(&held[at + delimiter.len()..]) {
            Behind::Boundary { length, closes } => {
                return Next::Boundary { at, length: delimiter.len() + length, closes };
            }
            Behind::Unknown => return Next::Content(at),
            Behind::Content => from = at + 2,
        }
    }
    // A boundary may have begun in what is left.
    let left = from.max((held.len() + 1).saturating_sub(delimiter.len()));
    let begins = |at: &usize| delimiter.starts_with(&held[*at..]);
    Next::Content((left..held.len()).find(begins).unwrap_or(held.len()))
}

/// What follows the characters of a boundary.
enum Behind {
    /// It is one, with that many bytes that belong to it.
    Boundary { length: usize, closes: bool },
    /// It is none.
    Content,
    /// Too little has come to tell.
    Unknown,
}

fn behind(rest: &[u8]) -> Behind {
    if rest.starts_with(b"--") {
        return Behind::Boundary { length: 2, closes: true };
    }
    let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match &rest[padding..] {
        // The line break stays: it begins the first header's line.
        [b'\r', b'\n', ..] => Behind::Boundary { length: padding, closes: false },
        [] | [b'\r'] if padding <= MAX_PADDING => Behind::Unknown,
        [b'-'] if padding == 0 => Behind::Unknown,
        _ => Behind::Content,
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, pattern)
}

#[cfg(test)]
#[path = "multipart/tests.rs"]
mod tests;
