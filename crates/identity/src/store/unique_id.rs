//! Ids that nothing else ever has, as AWS makes them: four letters for the kind, and 17 random ones.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const RANDOM_LENGTH: usize = 17;
/// Of a secret access key. Unit: characters.
const SECRET_LENGTH: usize = 40;

/// Source: IAM User Guide, "IAM identifiers", unique ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UniqueIdKind {
    User,
    Group,
    Role,
    ManagedPolicy,
}

pub(crate) fn unique_id(kind: UniqueIdKind) -> String {
    let prefix = match kind {
        UniqueIdKind::User => "AIDA",
        UniqueIdKind::Group => "AGPA",
        UniqueIdKind::Role => "AROA",
        UniqueIdKind::ManagedPolicy => "ANPA",
    };
    let mut random = [0; RANDOM_LENGTH];
    base::random::fill(&mut random);
    prefix.chars().chain(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))).collect()
}

/// A random secret: 40 characters of base 64.
pub(crate) fn secret() -> String {
    let mut random = [0; SECRET_LENGTH / 4 * 3];
    base::random::fill(&mut random);
    base64_simd::STANDARD.encode_to_string(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_secrets_have_their_form() {
        let id = unique_id(UniqueIdKind::Role);
        assert!(id.starts_with("AROA") && id.len() == 21 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(id, unique_id(UniqueIdKind::Role));
        assert_eq!((secret().len(), secret() == secret()), (40, false));
    }
}
