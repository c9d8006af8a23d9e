//! Records as bytes: kind (1), length (4), fields. What a backup is made of (`docs/formats/backup.md`).

/// Bytes before the fields of a record: kind and length.
pub const HEAD: usize = 5;

/// Appends a record, of which the length is known once its fields are written.
pub fn framed(out: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let begun = out.len();
    out.extend_from_slice(&[kind, 0, 0, 0, 0]);
    write(out);
    let length = u32::try_from(out.len() - begun - HEAD).unwrap_or(u32::MAX);
    out[begun + 1..begun + HEAD].copy_from_slice(&length.to_be_bytes());
}

/// Appends bytes with their length before them.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// What is left to read of a record. Each gives nothing where too little is left.
#[derive(Debug)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// All of these.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As many bytes as an array has.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    /// A number of eight bytes.
    pub fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number of two bytes.
    pub fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Bytes that have their length before them.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// The same as text.
    pub fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}
