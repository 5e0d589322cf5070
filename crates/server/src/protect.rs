//! What the process does for the secrets that it holds, before it reads any: its files are for its own user, and its
//! memory is in no core dump. Swap is the operating system's: pages are not locked.

use std::path::Path;

use base::Exposure;
use clap::Args;
use clap::builder::BoolishValueParser;

use crate::log::{self, Value};

#[derive(Args, Debug)]
pub(crate) struct ProtectArguments {
    /// For finding faults: let the operating system write a core dump when the server crashes, and debuggers attach. A
    /// core dump holds keys and data in plain text
    #[arg(long, env = "STATOR_ALLOW_CORE_DUMPS", value_parser = BoolishValueParser::new())]
    pub(crate) allow_core_dumps: bool,
}

/// New files and folders are for this user alone, those of the storage engine included.
fn files() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
}

impl ProtectArguments {
    pub(crate) fn apply(&self) {
        files();
        if !self.allow_core_dumps {
            memory();
        }
    }
}

/// For commands that hold keys for a moment.
pub(crate) fn process() {
    files();
    memory();
}

/// No core dumps, and no debugger of this user. Where the system does not allow it, all stays as it is.
fn memory() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // A limit of 0 does not keep Linux from piping a core dump to a program.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Takes other users' permissions from a data folder that is open; an older version may have left it open to them. Of what
/// belongs to another user, or can be exchanged by one, the log warns.
pub(crate) fn data_folder(folder: &Path) {
    let path = folder.display().to_string();
    let warn = |message: &str| log::warning("data_folder_exposed", message, &[("folder", Value::Text(&path))]);
    match Exposure::of_data_folder(folder).or_else(|| Exposure::of_folders_above(folder)) {
        Some(Exposure::Mode(mode)) => {
            let done = close_to_others(folder, mode);
            warn(&format!("the data folder {path} was open to other users (mode {mode:04o}); {done}"));
        }
        Some(Exposure::Owner(uid)) => warn(&format!(
            "the data folder {path} belongs to another user (uid {uid}), and this process runs as {}: what it writes there that \
             user cannot open. Run it as that user; 'chown -R {uid} {path}' gives back what was written",
            this_user()
        )),
        Some(exposure) => warn(&format!("the data folder {path} {exposure}: {}", exposure.advice())),
        None => {}
    }
}

#[cfg(unix)]
fn this_user() -> String {
    user(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn this_user() -> String {
    "another one".to_owned()
}

#[cfg(unix)]
fn user(uid: u32) -> String {
    if uid == 0 { "root".to_owned() } else { format!("uid {uid}") }
}

/// What this process may not open of a file, or of a folder with all that is in it, and its owner: most often the files of a
/// server that ran as another user.
#[cfg(unix)]
pub(crate) fn denied(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let path = std::path::absolute(path).ok()?;
    let found = first_denied(&path)?;
    let metadata = std::fs::symlink_metadata(&found).ok()?;
    Some(format!(
        "{} belongs to {} (mode {:04o}), and this process runs as {}",
        found.display(),
        user(metadata.uid()),
        metadata.mode() & 0o777,
        this_user()
    ))
}

#[cfg(not(unix))]
pub(crate) fn denied(_: &Path) -> Option<String> {
    None
}

#[cfg(unix)]
fn first_denied(path: &Path) -> Option<std::path::PathBuf> {
    use rustix::fs::{Access, access};
    let Ok(found) = std::fs::metadata(path) else {
        // Not there, or behind a closed folder: the folder above says which.
        let above = path.ancestors().skip(1).find(|above| above.metadata().is_ok())?;
        return access(above, Access::WRITE_OK | Access::EXEC_OK).is_err().then(|| above.to_owned());
    };
    let wanted = Access::READ_OK | Access::WRITE_OK | if found.is_dir() { Access::EXEC_OK } else { Access::empty() };
    if access(path, wanted).is_err() {
        return Some(path.to_owned());
    }
    let entries = if found.is_dir() { std::fs::read_dir(path).ok() } else { None };
    entries.into_iter().flatten().flatten().find_map(|entry| first_denied(&entry.path()))
}

/// What was done, or is to be.
#[cfg(unix)]
fn close_to_others(folder: &Path, mode: u32) -> String {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    match set_permissions(folder, Permissions::from_mode(mode & 0o700)) {
        Ok(()) => {
            close_content(folder);
            format!("its mode is {:04o} now", mode & 0o700)
        }
        Err(_) => "its owner should run chmod 700 on it".to_owned(),
    }
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: u32) -> String {
    String::new()
}

/// Everything in the folder, for copies that are made of it. What cannot be closed is behind the closed folder all the same.
#[cfg(unix)]
fn close_content(folder: &Path) {
    use std::fs::{Permissions, read_dir, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    for entry in read_dir(folder).into_iter().flatten().flatten() {
        // Of a link, what is known is the link itself: what it leads to stays as it is.
        let Ok(found) = entry.metadata() else { continue };
        if found.is_file() || found.is_dir() {
            let _ = set_permissions(entry.path(), Permissions::from_mode(found.permissions().mode() & 0o700));
        }
        if found.is_dir() {
            close_content(&entry.path());
        }
    }
}

/// Lets other users read a file that is meant for them.
pub(crate) fn publish(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn memory_is_in_no_core_dump() {
        memory();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
