//! RSA keys, certificates and JSON Web Signatures for tests, of nobody: each key comes from a sentence by which
//! anybody can make it again, so that there is nothing to keep secret and nothing to mistake for a real key.

use num_bigint::BigUint;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// An RSA key of 2048 bits that everybody knows.
pub struct TestKey {
    modulus: BigUint,
    private: BigUint,
}

const EXPONENT: u32 = 65_537;
const SIZE: usize = 256;
/// From the numbers that hashing gives to the next primes.
const ONE: [u32; 2] = [2778, 866];
const TWO: [u32; 2] = [1238, 442];

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512
    Rs512,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Rs384, Self::Rs512];

    /// As in the header `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// The DigestInfo (RFC 8017, 9.2) of a message.
    fn digest_info(self, message: &[u8]) -> Vec<u8> {
        let (number, digest) = match self {
            Self::Rs256 => (1, Sha256::digest(message).to_vec()),
            Self::Rs384 => (2, Sha384::digest(message).to_vec()),
            Self::Rs512 => (3, Sha512::digest(message).to_vec()),
        };
        let hash = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number];
        let algorithm = der(0x30, &[&der(0x06, &[&hash]), &der(0x05, &[])]);
        der(0x30, &[&algorithm, &der(0x04, &[&digest])])
    }
}

impl TestKey {
    /// A key.
    pub fn one() -> Self {
        Self::derived("one", ONE)
    }

    /// Another key.
    pub fn two() -> Self {
        Self::derived("two", TWO)
    }

    fn derived(which: &str, offsets: [u32; 2]) -> Self {
        let one = BigUint::from(1u32);
        let prime = |name: &str, offset: u32| {
            let hash = |part: u8| Sha512::digest(format!("larka test key {which}, {name}, {part}"));
            let mut bytes = [hash(0), hash(1)].concat();
            bytes[0] |= 0xc0;
            bytes[127] |= 1;
            BigUint::from_bytes_be(&bytes) + offset
        };
        let (p, q) = (prime("p", offsets[0]), prime("q", offsets[1]));
        let totient = (&p - &one) * (&q - &one);
        let private = BigUint::from(EXPONENT).modinv(&totient).unwrap_or_default();
        Self { modulus: p * q, private }
    }

    /// A signature of a message.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let info = algorithm.digest_info(message);
        let mut padded = vec![0xff; SIZE - info.len()];
        let last = padded.len() - 1;
        (padded[0], padded[1], padded[last]) = (0, 1, 0);
        padded.extend_from_slice(&info);
        let signature = BigUint::from_bytes_be(&padded).modpow(&self.private, &self.modulus).to_bytes_be();
        [vec![0; SIZE - signature.len()], signature].concat()
    }

    /// A certificate of the key that the key has signed itself, in DER; of X.509 version 3 or 1.
    pub fn certificate(&self, version: u8) -> Vec<u8> {
        let object = |id: &[u8]| der(0x06, &[id]);
        let signed_by =
            der(0x30, &[&object(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), &der(0x05, &[])]);
        let common_name = der(0x30, &[&object(&[0x55, 0x04, 0x03]), &der(0x0c, &[b"A test, of nobody"])]);
        let name = der(0x30, &[&der(0x31, &[&common_name])]);
        let validity = der(0x30, &[&der(0x17, &[b"260101000000Z"]), &der(0x17, &[b"270101000000Z"])]);
        let mut modulus = self.modulus.to_bytes_be();
        modulus.insert(0, 0);
        let key = der(0x30, &[&der(0x02, &[&modulus]), &der(0x02, &[&EXPONENT.to_be_bytes()[1..]])]);
        let rsa =
            der(0x30, &[&object(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), &der(0x05, &[])]);
        let info = der(0x30, &[&rsa, &der(0x03, &[&[0], &key])]);
        let third = if version == 3 { der(0xa0, &[&der(0x02, &[&[2]])]) } else { Vec::new() };
        let body = der(0x30, &[&third, &der(0x02, &[&[7]]), &signed_by, &name, &validity, &name, &info]);
        let signature = self.sign(Algorithm::Rs256, &body);
        der(0x30, &[&body, &signed_by, &der(0x03, &[&[0], &signature])])
    }
}

/// An element of DER.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let from = length.iter().position(|byte| *byte > 0).unwrap_or(length.len() - 1);
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(length.len() - from).unwrap_or_default());
    }
    out.extend_from_slice(&length[from..]);
    out.extend_from_slice(&content);
    out
}
