//! The keys that an issuer publishes (JSON Web Key Set), those among them that verify signatures.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

/// An issuer has a handful of keys: this year's, last year's.
const KEYS_MAX: usize = 100;
/// Of a modulus: 8,192 bits, the longest that signatures are verified by. Unit: bytes.
const MODULUS_BYTES_MAX: usize = 1_024;
/// Of an exponent, which is 65,537 nearly always. Unit: bytes.
const EXPONENT_BYTES_MAX: usize = 8;
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

/// The keys of a set, without those of other kinds and uses, and without those that are too long: they are cached, and accounts
/// choose their issuers. `None` if it is no set.
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
            if n.len() > MODULUS_BYTES_MAX || e.len() > EXPONENT_BYTES_MAX {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_are_too_long_are_left_out() {
        let encoded = |bytes: usize| URL_SAFE_NO_PAD.encode_to_string(vec![1; bytes]);
        let key = |id: usize, n: usize, e: usize| json!({"kty": "RSA", "kid": "k".repeat(id), "n": encoded(n), "e": encoded(e)});
        let found = |key: Value| keys(json!({"keys": [key]}).to_string().as_bytes()).map(|keys| keys.len());
        assert_eq!(found(key(TEXT_BYTES_MAX, MODULUS_BYTES_MAX, EXPONENT_BYTES_MAX)), Some(1));
        for long in [
            key(TEXT_BYTES_MAX + 1, 256, 3),
            key(1, MODULUS_BYTES_MAX + 1, 3),
            key(1, 256, EXPONENT_BYTES_MAX + 1),
            json!({"kty": "RSA", "alg": "a".repeat(TEXT_BYTES_MAX + 1), "n": encoded(256), "e": encoded(3)}),
        ] {
            assert_eq!(found(long), Some(0));
        }
    }
}
