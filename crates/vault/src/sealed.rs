//! A backup of the vault as a stream of sealed pieces, under a key that the master key gives: what is in it, and how it is
//! sealed. Format: docs/formats/backup.md.

use crate::VaultError;
use eventlog::framed::{Fields, framed as frame, put_bytes};

use crate::crypto::{self, Secret};
use crate::store::dump::{Kind, Table, Value};
use crate::xchacha::{self, NONCE, TAG};

pub(crate) const TITLE: &[u8; 22] = b"larka vault backup 01\n";
/// Title, instance and id, in the clear.
pub(crate) const HEADER: usize = 22 + 16 + 16;
/// Bytes of records that are sealed together, about.
pub(crate) const PIECE: usize = 256 << 10;
/// The longest piece: one record may be longer than usual.
const LONGEST: usize = 64 << 20;
/// Length and whether it is the last, before each piece.
const FRAME: usize = 5;

const HEAD: u8 = 1;
const FILE: u8 = 2;
const TABLE: u8 = 3;
const ROW: u8 = 4;

/// What a backup of the vault holds, record by record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// The log's position and the chain's hash there, the form of the tables, and the generation of the keys.
    Head { position: u64, hash: [u8; 32], format: i32, generation: u32 },
    /// A file beside the keys.
    File(String, Vec<u8>),
    /// The rows that follow are of this table.
    Table(Table),
    /// A row of the last table.
    Row(Vec<Value>),
}

/// Which piece of which backup.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) instance: [u8; 16],
    pub(crate) id: [u8; 16],
    pub(crate) number: u32,
    pub(crate) last: bool,
}

impl Place {
    fn associated(&self) -> Vec<u8> {
        let last = [u8::from(self.last)];
        [b"larka backup 1".as_slice(), &self.instance, &self.id, &self.number.to_be_bytes(), &last].concat()
    }
}

/// What is in the clear before the first piece.
pub(crate) fn header(instance: &[u8; 16], id: &[u8; 16]) -> Vec<u8> {
    [TITLE.as_slice(), instance, id].concat()
}

/// Instance and id out of a header.
pub(crate) fn read_header(bytes: &[u8]) -> Option<([u8; 16], [u8; 16])> {
    let rest = bytes.strip_prefix(TITLE.as_slice())?;
    let (instance, rest) = rest.split_first_chunk()?;
    Some((*instance, *rest.first_chunk()?))
}

/// Seals records in their place.
pub(crate) fn seal(key: &Secret, place: &Place, mut records: Vec<u8>) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE] = crypto::random()?;
    let tag = xchacha::seal(key, &nonce, &place.associated(), &mut records)
        .ok_or(VaultError::Invalid("a piece holds at most 256 GiB"))?;
    let length = u32::try_from(NONCE + records.len() + TAG).unwrap_or(u32::MAX);
    Ok([&length.to_be_bytes()[..], &[u8::from(place.last)], &nonce, &records, &tag].concat())
}

/// How long the first piece is with its frame, and whether it says that it is the last; none where more bytes are needed to
/// tell.
pub(crate) fn framed(bytes: &[u8]) -> Result<Option<(usize, bool)>, VaultError> {
    let Some(frame) = bytes.first_chunk::<FRAME>() else { return Ok(None) };
    let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    if !(NONCE + TAG..=LONGEST).contains(&length) || frame[4] > 1 {
        return Err(VaultError::damaged("a backup of the vault", "expected the frame of a piece"));
    }
    Ok(Some((FRAME + length, frame[4] == 1)))
}

/// The records of a piece with its frame; none where it does not authenticate in its place under this key.
pub(crate) fn open(key: &Secret, place: &Place, framed: &[u8]) -> Option<Vec<u8>> {
    let (clear, tag) = framed.get(FRAME..)?.split_last_chunk::<TAG>()?;
    let (nonce, coded) = clear.split_first_chunk::<NONCE>()?;
    let mut records = coded.to_vec();
    xchacha::open(key, nonce, &place.associated(), &mut records, tag).map(|()| records)
}

/// Appends a record.
pub(crate) fn put(out: &mut Vec<u8>, record: &Record) {
    match record {
        Record::Head { position, hash, format, generation } => frame(out, HEAD, |out| {
            out.extend_from_slice(&position.to_be_bytes());
            out.extend_from_slice(hash);
            out.extend_from_slice(&format.to_be_bytes());
            out.extend_from_slice(&generation.to_be_bytes());
        }),
        Record::File(name, content) => frame(out, FILE, |out| {
            put_bytes(out, name.as_bytes());
            put_bytes(out, content);
        }),
        Record::Table(table) => frame(out, TABLE, |out| {
            put_bytes(out, table.name.as_bytes());
            for (name, kind) in &table.columns {
                put_bytes(out, name.as_bytes());
                out.push(match kind {
                    Kind::Number => 1,
                    Kind::Bytes => 2,
                    Kind::Text => 3,
                });
            }
        }),
        Record::Row(values) => frame(out, ROW, |out| values.iter().for_each(|value| put_value(out, value))),
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0),
        Value::Number(number) => {
            out.push(1);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Bytes(bytes) => {
            out.push(2);
            put_bytes(out, bytes);
        }
        Value::Text(text) => {
            out.push(3);
            put_bytes(out, text.as_bytes());
        }
    }
}

/// The records of an opened piece.
pub(crate) fn records(piece: &[u8]) -> Result<Vec<Record>, VaultError> {
    let expected = || VaultError::damaged("a backup of the vault", "expected whole records");
    let (mut left, mut records) = (Fields::of(piece), Vec::new());
    while !left.is_empty() {
        let [kind] = left.array().ok_or_else(expected)?;
        let body = left.bytes().ok_or_else(expected)?;
        records.push(record(kind, body).ok_or_else(expected)?);
    }
    Ok(records)
}

fn record(kind: u8, body: &[u8]) -> Option<Record> {
    let mut left = Fields::of(body);
    let record = match kind {
        HEAD => Record::Head {
            position: u64::from_be_bytes(left.array()?),
            hash: left.array()?,
            format: i32::from_be_bytes(left.array()?),
            generation: u32::from_be_bytes(left.array()?),
        },
        FILE => Record::File(left.text()?, left.bytes()?.to_vec()),
        TABLE => {
            let (name, mut columns) = (left.text()?, Vec::new());
            while !left.is_empty() {
                let name = left.text()?;
                let kind = match left.array()? {
                    [1] => Kind::Number,
                    [2] => Kind::Bytes,
                    [3] => Kind::Text,
                    _ => return None,
                };
                columns.push((name, kind));
            }
            Record::Table(Table { name, columns })
        }
        ROW => {
            let mut values = Vec::new();
            while !left.is_empty() {
                values.push(match left.array()? {
                    [0] => Value::Null,
                    [1] => Value::Number(i64::from_be_bytes(left.array()?)),
                    [2] => Value::Bytes(left.bytes()?.to_vec()),
                    [3] => Value::Text(left.text()?),
                    _ => return None,
                });
            }
            Record::Row(values)
        }
        _ => return None,
    };
    left.is_empty().then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_opens_only_under_its_key_in_its_place_and_unchanged() {
        let all = [
            Record::Head { position: 7, hash: [1; 32], format: 2, generation: 3 },
            Record::File("anchor".to_owned(), vec![2; 64]),
            Record::Table(Table {
                name: "agent".to_owned(),
                columns: vec![("agent".to_owned(), Kind::Bytes), ("n".to_owned(), Kind::Number)],
            }),
            Record::Row(vec![Value::Bytes(vec![4; 16]), Value::Null]),
            Record::Row(vec![Value::Text("a".to_owned()), Value::Number(-5)]),
        ];
        let mut plain = Vec::new();
        all.iter().for_each(|record| put(&mut plain, record));
        assert_eq!(records(&plain).unwrap(), all);
        assert!(records(&plain[..plain.len() - 1]).is_err());

        let key = Secret::from_bytes([9; 32]);
        let place = Place { instance: [1; 16], id: [2; 16], number: 3, last: false };
        let sealed = seal(&key, &place, plain.clone()).unwrap();
        assert_eq!(framed(&sealed).unwrap(), Some((sealed.len(), false)));
        assert_eq!(framed(&sealed[..4]).unwrap(), None);
        assert_eq!(open(&key, &place, &sealed).unwrap(), plain);
        for other in [
            Place { instance: [3; 16], ..place },
            Place { id: [3; 16], ..place },
            Place { number: 4, ..place },
            Place { last: true, ..place },
        ] {
            assert!(open(&key, &other, &sealed).is_none(), "{other:?}");
        }
        assert!(open(&Secret::from_bytes([8; 32]), &place, &sealed).is_none());
        let mut changed = sealed;
        *changed.last_mut().unwrap() ^= 1;
        assert!(open(&key, &place, &changed).is_none());
    }
}
