//! The key behind all keys of identity: 32 random bytes in a file that `stator init` makes. Secrets of access keys and session
//! tokens are sealed under keys derived from it, one for each purpose, so that none can stand in for another.
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

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::hmac;

const KEY_SIZE: usize = 32;
const VERSION: u8 = 1;
const PREFIX_SIZE: usize = 1 + NONCE_LEN;

pub struct AuthKey([u8; KEY_SIZE]);

/// Why there is no key; each says what is wrong with the file.
#[derive(Debug)]
pub enum KeyError {
    Missing,
    /// There is one, which is not written over.
    Exists,
    /// It does not hold 64 hexadecimal digits.
    Malformed,
    Io(io::Error),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Missing => f.write_str("there is no such file"),
            KeyError::Exists => f.write_str("there is such a file already"),
            KeyError::Malformed => f.write_str("it does not hold 64 hexadecimal digits"),
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
        let mut key = [0; KEY_SIZE];
        base::random::fill(&mut key);
        AuthKey(key)
    }

    /// # Errors
    /// If the file is not there, cannot be read, or holds something else.
    pub fn read(file: &Path) -> Result<AuthKey, KeyError> {
        let text = fs::read_to_string(file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => KeyError::Missing,
            io::ErrorKind::InvalidData => KeyError::Malformed,
            _ => KeyError::Io(error),
        })?;
        parse(text.trim()).map(AuthKey).ok_or(KeyError::Malformed)
    }

    /// Writes a new file that its owner alone may read. It is there with all of the key or not at all.
    ///
    /// # Errors
    /// If there is such a file, which stays as it is, or if it cannot be written.
    pub fn write_new(&self, file: &Path) -> Result<(), KeyError> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(KeyError::Io)?;
        let draft = folder.join(format!(".auth-key-{}", base::random::uuid_v4()));
        let written = write_draft(&draft, &self.text());
        // Unlike a rename, a link never takes another file's place.
        let named = written.and_then(|()| fs::hard_link(&draft, file));
        let _ = fs::remove_file(&draft);
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists,
            _ => KeyError::Io(error),
        })?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeyError::Io)
    }

    fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n"
    }

    /// What seals things of one purpose.
    pub fn sealing(&self, purpose: &str) -> Sealing {
        let key = UnboundKey::new(&AES_256_GCM, &self.derived(purpose)).expect("keys of AES-256 have 32 bytes");
        Sealing(LessSafeKey::new(key))
    }

    /// Tells keys apart without telling them.
    pub fn fingerprint(&self) -> String {
        self.derived("fingerprint")[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key is random already, so one HMAC makes another of it.
    fn derived(&self, purpose: &str) -> [u8; KEY_SIZE] {
        let made = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes());
        let mut key = [0; KEY_SIZE];
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

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn parse(text: &str) -> Option<[u8; KEY_SIZE]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != KEY_SIZE || !rest.is_empty() {
        return None;
    }
    let mut key = [0; KEY_SIZE];
    for (byte, pair) in key.iter_mut().zip(pairs) {
        let digits = std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some/auth.key");
        assert!(matches!(AuthKey::read(&file), Err(KeyError::Missing)));
        let key = AuthKey::random();
        key.write_new(&file).unwrap();
        assert!(matches!(AuthKey::random().write_new(&file), Err(KeyError::Exists)));
        assert_eq!(AuthKey::read(&file).unwrap().fingerprint(), key.fingerprint());
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn files_that_hold_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("auth.key");
        let digits = "0f".repeat(32);
        for text in ["", "\n", "0f", &"g0".repeat(32), &"0f".repeat(33), &digits[1..], &"+1".repeat(32)] {
            fs::write(&file, text).unwrap();
            assert!(matches!(AuthKey::read(&file), Err(KeyError::Malformed)), "{text}");
        }
        fs::write(&file, [0xff; 32]).unwrap();
        assert!(matches!(AuthKey::read(&file), Err(KeyError::Malformed)));
        fs::write(&file, format!("  {}\n", digits.to_uppercase())).unwrap();
        assert!(AuthKey::read(&file).is_ok());
    }

    #[test]
    fn sealed_bytes_open_with_the_same_key_purpose_and_binding_only() {
        let key = AuthKey([7; KEY_SIZE]);
        let sealed = key.sealing("tokens").sealed("a", b"secret");
        assert_eq!(key.sealing("tokens").opened("a", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(key.sealing("tokens").opened("b", &sealed), None);
        assert_eq!(key.sealing("secrets").opened("a", &sealed), None);
        assert_eq!(AuthKey([8; KEY_SIZE]).sealing("tokens").opened("a", &sealed), None);
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
        let key = AuthKey([0xab; KEY_SIZE]);
        assert!(!format!("{key:?} {}", key.fingerprint()).contains("abab"));
    }
}
