//! The keys that an issuer publishes (JSON Web Key Set), those among them that verify signatures.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

/// An issuer has a handful of keys: this year's, last year's.
const KEYS_MAX: usize = 100;
/// Of a modulus: 4,096 bits. Verification takes four times as long for twice the bits. Unit: bytes.
const MODULUS_BYTES_MAX: usize = 512;
/// Of an exponent, which is 65,537 nearly always. Verification takes a multiplication of the modulus for each of its bits.
const EXPONENT_MAX: u32 = 65_537;
/// Of a key's id and of its algorithm. Unit: bytes.
const TEXT_BYTES_MAX: usize = 512;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Jwk {
    pub(super) id: Option<String>,
    /// The only one that it is for, if it says so.
    pub(super) algorithm: Option<String>,
    pub(super) material: Material,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    Ec {
        curve: &'static str,
        point: Vec<u8>,
    },
}

impl Jwk {
    /// The memory that it takes. Unit: bytes.
    pub(super) fn size_bytes(&self) -> usize {
        let texts = [&self.id, &self.algorithm].into_iter().flatten().map(String::len).sum::<usize>();
        let material = match &self.material {
            Material::Rsa { n, e } => n.len() + e.len(),
            Material::Ec { point, .. } => point.len(),
        };
        size_of::<Jwk>() + texts + material
    }
}

/// The keys of a set, without those of other kinds and uses, and without those that are too long: they are cached, signatures
/// are verified with them, and accounts choose their issuers. `None` if it is no set.
pub(super) fn keys(set: &[u8]) -> Option<Vec<Jwk>> {
    let set: Value = serde_json::from_slice(set).ok()?;
    let keys = set.get("keys")?.as_array()?;
    Some(keys.iter().take(KEYS_MAX).filter_map(key).collect())
}

fn key(key: &Value) -> Option<Jwk> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode_to_vec(text(name)?).ok();
    if ["kid", "alg"].into_iter().filter_map(text).any(|text| text.len() > TEXT_BYTES_MAX) {
        return None;
    }
    let material = match text("kty")? {
        // Without the zeros in front that some write, and that ring refuses.
        "RSA" => {
            let (n, e) = (unpadded(bytes("n")?), unpadded(bytes("e")?));
            if n.len() > MODULUS_BYTES_MAX || number(&e).is_none_or(|e| e > EXPONENT_MAX) {
                return None;
            }
            Material::Rsa { n, e }
        }
        "EC" => {
            let (curve, width) = match text("crv")? {
                "P-256" => ("P-256", 32),
                "P-384" => ("P-384", 48),
                _ => return None,
            };
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != width || y.len() != width {
                return None;
            }
            Material::Ec { curve, point: [&[4], &x[..], &y[..]].concat() }
        }
        _ => return None,
    };
    Some(Jwk { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
}

fn unpadded(bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

/// None if it has more than 32 bits.
fn number(bytes: &[u8]) -> Option<u32> {
    let bits = bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    u32::try_from(bits).ok().filter(|_| bytes.len() <= size_of::<u32>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_are_too_long_are_left_out() {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
        let key = |id: usize, n: usize, e: &[u8]| json!({"kty": "RSA", "kid": "k".repeat(id), "n": encoded(&vec![1; n]), "e": encoded(e)});
        let found = |key: Value| keys(json!({"keys": [key]}).to_string().as_bytes()).map(|keys| keys.len());
        let (usual, padded) = (&[1, 0, 1], &[0, 0, 1, 0, 1]);
        assert_eq!(found(key(TEXT_BYTES_MAX, MODULUS_BYTES_MAX, usual)), Some(1));
        assert_eq!(found(key(1, 256, padded)), Some(1));
        for long in [
            key(TEXT_BYTES_MAX + 1, 256, usual),
            key(1, MODULUS_BYTES_MAX + 1, usual),
            key(1, 256, &[1, 0, 3]),
            key(1, 256, &[1, 0, 0, 0, 0]),
            key(1, 256, &[1; 9]),
            json!({"kty": "RSA", "alg": "a".repeat(TEXT_BYTES_MAX + 1), "n": encoded(&[1; 256]), "e": encoded(usual)}),
        ] {
            assert_eq!(found(long), Some(0));
        }
    }
}
