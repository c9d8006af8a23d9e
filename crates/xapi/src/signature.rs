//! Signed statements (1.0.3 Data 2.6, IEEE 4.2.2.6): an attachment that is a JSON Web Signature over the statement as
//! it was before the signature was attached.
//!
//! What is checked catches mistakes; it does not say who signed. Whoever has to trust a signature decides for
//! themselves which certificates they believe.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    UnparsedPublicKey,
};

use crate::json::{Kind, Reader};
use crate::parse::{Limits, statement as parsed};
use crate::{Iris, Statement, Version, equal};

/// What is wrong with a signature. Never repeats what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not three parts in base64url with dots between them.
    #[error("a JSON Web Signature in compact serialization (RFC 7515, 7.1)")]
    Compact,
    /// The header is not a JSON object with each name once, or lists extensions that have to be understood.
    #[error("a JSON Web Signature whose header is a JSON object without extensions (RFC 7515, 4)")]
    Header,
    /// Another algorithm than the standard allows.
    #[error("a signature by the algorithm RS256, RS384 or RS512")]
    Algorithm,
    /// The payload is not a statement.
    #[error("a signature whose payload is a valid statement as JSON")]
    Payload,
    /// The payload is another statement than the one it is attached to.
    #[error("a signature whose payload is the statement that it is attached to")]
    Different,
    /// `x5c` holds no certificate of an RSA key.
    #[error("x5c with certificates (X.509, DER, base64) of which the first has an RSA key")]
    Certificate,
    /// The signature is not the certificate's.
    #[error("a signature that the first certificate of x5c verifies, with a key of 2048 bits or more")]
    Signature,
}

/// Checks the signature that is attached to a statement which came under `version`. Where the header has no `x5c`
/// there is nothing to verify the signature with, and its form is all that is checked.
///
/// # Errors
/// [`SignatureError`], each.
pub fn verify(jws: &[u8], statement: &Statement, version: Version) -> Result<(), SignatureError> {
    let jws = std::str::from_utf8(jws).map_err(|_| SignatureError::Compact)?;
    let (signed, signature) = jws.rsplit_once('.').ok_or(SignatureError::Compact)?;
    let (header, payload) = signed.split_once('.').ok_or(SignatureError::Compact)?;
    let decoded = |part: &str| match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(SignatureError::Compact),
    };
    let (header, payload, signature) = (decoded(header)?, decoded(payload)?, decoded(signature)?);

    let (algorithm, certificate) = read_header(&header)?;
    // What it has to be the same as was held to its form.
    let limits = Limits { bytes: usize::MAX, iris: Iris::Lenient, ..Limits::default() };
    let original = parsed(&payload, version, &limits).map_err(|_| SignatureError::Payload)?;
    let same_id = original.id.is_none() || statement.id.is_none() || original.id == statement.id;
    if !same_id || !equal::same(&original, statement, version) {
        return Err(SignatureError::Different);
    }
    if let Some(certificate) = certificate {
        let key = rsa_key(&certificate).ok_or(SignatureError::Certificate)?;
        UnparsedPublicKey::new(algorithm, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| SignatureError::Signature)?;
    }
    Ok(())
}

/// The algorithm, and the first certificate where there are any.
fn read_header(header: &[u8]) -> Result<(&'static RsaParameters, Option<Vec<u8>>), SignatureError> {
    let text = std::str::from_utf8(header).map_err(|_| SignatureError::Header)?;
    let mut reader = Reader::new(text, 16).map_err(|_| SignatureError::Header)?;
    let value = reader.value().map_err(|_| SignatureError::Header)?;
    if value.kind() != Kind::Object || value.repeats_a_key() || value.get("crit").is_some() {
        return Err(SignatureError::Header);
    }
    let algorithm = match value.get("alg").filter(|alg| alg.kind() == Kind::String) {
        Some(alg) if alg.is("RS256") => &RSA_PKCS1_2048_8192_SHA256,
        Some(alg) if alg.is("RS384") => &RSA_PKCS1_2048_8192_SHA384,
        Some(alg) if alg.is("RS512") => &RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(SignatureError::Algorithm),
    };
    let certificate = match value.get("x5c") {
        None => None,
        Some(chain) => {
            let first = chain.items().next().filter(|first| first.kind() == Kind::String);
            let first = first.and_then(|first| STANDARD.decode(&*first.string()).ok());
            Some(first.ok_or(SignatureError::Certificate)?)
        }
    };
    reader.finish().map_err(|_| SignatureError::Header)?;
    Ok((algorithm, certificate))
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
/// 1.2.840.113549.1.1.1, rsaEncryption (RFC 8017, A.1).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The RSA key (RFC 8017, A.1.1) in a certificate (RFC 5280, 4.1), of whatever version. Nothing else in it matters
/// here, so that nothing else is read: validity and issuer say whom to trust, which is for others.
fn rsa_key(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, rest) = element(certificate, SEQUENCE)?;
    let (mut body, _) = element(certificate, SEQUENCE)?;
    if let Some((_, after)) = element(body, VERSION) {
        body = after;
    }
    // serial number, signature, issuer, validity, subject
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        body = element(body, tag)?.1;
    }
    let (info, _) = element(body, SEQUENCE)?;
    let (algorithm, info) = element(info, SEQUENCE)?;
    let (key, _) = element(info, BIT_STRING)?;
    let is_rsa = element(algorithm, OBJECT_ID)?.0 == RSA;
    // The first byte says how many bits of the last are unused.
    key.strip_prefix(&[0]).filter(|_| is_rsa && rest.is_empty())
}

/// The content of the DER element at the start of `der`, where it has this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[own, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    if own == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
#[path = "signature/tests.rs"]
mod tests;
