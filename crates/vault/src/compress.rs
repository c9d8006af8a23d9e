//! Compression before sealing: zstd, with a dictionary trained on made-up statements only.
//!
//! A dictionary never changes once bodies were written with it; a better one gets the next number.

use std::cell::RefCell;
use std::sync::OnceLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{self, CParameter};

/// How the plain bytes of a body were coded; the numbers are part of the format.
pub(crate) const NO_DICTIONARY: u8 = 0;
pub(crate) const NOT_COMPRESSED: u8 = 255;
/// The dictionary that new bodies are written with.
const CURRENT: u8 = 1;

static DICTIONARY_1: &[u8] = include_bytes!("../dictionaries/1.zdict");

/// Past this size a dictionary made for statements gains nothing.
const DICTIONARY_UP_TO: usize = 64 * 1024;
/// The most that one slot may hold, so that a length never makes a reader allocate without bound.
pub(crate) const MAX_PLAIN: usize = 1 << 30;
/// The third level packs statements a fourteenth smaller and takes nearly twice as long where other work has pushed its
/// larger tables out of the processor's memory, as happens between requests of one statement each.
const LEVEL: i32 = 1;
/// Left out of what is stored: it is the same for every frame.
const MAGIC: [u8; 4] = zstd_safe::MAGICNUMBER.to_le_bytes();

/// The size of a trained dictionary, at most.
pub const MAX_DICTIONARY: usize = 32 * 1024;

/// Trains a dictionary of at most [`MAX_DICTIONARY`] bytes. The same samples, in the same order, give the
/// same bytes with the same version of zstd.
///
/// Samples are made-up statements: a dictionary repeats parts of them in the clear.
///
/// # Errors
/// Where there are too few samples, or too small ones, to learn from.
pub fn train<S: AsRef<[u8]>>(samples: &[S]) -> std::io::Result<Vec<u8>> {
    zstd::dict::from_samples(samples, MAX_DICTIONARY)
}

/// Appends the shorter of `plain` compressed and `plain` itself to `out`; says how it was coded.
pub(crate) fn compress(plain: &[u8], out: &mut Vec<u8>) -> u8 {
    let coding = if plain.len() <= DICTIONARY_UP_TO { CURRENT } else { NO_DICTIONARY };
    let frame = with_compressor(coding, |compressor| compressor.compress(plain).ok());
    match frame.as_deref().and_then(|frame| frame.strip_prefix(&MAGIC)) {
        Some(frame) if frame.len() < plain.len() => {
            out.extend_from_slice(frame);
            coding
        }
        _ => {
            out.extend_from_slice(plain);
            NOT_COMPRESSED
        }
    }
}

/// Coded bytes with what goes before them in a frame, so that they can be decompressed where they are.
pub(crate) struct Framed(Vec<u8>);

impl Framed {
    pub(crate) fn new(coded: &[u8]) -> Self {
        let mut frame = Vec::with_capacity(MAGIC.len() + coded.len());
        frame.extend_from_slice(&MAGIC);
        frame.extend_from_slice(coded);
        Self(frame)
    }

    /// The coded bytes.
    pub(crate) fn coded(&mut self) -> &mut [u8] {
        &mut self.0[MAGIC.len()..]
    }
}

/// The plain bytes again; `None` where the coding is unknown or the frame is not one that [`compress`] makes.
pub(crate) fn decompress(coding: u8, framed: Framed) -> Option<Vec<u8>> {
    let Framed(mut frame) = framed;
    if coding == NOT_COMPRESSED {
        frame.drain(..MAGIC.len());
        return Some(frame);
    }
    let length = usize::try_from(zstd_safe::get_frame_content_size(&frame).ok()??).ok()?;
    if length > MAX_PLAIN {
        return None;
    }
    let plain = match coding {
        NO_DICTIONARY => Decompressor::new().ok()?.decompress(&frame, length).ok()?,
        CURRENT => DECOMPRESSOR.with_borrow_mut(|context| {
            let context = match context {
                Some(context) => context,
                none => none.insert(Decompressor::with_prepared_dictionary(decoder_dictionary()).ok()?),
            };
            context.decompress(&frame, length).ok()
        })?,
        _ => return None,
    };
    (plain.len() == length).then_some(plain)
}

thread_local! {
    // Making a context costs more than compressing a statement with it.
    static COMPRESSORS: RefCell<[Option<Compressor<'static>>; 2]> = const { RefCell::new([None, None]) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn with_compressor<T>(coding: u8, run: impl FnOnce(&mut Compressor<'static>) -> Option<T>) -> Option<T> {
    COMPRESSORS.with_borrow_mut(|contexts| {
        let context = &mut contexts[usize::from(coding == CURRENT)];
        match context {
            Some(context) => run(context),
            none => run(none.insert(new_compressor(coding).ok()?)),
        }
    })
}

fn new_compressor(coding: u8) -> std::io::Result<Compressor<'static>> {
    let mut compressor = match coding {
        CURRENT => Compressor::with_prepared_dictionary(encoder_dictionary())?,
        _ => Compressor::new(LEVEL)?,
    };
    // The body says which dictionary, its length is what decompression allocates by, and its tag guards it.
    compressor.set_parameter(CParameter::DictIdFlag(false))?;
    compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
    compressor.set_parameter(CParameter::ChecksumFlag(false))?;
    Ok(compressor)
}

fn encoder_dictionary() -> &'static EncoderDictionary<'static> {
    static DICTIONARY: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    DICTIONARY.get_or_init(|| EncoderDictionary::copy(DICTIONARY_1, LEVEL))
}

fn decoder_dictionary() -> &'static DecoderDictionary<'static> {
    static DICTIONARY: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
    DICTIONARY.get_or_init(|| DecoderDictionary::copy(DICTIONARY_1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(plain: &[u8]) -> u8 {
        let mut coded = Vec::new();
        let coding = compress(plain, &mut coded);
        assert!(coded.len() <= plain.len());
        assert_eq!(decompress(coding, Framed::new(&coded)).unwrap(), plain);
        coding
    }

    #[test]
    fn whatever_is_compressed_comes_back() {
        assert_eq!(there_and_back(b""), NOT_COMPRESSED);
        assert_eq!(there_and_back(b"x"), NOT_COMPRESSED);
        assert_eq!(there_and_back(br#"{"objectType":"Agent","mbox":"mailto:someone@example.org"}"#), CURRENT);
        assert_eq!(there_and_back(&vec![b'a'; DICTIONARY_UP_TO + 1]), NO_DICTIONARY);
    }

    #[test]
    fn a_frame_that_lies_about_itself_is_refused() {
        let mut coded = Vec::new();
        compress(&[b'a'; 1000], &mut coded);
        assert!(decompress(CURRENT, Framed::new(&coded[..coded.len() - 1])).is_none());
        assert!(decompress(2, Framed::new(&coded)).is_none());
        assert!(decompress(CURRENT, Framed::new(&[])).is_none());
    }
}
