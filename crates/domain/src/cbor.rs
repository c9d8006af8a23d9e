//! Facts as deterministic CBOR: maps with integer keys in ascending order, definite lengths, the shortest
//! form of every number, absent values left out (RFC 8949, section 4.2.1). Unknown keys are skipped, so a
//! later version may add some; a change of meaning takes a new schema number. The keys of every kind:
//! `docs/formats/facts.md`.

use eventlog::event::{Key, NewEvent};
use minicbor::{Decode, Decoder, Encode};

/// What an event says in the clear, by kind.
pub trait Facts: Sized {
    /// The event's kind, as the log names it.
    const KIND: &'static str;
    /// The version of the format that [`encode`](Self::encode) writes.
    const SCHEMA: u16;

    /// The bytes to log.
    fn encode(&self) -> Vec<u8>;

    /// An event with these facts that stands by itself: of no credential and no stream, without slots.
    fn event(&self, id: Key) -> NewEvent {
        NewEvent {
            id,
            kind: Self::KIND,
            schema: Self::SCHEMA,
            credential: None,
            dedupe: None,
            stream: None,
            facts: self.encode(),
            slots: Vec::new(),
        }
    }

    /// Reads what [`encode`](Self::encode) of this or an earlier version wrote.
    ///
    /// # Errors
    /// [`BadFacts`] where the schema is later than [`SCHEMA`](Self::SCHEMA) or the bytes are not such facts.
    fn decode(schema: u16, bytes: &[u8]) -> Result<Self, BadFacts>;
}

/// Facts that cannot be read. Says where and what was expected, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFacts {
    /// Written by a later version of the program.
    #[error("facts of kind {kind} have schema {schema}, and this version reads up to {known}")]
    Schema {
        /// The event's kind.
        kind: &'static str,
        /// The schema that the event names.
        schema: u16,
        /// The latest that this version reads.
        known: u16,
    },
    /// Not the CBOR that the kind's format describes.
    #[error("facts of kind {kind} cannot be read: {what}")]
    Format {
        /// The event's kind.
        kind: &'static str,
        /// What was wrong and at which byte.
        what: String,
    },
}

/// `value` as bytes.
pub(crate) fn to_bytes<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    let written = minicbor::encode(value, &mut bytes);
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    bytes
}

/// The value that is the whole of `bytes`.
pub(crate) fn from_bytes<'b, T: Decode<'b, ()>>(kind: &'static str, bytes: &'b [u8]) -> Result<T, BadFacts> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode().map_err(|error| format_error(kind, &error))?;
    at_end(kind, &decoder)?;
    Ok(value)
}

/// Refuses a schema that this version does not know.
pub(crate) fn check_schema(kind: &'static str, schema: u16, known: u16) -> Result<(), BadFacts> {
    if schema == 0 || schema > known { Err(BadFacts::Schema { kind, schema, known }) } else { Ok(()) }
}

/// Refuses bytes after the end.
pub(crate) fn at_end(kind: &'static str, decoder: &Decoder<'_>) -> Result<(), BadFacts> {
    if decoder.position() == decoder.input().len() {
        Ok(())
    } else {
        Err(BadFacts::Format { kind, what: format!("nothing expected after byte {}", decoder.position()) })
    }
}

/// A decoder's error without anything of the input.
pub(crate) fn format_error(kind: &'static str, error: &minicbor::decode::Error) -> BadFacts {
    let what = if error.is_end_of_input() { "ends too early" } else { "not as the format says" };
    let what = match error.position() {
        Some(position) => format!("{what}, at byte {position}"),
        None => what.to_owned(),
    };
    BadFacts::Format { kind, what }
}

/// Makes a type with derived CBOR the facts of a kind.
macro_rules! facts {
    ($type:ty, $kind:expr) => {
        impl $crate::Facts for $type {
            const KIND: &'static str = $kind;
            const SCHEMA: u16 = 1;

            fn encode(&self) -> Vec<u8> {
                $crate::cbor::to_bytes(self)
            }

            fn decode(schema: u16, bytes: &[u8]) -> Result<Self, $crate::BadFacts> {
                $crate::cbor::check_schema($kind, schema, Self::SCHEMA)?;
                $crate::cbor::from_bytes($kind, bytes)
            }
        }
    };
}
pub(crate) use facts;

/// An array of sixteen-byte strings.
pub(crate) mod keys {
    use eventlog::event::Key;
    use minicbor::bytes::ByteArray;
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(crate) fn encode<Ctx, W: Write>(
        keys: &[Key],
        e: &mut Encoder<W>,
        _: &mut Ctx,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(keys.len() as u64)?;
        for key in keys {
            e.bytes(key)?;
        }
        Ok(())
    }

    pub(crate) fn decode<Ctx>(d: &mut Decoder<'_>, _: &mut Ctx) -> Result<Vec<Key>, Error> {
        d.array_iter::<ByteArray<16>>()?.map(|key| key.map(Key::from)).collect()
    }
}

/// Sixteen bytes, or nothing at all.
pub(crate) mod maybe_key {
    use eventlog::event::Key;
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(crate) fn encode<Ctx, W: Write>(
        key: &Option<Key>,
        e: &mut Encoder<W>,
        ctx: &mut Ctx,
    ) -> Result<(), encode::Error<W::Error>> {
        minicbor::bytes::encode(key, e, ctx)
    }

    pub(crate) fn decode<Ctx>(d: &mut Decoder<'_>, ctx: &mut Ctx) -> Result<Option<Key>, Error> {
        minicbor::bytes::decode(d, ctx)
    }

    pub(crate) fn nil() -> Option<Option<Key>> {
        Some(None)
    }

    pub(crate) fn is_nil(key: &Option<Key>) -> bool {
        key.is_none()
    }
}
