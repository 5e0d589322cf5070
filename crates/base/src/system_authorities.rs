//! The variable by which a user names the system's certificate authorities: what reads it follows no bound, so the file is
//! looked at before.

use std::io;
use std::path::Path;

use crate::regular_file::{RegularFile, Unreadable};

/// OpenSSL's.
const VARIABLE: &str = "SSL_CERT_FILE";
/// Unit: bytes.
const PEM_BYTES_MAX: u64 = 16 << 20;

/// # Errors
/// If the variable names a file that is no regular one, is large or cannot be read. One that is absent is not read.
pub fn check_system_authorities() -> Result<(), String> {
    std::env::var_os(VARIABLE).map_or(Ok(()), |file| check(Path::new(&file)))
}

fn check(file: &Path) -> Result<(), String> {
    match RegularFile::check(file, PEM_BYTES_MAX) {
        Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        checked => {
            checked.map_err(|error| format!("cannot read the certificates of {VARIABLE}, {}: {error}", file.display()))
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn special_files_are_refused() {
        assert!(check(Path::new("/dev/zero")).unwrap_err().contains("SSL_CERT_FILE, /dev/zero: it is a device"));
        assert_eq!(check(Path::new("/none")), Ok(()));
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).unwrap_err().contains("a folder"));
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "").unwrap();
        assert_eq!(check(&file), Ok(()));
    }
}
