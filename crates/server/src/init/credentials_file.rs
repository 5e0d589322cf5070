//! The AWS CLI's credentials file: where it is, and how it is replaced. Another program that reads it meanwhile sees all of
//! the old text or all of the new one, and a failure leaves the old one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::profile::{self, Keys};
use crate::secret_file::{self, CREDENTIALS_BYTES_MAX, Secrecy, Unusable};

const VARIABLE: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// A profile that can be written, in a file that was read.
pub(super) struct Target {
    name: String,
    replace: bool,
    /// Where the text is, behind symbolic links.
    file: PathBuf,
    /// Nothing if there is no such file yet.
    before: Option<Zeroizing<Vec<u8>>>,
}

impl Target {
    /// Looks whether the profile can be written, before there are keys for it.
    pub(super) fn find(name: &str, replace: bool) -> Result<Target, String> {
        let file = place(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))?;
        let target = Target::at(name, replace, &file)?;
        Ok(target)
    }

    fn at(name: &str, replace: bool, file: &Path) -> Result<Target, String> {
        let failure = |error: &dyn std::fmt::Display| format!("the credentials file {}: {error}", file.display());
        // A link is followed once; what it leads to is replaced, and the link stays.
        let (file, before) = match fs::canonicalize(file) {
            Ok(real) => {
                let text = secret_file::read(VARIABLE, &real, CREDENTIALS_BYTES_MAX, Secrecy::Public);
                (real, Some(text.map_err(|error| failure(&error))?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link(file) => (file.to_owned(), None),
            Err(error) => return Err(failure(&error)),
        };
        let target = Target { name: name.to_owned(), replace, file, before };
        profile::check(target.text(), name, replace).map_err(|error| target.refused(error))?;
        Ok(target)
    }

    fn text(&self) -> &[u8] {
        self.before.as_ref().map_or(&[], |text| text.as_slice())
    }

    fn refused(&self, error: profile::Refused) -> String {
        format!("the profile {} in {} {error}", self.name, self.file.display())
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Whether there is such a profile.
    pub(super) fn exists(&self) -> Result<bool, String> {
        match profile::check(self.text(), &self.name, false) {
            Err(profile::Refused::Exists) => Ok(true),
            Err(error) => Err(self.refused(error)),
            Ok(()) => Ok(false),
        }
    }

    /// The keys that the profile has.
    pub(super) fn keys(&self) -> Result<Option<Keys>, String> {
        profile::keys(self.text(), &self.name).map_err(|error| self.refused(error))
    }

    /// # Errors
    /// If the file cannot be written, or is not as it was read; it is as it was.
    pub(super) fn write(&self, keys: &Keys, remark: &str) -> Result<(), String> {
        let text = profile::with(self.text(), &self.name, keys, remark, self.replace);
        let text = text.map_err(|error| self.refused(error))?;
        self.replace(&text).map_err(|error| format!("cannot write {}: {error}", self.file.display()))
    }

    fn replace(&self, text: &[u8]) -> Result<(), Unusable> {
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        make_folder(folder)?;
        // Beside the file, so that the rename stays in one file system.
        let draft = folder.join(format!(".stator-credentials-{}", base::random::uuid_v4()));
        let written = write_draft(&draft, text, &self.file).map_err(Unusable::from);
        // What another program has written since is not lost.
        let written = written.and_then(|()| self.unchanged());
        let written = written.and_then(|()| Ok(fs::rename(&draft, &self.file)?));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    fn unchanged(&self) -> Result<(), Unusable> {
        let now = match fs::symlink_metadata(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            _ => Some(secret_file::read(VARIABLE, &self.file, CREDENTIALS_BYTES_MAX, Secrecy::Public)?),
        };
        match now == self.before {
            true => Ok(()),
            false => Err(io::Error::other("another program has changed it meanwhile").into()),
        }
    }
}

/// Where the AWS CLI has the file.
fn place(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, String> {
    let home = || variable("HOME").or_else(|| variable("USERPROFILE"));
    let no_home = || format!("there is no home folder: set {VARIABLE} or HOME");
    match variable(VARIABLE) {
        Some(file) => match file.strip_prefix("~") {
            Ok(rest) => Ok(home().ok_or_else(no_home)?.join(rest)),
            Err(_) => Ok(file),
        },
        None => Ok(home().ok_or_else(no_home)?.join(".aws").join("credentials")),
    }
}

fn is_link(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok_and(|found| found.file_type().is_symlink())
}

/// For this user alone, if it is new.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A new file that its owner alone may read; the owner is that of the file that it replaces.
fn write_draft(draft: &Path, text: &[u8], original: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    keep_owner(&file, original)?;
    file.write_all(text)?;
    // Before the caller renames it: a power failure leaves the old file or the whole new one.
    file.sync_all()
}

#[cfg(unix)]
fn keep_owner(draft: &File, original: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let Ok(before) = fs::metadata(original) else { return Ok(()) };
    let now = draft.metadata()?;
    if (before.uid(), before.gid()) == (now.uid(), now.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(draft, Some(before.uid()), Some(before.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn keys(id: &str) -> Keys {
        Keys { id: id.to_owned(), secret: "secret".to_owned().into(), token: None }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_are_for_their_owner_and_leave_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("home/.aws/credentials");
        Target::at("a", false, &file).unwrap().write(&keys("AKIDA"), "the root").unwrap();
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let before = fs::read(&file).unwrap();
        Target::at("b", false, &file).unwrap().write(&keys("AKIDB"), "the root").unwrap();
        assert_eq!(mode(&file), 0o600);
        assert!(fs::read(&file).unwrap().starts_with(&before));
        assert!(Target::at("a", false, &file).err().unwrap().contains("--replace-profile"));
        Target::at("a", true, &file).unwrap().write(&keys("AKIDC"), "the root").unwrap();
        assert_eq!(Target::at("a", true, &file).unwrap().keys(), Ok(Some(keys("AKIDC"))));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn links_are_followed_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "[default]\n").unwrap();
        symlink(&real, &link).unwrap();
        Target::at("a", false, &link).unwrap().write(&keys("AKIDA"), "the root").unwrap();
        assert!(is_link(&link) && fs::read_to_string(&real).unwrap().contains("AKIDA"));
        let dangling = folder.path().join("dangling");
        symlink(folder.path().join("none"), &dangling).unwrap();
        assert!(Target::at("a", false, &dangling).is_err());
        assert!(Target::at("a", false, Path::new("/dev/null")).err().unwrap().contains("a device"));
        assert!(Target::at("a", false, folder.path()).err().unwrap().contains("a folder"));
    }

    #[test]
    fn changes_of_other_programs_are_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        for (before, other) in [(None, "[new]\n"), (Some("[old]\n"), "[old]\n[new]\n")] {
            if let Some(text) = before {
                fs::write(&file, text).unwrap();
            }
            let target = Target::at("a", false, &file).unwrap();
            fs::write(&file, other).unwrap();
            assert!(target.write(&keys("AKIDA"), "the root").unwrap_err().contains("another program"));
            assert_eq!(fs::read_to_string(&file).unwrap(), other);
            fs::remove_file(&file).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_file_is_where_the_aws_cli_has_it() {
        let check = |variables: &[(&str, &str)], expected: Option<&str>| {
            let found = |name: &str| variables.iter().find(|one| one.0 == name).map(|one| PathBuf::from(one.1));
            assert_eq!(place(found).ok(), expected.map(PathBuf::from), "{variables:?}");
        };
        check(&[("HOME", "/h")], Some("/h/.aws/credentials"));
        check(&[("HOME", "/h"), (VARIABLE, "/c")], Some("/c"));
        check(&[("HOME", "/h"), (VARIABLE, "~/c")], Some("/h/c"));
        check(&[("USERPROFILE", "/u")], Some("/u/.aws/credentials"));
        check(&[], None);
    }
}
