//! Whether other users can read or exchange a file that holds a key: by its owner, by its mode, and by the folders above
//! it.
//!
//! The server's own user and root own what is safe. What root owns may be open to a group: orchestrators and service
//! managers mount secrets and volumes so (Kubernetes' fsGroup). In a folder with the sticky bit, as Kubernetes mounts secrets,
//! only a file's owner renames it.

use std::fmt;
use std::path::{Path, PathBuf};

/// How other users reach a file. The text continues a sentence that begins with the file's name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exposure {
    /// Its mode lets them.
    Mode(u32),
    /// The id of the user that owns it.
    Owner(u32),
    /// A folder above it can be changed by them.
    FolderMode(PathBuf, u32),
    FolderOwner(PathBuf, u32),
}

impl Exposure {
    /// What ends it, as a request.
    pub fn advice(&self) -> String {
        match self {
            Exposure::Mode(_) => "chmod 600 it, or mount the secret with defaultMode 0440".to_owned(),
            Exposure::Owner(_) => {
                "run the program as that user, or chown the file to the program's user or to root".to_owned()
            }
            Exposure::FolderMode(folder, _) => format!("chmod go-w {}, or move the file", folder.display()),
            Exposure::FolderOwner(folder, _) => {
                format!(
                    "run the program as that user, chown {} to the program's user or to root, or move the file",
                    folder.display()
                )
            }
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exposure::Mode(mode) => write!(f, "can be read or changed by other users (mode {mode:04o})"),
            Exposure::Owner(uid) => write!(f, "belongs to another user (uid {uid}), neither the server's nor root"),
            Exposure::FolderMode(folder, mode) => {
                write!(f, "is below {}, which other users can change (mode {mode:04o})", folder.display())
            }
            Exposure::FolderOwner(folder, uid) => {
                write!(f, "is below {}, which belongs to another user (uid {uid})", folder.display())
            }
        }
    }
}

/// Owner and mode of a file or folder.
#[derive(Clone, Copy, Debug)]
struct Ownership {
    uid: u32,
    gid: u32,
    mode: u32,
}

/// The user that the server runs as.
#[derive(Clone, Copy, Debug)]
struct Runner {
    uid: u32,
    gid: u32,
}

const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;

impl Ownership {
    fn is_foreign(self, runner: Runner) -> bool {
        self.uid != runner.uid && self.uid != ROOT
    }

    fn of_file(self, runner: Runner) -> Option<Exposure> {
        self.exposure(runner, 0o750)
    }

    /// The data folder: root's may be open to a group, which is the server's.
    fn of_data_folder(self, runner: Runner) -> Option<Exposure> {
        self.exposure(runner, 0o770)
    }

    /// What is the server's own is for its user alone; what is root's may have this mode.
    fn exposure(self, runner: Runner, allowed_of_root: u32) -> Option<Exposure> {
        if self.is_foreign(runner) {
            return Some(Exposure::Owner(self.uid));
        }
        let allowed = if self.uid == runner.uid { 0o700 } else { allowed_of_root };
        let mode = self.mode & 0o777;
        (mode & !allowed != 0).then_some(Exposure::Mode(mode))
    }

    /// A folder above a file: what counts is whether the file can be exchanged. The server's primary group is most often the
    /// user's own.
    fn of_folder_above(self, runner: Runner, folder: &Path) -> Option<Exposure> {
        if self.is_foreign(runner) {
            return Some(Exposure::FolderOwner(folder.to_owned(), self.uid));
        }
        let is_group_trusted = self.uid == ROOT || self.gid == runner.gid;
        let written = if is_group_trusted { 0o002 } else { 0o022 };
        let is_open = self.mode & written != 0 && self.mode & STICKY == 0;
        is_open.then(|| Exposure::FolderMode(folder.to_owned(), self.mode & 0o777))
    }
}

#[cfg(unix)]
mod system {
    use std::fs::{self, Metadata};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::{Exposure, Ownership, Runner};

    impl Ownership {
        fn of(metadata: &Metadata) -> Ownership {
            Ownership { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() }
        }
    }

    fn runner() -> Runner {
        Runner { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() }
    }

    impl Exposure {
        pub fn of_file(metadata: &Metadata) -> Option<Exposure> {
            Ownership::of(metadata).of_file(runner())
        }

        pub fn of_data_folder(folder: &Path) -> Option<Exposure> {
            Ownership::of(&fs::metadata(folder).ok()?).of_data_folder(runner())
        }

        /// The first folder on the way to a file, as it is named or behind links, that other users can change.
        pub fn of_folders_above(file: &Path) -> Option<Exposure> {
            let named = std::path::absolute(file).ok();
            let real = fs::canonicalize(file).ok();
            let runner = runner();
            let exposed = |folder: &Path| {
                let metadata = fs::metadata(folder).ok()?;
                Ownership::of(&metadata).of_folder_above(runner, folder)
            };
            [real, named].iter().flatten().find_map(|path| path.ancestors().skip(1).find_map(exposed))
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::Metadata;
    use std::path::Path;

    use super::Exposure;

    /// Modes and numbers of owners are those of Unix.
    impl Exposure {
        pub fn of_file(_: &Metadata) -> Option<Exposure> {
            None
        }

        pub fn of_data_folder(_: &Path) -> Option<Exposure> {
            None
        }

        pub fn of_folders_above(_: &Path) -> Option<Exposure> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Runner = Runner { uid: 1000, gid: 1000 };
    const AS_ROOT: Runner = Runner { uid: 0, gid: 0 };

    fn owned(uid: u32, gid: u32, mode: u32) -> Ownership {
        Ownership { uid, gid, mode }
    }

    #[test]
    fn key_files_are_the_servers_or_roots() {
        for (runner, uid, mode, expected) in [
            (ME, 1000, 0o600, None),
            (ME, 1000, 0o640, Some(Exposure::Mode(0o640))),
            (ME, 0, 0o600, None),
            (ME, 0, 0o440, None),
            (ME, 0, 0o444, Some(Exposure::Mode(0o444))),
            (ME, 0, 0o460, Some(Exposure::Mode(0o460))),
            (ME, 1001, 0o600, Some(Exposure::Owner(1001))),
            (ME, 1001, 0o440, Some(Exposure::Owner(1001))),
            (AS_ROOT, 0, 0o600, None),
            (AS_ROOT, 0, 0o440, Some(Exposure::Mode(0o440))),
            (AS_ROOT, 1001, 0o600, Some(Exposure::Owner(1001))),
        ] {
            assert_eq!(owned(uid, 7, mode | 0o10_0000).of_file(runner), expected, "{runner:?} {uid} {mode:o}");
        }
    }

    #[test]
    fn data_folders_are_the_servers_or_roots() {
        for (runner, uid, mode, expected) in [
            (ME, 1000, 0o700, None),
            (ME, 1000, 0o750, Some(Exposure::Mode(0o750))),
            // A volume with fsGroup.
            (ME, 0, 0o2770, None),
            (ME, 0, 0o2775, Some(Exposure::Mode(0o775))),
            (ME, 1001, 0o700, Some(Exposure::Owner(1001))),
            (AS_ROOT, 0, 0o770, Some(Exposure::Mode(0o770))),
            (AS_ROOT, 1001, 0o700, Some(Exposure::Owner(1001))),
        ] {
            assert_eq!(owned(uid, 7, mode).of_data_folder(runner), expected, "{runner:?} {uid} {mode:o}");
        }
    }

    #[test]
    fn folders_above_are_changed_by_the_server_and_root_alone() {
        let folder = Path::new("/f");
        let mode = |mode| Some(Exposure::FolderMode(folder.to_owned(), mode));
        for (runner, uid, gid, bits, expected) in [
            (ME, 1000, 1000, 0o755, None),
            (ME, 1000, 1000, 0o775, None),
            (ME, 1000, 50, 0o775, mode(0o775)),
            (ME, 1000, 1000, 0o777, mode(0o777)),
            // As /tmp, and as Kubernetes mounts secrets.
            (ME, 0, 0, 0o1777, None),
            (ME, 0, 2000, 0o3777, None),
            // A volume with fsGroup, and one that is open to all.
            (ME, 0, 2000, 0o2775, None),
            (ME, 0, 2000, 0o2777, mode(0o777)),
            (ME, 1001, 1000, 0o755, Some(Exposure::FolderOwner(folder.to_owned(), 1001))),
            (ME, 1001, 1000, 0o1777, Some(Exposure::FolderOwner(folder.to_owned(), 1001))),
            (AS_ROOT, 1001, 0, 0o700, Some(Exposure::FolderOwner(folder.to_owned(), 1001))),
        ] {
            assert_eq!(owned(uid, gid, bits).of_folder_above(runner, folder), expected, "{runner:?} {uid} {bits:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_looked_at_as_named_and_behind_links() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
        for folder in [&open, &closed] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("key"), "a").unwrap();
        }
        std::os::unix::fs::symlink(closed.join("key"), open.join("link")).unwrap();
        std::os::unix::fs::symlink(open.join("key"), closed.join("link")).unwrap();
        let below = |file: &Path| match Exposure::of_folders_above(file) {
            Some(Exposure::FolderMode(folder, _) | Exposure::FolderOwner(folder, _)) => folder.ends_with("open"),
            _ => false,
        };
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(below(&open.join("key")) && below(&open.join("link")) && below(&closed.join("link")));
        assert!(!below(&closed.join("key")));
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(!below(&open.join("key")));
    }
}
