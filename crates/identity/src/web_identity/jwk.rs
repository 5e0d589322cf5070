//! The keys that an issuer publishes (JSON Web Key Set), those among them that verify signatures.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

/// An issuer has a handful of keys: this year's, last year's.
const KEYS_MAX: usize = 100;

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

/// The keys of a set, without those of other kinds and uses; `None` if it is no set.
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
    let material = match text("kty")? {
        // Without the zeros in front that some write, and that ring refuses.
        "RSA" => Material::Rsa { n: unpadded(bytes("n")?), e: unpadded(bytes("e")?) },
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
