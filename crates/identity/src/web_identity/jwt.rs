//! A JSON Web Token as it arrives: three parts in base64url, with dots between. What it says is a claim until its signature is
//! verified.

use base64_simd::URL_SAFE_NO_PAD;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, VerificationAlgorithm,
};
use serde_json::{Map, Value};

use super::Rejected;
use super::jwk::{Jwk, Material};

/// Unit: bytes. Source: STS API Reference, "AssumeRoleWithWebIdentity".
const SIZE_BYTES_MAX: usize = 20_000;

/// Keys that are tried for one token. An issuer that has more of a kind names them (`kid`): a token is refused that more keys
/// may have signed, as unsigned requests may not choose how much is computed for them.
pub(super) const KEYS_TRIED_MAX: usize = 4;

/// How a token can be signed. Those with a shared secret, and `none`, are not among them.
#[derive(Clone, Copy, Debug)]
enum Algorithm {
    Rsa(&'static RsaParameters),
    Ecdsa { curve: &'static str, algorithm: &'static dyn VerificationAlgorithm },
}

impl Algorithm {
    fn named(name: &str) -> Option<Algorithm> {
        Some(match name {
            "RS256" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "ES256" => Algorithm::Ecdsa { curve: "P-256", algorithm: &ECDSA_P256_SHA256_FIXED },
            "ES384" => Algorithm::Ecdsa { curve: "P-384", algorithm: &ECDSA_P384_SHA384_FIXED },
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub struct Jwt<'a> {
    /// Header and claims, as they are signed.
    signed: &'a str,
    signature: Vec<u8>,
    algorithm_name: String,
    algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    /// Not proven.
    claims: Map<String, Value>,
}

impl<'a> Jwt<'a> {
    /// # Errors
    /// If it is no JWT, or is signed by an algorithm that is not supported.
    pub fn parse(token: &'a str) -> Result<Jwt<'a>, Rejected> {
        Jwt::parts(token).ok_or_else(Rejected::malformed)
    }

    fn parts(token: &'a str) -> Option<Jwt<'a>> {
        if token.len() > SIZE_BYTES_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
        let (header, claims) = (object(header)?, object(claims)?);
        // Extensions that must be understood, and are not.
        if header.contains_key("crit") {
            return None;
        }
        let algorithm_name = header.get("alg")?.as_str()?.to_owned();
        Some(Jwt {
            signed,
            signature: URL_SAFE_NO_PAD.decode_to_vec(signature).ok()?,
            algorithm: Algorithm::named(&algorithm_name)?,
            algorithm_name,
            key_id: header.get("kid").and_then(Value::as_str).map(str::to_owned),
            claims,
        })
    }

    /// The issuer that the token claims.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// Whether one of these keys may have signed it, by what the token says.
    pub(super) fn fits(&self, key: &Jwk) -> bool {
        let same_id = match (&self.key_id, &key.id) {
            (Some(wanted), Some(id)) => wanted == id,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let same_kind = match (&key.material, self.algorithm) {
            (Material::Rsa { .. }, Algorithm::Rsa(_)) => true,
            (Material::Ec { curve, .. }, Algorithm::Ecdsa { curve: wanted, .. }) => *curve == wanted,
            _ => false,
        };
        same_id && same_kind && key.algorithm.as_ref().is_none_or(|name| *name == self.algorithm_name)
    }

    /// What the token says. This is work: [`KEYS_TRIED_MAX`] signatures are verified.
    ///
    /// # Errors
    /// If none of the keys signed it, or too many may have.
    pub(super) fn verified(self, keys: &[Jwk]) -> Result<Map<String, Value>, Rejected> {
        let fitting = || keys.iter().filter(|key| self.fits(key));
        if fitting().nth(KEYS_TRIED_MAX).is_some() {
            return Err(Rejected::ambiguous());
        }
        match fitting().any(|key| self.is_signed_by(key)) {
            true => Ok(self.claims),
            false => Err(Rejected::unverified()),
        }
    }

    fn is_signed_by(&self, key: &Jwk) -> bool {
        let message = self.signed.as_bytes();
        match (&key.material, self.algorithm) {
            (Material::Rsa { n, e }, Algorithm::Rsa(parameters)) => {
                signature::RsaPublicKeyComponents { n, e }.verify(parameters, message, &self.signature).is_ok()
            }
            (Material::Ec { point, .. }, Algorithm::Ecdsa { algorithm, .. }) => {
                signature::UnparsedPublicKey::new(algorithm, point).verify(message, &self.signature).is_ok()
            }
            _ => false,
        }
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode_to_vec(part).ok()?).ok()
}
