//! The files with the errors of imports (`import::error_log`): below one folder, in a folder for each account, a file for each import.
//!
//! What is wrong with an object's records is up to its author, so that the files are bounded: each one, those of an account, and all
//! together. Beyond it the oldest are deleted. Nothing is written from the reserve of the disk.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where the error logs of imports are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportErrors {
    pub folder: PathBuf,
    /// They are not written when less of the disk is free. Unit: bytes.
    pub free_bytes_min: u64,
}

/// How long after the start of its import a file is there: longer than the record.
const RETENTION_MS: u64 = 100 * 24 * 60 * 60 * 1000;
const EXTENSION: &str = "jsonl";
const BOUNDS: Bounds = Bounds { file: 4 << 20, account: 32 << 20, all: 256 << 20, check: 64 << 10 };
/// A file takes at least so much of the disk. Unit: bytes.
const BLOCK: u64 = 4096;

/// Unit: bytes. Our own.
#[derive(Clone, Copy)]
struct Bounds {
    file: u64,
    account: u64,
    all: u64,
    /// The others are looked at when a file is begun, and whenever it has grown by this.
    check: u64,
}

/// A file of an import.
struct LogFile {
    path: PathBuf,
    account: String,
    /// It begins with the time at which the import began.
    id: String,
    /// Unit: bytes.
    size: u64,
}

impl ImportErrors {
    fn file_of(&self, account: &str, id: &str) -> PathBuf {
        self.folder.join(account).join(id).with_extension(EXTENSION)
    }

    /// Appends lines to the file of an import, as far as they have room, and returns whether all of them had.
    ///
    /// # Errors
    /// If they cannot be written, or would be from the reserve.
    pub(crate) fn append(&self, account: &str, id: &str, lines: &[u8]) -> io::Result<bool> {
        self.append_within(account, id, lines, BOUNDS)
    }

    /// Deletes the files of imports that began long ago.
    ///
    /// # Errors
    /// If they cannot be deleted.
    pub(crate) fn trim(&self, now_ms: u64) -> io::Result<()> {
        for file in self.files()? {
            if started_ms(&file.id).is_some_and(|started_ms| started_ms.saturating_add(RETENTION_MS) < now_ms) {
                remove(&file.path)?;
            }
        }
        self.shrink(BOUNDS)?;
        for account in self.accounts()? {
            // One that has files stays.
            let _ = fs::remove_dir(self.folder.join(account));
        }
        Ok(())
    }

    fn append_within(&self, account: &str, id: &str, lines: &[u8], bounds: Bounds) -> io::Result<bool> {
        let path = self.file_of(account, id);
        fs::create_dir_all(self.folder.join(account))?;
        let before = fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len());
        let room = usize::try_from(bounds.file.saturating_sub(before)).unwrap_or(usize::MAX);
        let fitting = match lines.get(..room) {
            None => lines,
            Some(fitting) => &fitting[..memchr::memrchr(b'\n', fitting).map_or(0, |at| at + 1)],
        };
        self.check_space(fitting.len() as u64)?;
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // The lines may show values of items.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(fitting)?;
        let after = before + fitting.len() as u64;
        if before == 0 || before / bounds.check != after / bounds.check {
            self.shrink(bounds)?;
        }
        Ok(fitting.len() == lines.len())
    }

    /// # Errors
    /// If these bytes would be written from the reserve.
    fn check_space(&self, bytes: u64) -> io::Result<()> {
        #[cfg(unix)]
        if self.free_bytes_min > 0 {
            let disk = rustix::fs::statvfs(&self.folder)?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free.saturating_sub(bytes) < self.free_bytes_min {
                let reserved = self.free_bytes_min;
                let why =
                    format!("the disk has {free} bytes free, and {reserved} of them are reserved for the database");
                return Err(io::Error::new(io::ErrorKind::StorageFull, why));
            }
        }
        Ok(())
    }

    /// Deletes the oldest files of accounts that have too much; then, while all have too much, the oldest one of the account with most.
    fn shrink(&self, bounds: Bounds) -> io::Result<()> {
        let mut accounts: BTreeMap<String, (u64, Vec<LogFile>)> = BTreeMap::new();
        let mut all = 0;
        for file in self.files()? {
            all += file.size;
            let (size, files) = accounts.entry(file.account.clone()).or_default();
            *size += file.size;
            files.push(file);
        }
        // The oldest ones are last, where they are taken.
        accounts.values_mut().for_each(|(_, files)| files.sort_unstable_by(|a, b| b.id.cmp(&a.id)));
        while let Some((size, files)) = accounts.values_mut().max_by_key(|(size, _)| *size)
            && (*size > bounds.account || all > bounds.all)
        {
            let Some(oldest) = files.pop() else { break };
            remove(&oldest.path)?;
            *size -= oldest.size;
            all -= oldest.size;
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<LogFile>> {
        let mut files = Vec::new();
        for account in self.accounts()? {
            for entry in fs::read_dir(self.folder.join(&account))? {
                let path = entry?.path();
                let id = path.file_stem().and_then(|stem| stem.to_str()).filter(|id| started_ms(id).is_some());
                let Some(id) = id.map(str::to_owned) else { continue };
                // Another import may have deleted it.
                let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
                let size = metadata.len().next_multiple_of(BLOCK).max(BLOCK);
                files.push(LogFile { path, account: account.clone(), id, size });
            }
        }
        Ok(files)
    }

    /// The folders of accounts.
    fn accounts(&self) -> io::Result<Vec<String>> {
        let is_account = |name: &String| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
        let names = fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().filter(is_account).collect())
    }
}

/// The time in an import's id.
fn started_ms(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}

/// Two imports may delete the same one.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111122223333";

    fn log(folder: &tempfile::TempDir) -> ImportErrors {
        ImportErrors { folder: folder.path().join("import-errors"), free_bytes_min: 0 }
    }

    fn id(at: u64) -> String {
        format!("{:014}-0badf00d", 1_795_944_000_000 + at)
    }

    #[test]
    fn old_files_are_deleted_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let new = log.file_of(ACCOUNT, &id(124));
        for id in [&id(123), &id(124), "other"] {
            log.append(ACCOUNT, id, b"{}\n").unwrap();
        }
        log.append("444455556666", &id(123), b"{}\n").unwrap();
        log.append(ACCOUNT, &id(124), b"{}\n").unwrap();
        log.trim(1_795_944_000_124 + RETENTION_MS).unwrap();
        assert!(!log.file_of(ACCOUNT, &id(123)).exists() && log.file_of(ACCOUNT, "other").exists());
        assert_eq!(fs::read_to_string(new).unwrap(), "{}\n{}\n");
        assert!(!log.folder.join("444455556666").exists(), "the folder of an account without files");
    }

    #[test]
    fn files_are_bounded_each_by_account_and_in_all() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let bounds = Bounds { file: 8000, account: 20_000, all: 40_000, check: 1000 };
        let lines = [b"x".repeat(999), b"\n".to_vec()].concat().repeat(3);
        // Whole lines, as many as there is room for.
        let mut wanted = Vec::new();
        while log.append_within(ACCOUNT, &id(0), &lines, bounds).unwrap() {
            wanted.extend_from_slice(&lines);
        }
        wanted.extend_from_slice(&lines[..2000]);
        assert!(fs::read(log.file_of(ACCOUNT, &id(0))).unwrap() == wanted);
        assert!(!log.append_within(ACCOUNT, &id(0), &lines, bounds).unwrap());
        // Each takes 8192 bytes of the disk.
        let fill = |account: &str, at: u64| while log.append_within(account, &id(at), &lines, bounds).unwrap() {};
        let there = |account: &str| (0..9).filter(|at| log.file_of(account, &id(*at)).exists()).collect::<Vec<_>>();
        for at in 1..4 {
            fill(ACCOUNT, at);
        }
        assert_eq!(there(ACCOUNT), [2, 3], "the oldest of the account are gone");
        for account in ["444455556666", "555566667777"] {
            fill(account, 0);
        }
        log.append_within("666677778888", &id(1), b"{}\n", bounds).unwrap();
        assert_eq!((there(ACCOUNT), there("444455556666")), (vec![2, 3], vec![0]));
        fill("777788889999", 0);
        assert_eq!(there(ACCOUNT), [3], "the oldest of the account with most");
        assert_eq!(there("666677778888"), [1]);
        assert_eq!(["444455556666", "555566667777", "777788889999"].map(there), [[0], [0], [0]]);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_from_the_reserve() {
        let folder = tempfile::tempdir().unwrap();
        let log = ImportErrors { free_bytes_min: u64::MAX / 2, ..log(&folder) };
        let error = log.append(ACCOUNT, &id(0), b"{}\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(!log.file_of(ACCOUNT, &id(0)).exists());
    }
}
