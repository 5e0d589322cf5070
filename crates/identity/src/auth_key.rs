//! The key behind all keys of identity: 32 random bytes in a file that `stator init` makes. Secrets of access keys and session
//! tokens are sealed under keys derived from it, one for each purpose, so that none is accepted in place of another.
//!
//! Sealed bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, 1 |
//! | 12 | nonce, random |
//! | n | AES-256-GCM ciphertext |
//! | 16 | its tag, over the ciphertext and what the bytes are bound to |

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use base::{Weakness, weakness};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

const KEY_SIZE: usize = 32;
const VERSION: u8 = 1;
const PREFIX_SIZE: usize = 1 + NONCE_LEN;

/// Its bytes are overwritten when it is dropped.
pub struct AuthKey(Zeroizing<[u8; KEY_SIZE]>);

/// Why there is no key; each says what is wrong with the file.
#[derive(Debug)]
pub enum KeyError {
    Missing,
    /// There is one, which is not written over.
    Exists,
    /// It does not hold 64 hexadecimal digits.
    Malformed,
    /// It is trivial to guess.
    Weak(Weakness),
    Io(io::Error),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Missing => f.write_str("there is no such file"),
            KeyError::Exists => f.write_str("there is such a file already"),
            KeyError::Malformed => f.write_str("it does not hold 64 hexadecimal digits"),
            KeyError::Weak(weakness) => write!(f, "it is no random key: {weakness}"),
            KeyError::Io(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(…)")
    }
}

impl AuthKey {
    pub fn random() -> AuthKey {
        let mut key = Zeroizing::new([0; KEY_SIZE]);
        base::random::fill(&mut key[..]);
        AuthKey(key)
    }

    /// The key that a file holds.
    ///
    /// # Errors
    /// If the text is something else, or a key that is trivial to guess.
    pub fn parse(text: &[u8]) -> Result<AuthKey, KeyError> {
        let key = parse(text.trim_ascii()).ok_or(KeyError::Malformed)?;
        weakness(&key).map_or(Ok(AuthKey(key)), |weakness| Err(KeyError::Weak(weakness)))
    }

    /// Writes a new file that its owner alone may read. It is there with all of the key or not at all.
    ///
    /// # Errors
    /// If there is such a file, which stays as it is, or if it cannot be written.
    pub fn write_new(&self, file: &Path) -> Result<(), KeyError> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(KeyError::Io)?;
        let draft = folder.join(format!(".auth-key-{}", base::random::uuid_v4()));
        let written = write_draft(&draft, self.text().as_bytes());
        // Unlike a rename, a link never takes another file's place.
        let named = written.and_then(|()| fs::hard_link(&draft, file));
        let _ = fs::remove_file(&draft);
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists,
            _ => KeyError::Io(error),
        })?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeyError::Io)
    }

    fn text(&self) -> Zeroizing<String> {
        // Of its full size from the start, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_SIZE + 1));
        text.push_str(&Zeroizing::new(base::hex(&self.0[..])));
        text.push('\n');
        text
    }

    /// What seals things of one purpose.
    pub fn sealing(&self, purpose: &str) -> Sealing {
        let key = UnboundKey::new(&AES_256_GCM, &self.derived(purpose)[..]).expect("keys of AES-256 have 32 bytes");
        Sealing(LessSafeKey::new(key))
    }

    /// Differs for each key, and does not disclose it.
    pub fn fingerprint(&self) -> String {
        base::hex(&self.derived("fingerprint")[..16])
    }

    /// The key is random already, so one HMAC makes another of it.
    fn derived(&self, purpose: &str) -> Zeroizing<[u8; KEY_SIZE]> {
        let made = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0[..]), purpose.as_bytes());
        let mut key = Zeroizing::new([0; KEY_SIZE]);
        key.copy_from_slice(made.as_ref());
        key
    }
}

/// Encrypts, and knows its own work again.
pub struct Sealing(LessSafeKey);

impl Sealing {
    /// `bound_to` must be given again for [`Sealing::opened`]: what is sealed is good there only.
    pub fn sealed(&self, bound_to: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        base::random::fill(&mut nonce);
        let mut sealed = Vec::with_capacity(PREFIX_SIZE + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(bound_to.as_bytes());
        let tag: Tag = self.0.seal_in_place_separate_tag(nonce, aad, &mut sealed[PREFIX_SIZE..]).expect("it is short");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// What was sealed; nothing if another key did it, if it is bound to something else, or if it was changed.
    pub fn opened(&self, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        if *version != VERSION {
            return None;
        }
        let mut opened = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(bound_to.as_bytes()), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

fn write_draft(draft: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(text)?;
    file.sync_all()
}

fn parse(text: &[u8]) -> Option<Zeroizing<[u8; KEY_SIZE]>> {
    let bytes = Zeroizing::new(base::unhex(text)?);
    let mut key = Zeroizing::new([0; KEY_SIZE]);
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some/auth.key");
        let key = AuthKey::random();
        key.write_new(&file).unwrap();
        assert!(matches!(AuthKey::random().write_new(&file), Err(KeyError::Exists)));
        assert_eq!(AuthKey::parse(&fs::read(&file).unwrap()).unwrap().fingerprint(), key.fingerprint());
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn texts_that_hold_no_key() {
        let digits = "18fb4aadc4062a3521681114be15b7300c7bae414dee07787f11842ef7688ed4";
        for text in ["", "\n", "0f", &"g0".repeat(32), &(digits.to_owned() + "0f"), &digits[1..], &"+1".repeat(32)] {
            assert!(matches!(AuthKey::parse(text.as_bytes()), Err(KeyError::Malformed)), "{text}");
        }
        assert!(matches!(AuthKey::parse(&[0xff; 32]), Err(KeyError::Malformed)));
        assert!(AuthKey::parse(format!("  {}\n", digits.to_uppercase()).as_bytes()).is_ok());
        for trivial in ["00".repeat(32), "0f".repeat(32), "0123456789abcdef".repeat(4), "61626364".repeat(8)] {
            assert!(matches!(AuthKey::parse(trivial.as_bytes()), Err(KeyError::Weak(_))), "{trivial}");
        }
    }

    #[test]
    fn sealed_bytes_open_with_the_same_key_purpose_and_binding_only() {
        let key = AuthKey([7; KEY_SIZE].into());
        let sealed = key.sealing("tokens").sealed("a", b"secret");
        assert_eq!(key.sealing("tokens").opened("a", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(key.sealing("tokens").opened("b", &sealed), None);
        assert_eq!(key.sealing("secrets").opened("a", &sealed), None);
        assert_eq!(AuthKey([8; KEY_SIZE].into()).sealing("tokens").opened("a", &sealed), None);
        assert_ne!(key.sealing("tokens").sealed("a", b"secret"), sealed);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.sealing("tokens").opened("a", &changed), None, "{at}");
            assert_eq!(key.sealing("tokens").opened("a", &sealed[..at]), None, "{at}");
        }
    }

    #[test]
    fn nothing_shows_the_key() {
        let key = AuthKey([0xab; KEY_SIZE].into());
        assert!(!format!("{key:?} {}", key.fingerprint()).contains("abab"));
    }
}
