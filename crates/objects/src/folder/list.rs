//! A page of a bucket's keys in their byte order, by a walk that has a bounded number of names in memory.
//!
//! The walk visits the entries of a folder in the order of their names, a folder's with a slash behind it: that is the byte order of
//! whole keys. Of a folder, only the first names that can still be in the page are in memory; if they were not enough,
//! because folders among them are empty, the folder is read again from there on. No handle is held while the walk is below a folder.

use std::collections::BTreeMap;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use crate::error::ObjectError;
use crate::folder::directory::{Directory, failed, is_absent, is_regular};
use crate::folder::{UPLOADS, reader};
use crate::options::{LIST_PAGE_OBJECTS_MAX, ObjectInfo};
use crate::place::KEY_BYTES_MAX;

/// The first objects whose keys begin with `prefix` and are greater than `after`.
pub(super) fn page(bucket: &Directory, prefix: &str, after: &str) -> Result<Vec<ObjectInfo>, ObjectError> {
    let mut walk = Walk { bucket, prefix, after, objects: Vec::new(), names_max: LIST_PAGE_OBJECTS_MAX };
    walk.visit("")?;
    Ok(walk.objects)
}

struct Walk<'a> {
    bucket: &'a Directory,
    prefix: &'a str,
    after: &'a str,
    objects: Vec<ObjectInfo>,
    /// Of one folder, in memory at once.
    names_max: usize,
}

enum Entry {
    /// Of size and version.
    Object(u64, String),
    Folder,
}

/// The first entries of a folder by their names, a folder's with a slash behind it.
struct Entries {
    first: BTreeMap<String, Entry>,
    /// The folder has more of them.
    is_cut: bool,
}

impl Walk<'_> {
    /// Adds the objects below a folder: `path` is empty or ends with a slash.
    fn visit(&mut self, path: &str) -> Result<(), ObjectError> {
        let mut from = String::new();
        loop {
            let Entries { first, is_cut } = self.entries(path, &from)?;
            from = first.last_key_value().map(|(name, _)| name.clone()).unwrap_or_default();
            for (name, entry) in first {
                if self.objects.len() >= LIST_PAGE_OBJECTS_MAX {
                    return Ok(());
                }
                let key = format!("{path}{name}");
                match entry {
                    Entry::Object(size, version) => self.objects.push(ObjectInfo { key, size, version }),
                    Entry::Folder => self.visit(&key)?,
                }
            }
            if !is_cut {
                return Ok(());
            }
        }
    }

    /// The first entries behind a name that may have to do with this page.
    fn entries(&self, path: &str, from: &str) -> Result<Entries, ObjectError> {
        let refused = |error| failed("list", &self.bucket.path().join(path), error);
        let mut found = Entries { first: BTreeMap::new(), is_cut: false };
        let parts: Vec<&str> = path.split_terminator('/').collect();
        let folder = match self.bucket.descend(&parts) {
            Ok(folder) => folder,
            // Removed since it was listed, or a link in its place.
            Err(error) if is_absent(error) => return Ok(found),
            Err(error) => return Err(refused(error)),
        };
        let mut names: BTreeMap<String, FileType> = BTreeMap::new();
        let listed = folder.for_each_entry(|name, file_type| {
            let name = match known(&folder, name, file_type) {
                FileType::Directory => format!("{name}/"),
                FileType::RegularFile => name.to_owned(),
                _ => return,
            };
            if name.as_str() <= from || !self.concerns(path, &name) {
                return;
            }
            names.insert(name, file_type);
            if names.len() > self.names_max {
                names.pop_last();
                found.is_cut = true;
            }
        });
        listed.map_err(refused)?;
        for (name, _) in names {
            let entry = match name.ends_with('/') {
                true => Entry::Folder,
                false => match folder.stat(&name) {
                    Ok(stat) if is_regular(&stat) => object(&stat),
                    Ok(_) | Err(Errno::NOENT) => continue,
                    Err(error) => return Err(refused(error)),
                },
            };
            found.first.insert(name, entry);
        }
        Ok(found)
    }

    /// Whether an entry is an object of the list behind `after`, or a folder that may have one.
    fn concerns(&self, path: &str, name: &str) -> bool {
        let key = format!("{path}{name}");
        if key.len() > KEY_BYTES_MAX || path.is_empty() && is_uploads(name) {
            return false;
        }
        match name.ends_with('/') {
            // All keys below the folder begin with `key`: they are behind `after` unless that is behind `key` and not below it.
            true => {
                (key.starts_with(self.prefix) || self.prefix.starts_with(&key))
                    && (key.as_str() > self.after || self.after.starts_with(&key))
            }
            false => key.starts_with(self.prefix) && key.as_str() > self.after,
        }
    }
}

fn is_uploads(name: &str) -> bool {
    name.trim_end_matches('/').eq_ignore_ascii_case(UPLOADS)
}

/// Some file systems do not say kinds with names.
fn known(folder: &Directory, name: &str, file_type: FileType) -> FileType {
    match file_type {
        FileType::Unknown => folder.stat(name).map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
        known => known,
    }
}

fn object(stat: &Stat) -> Entry {
    Entry::Object(reader::size(stat), reader::version(stat))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    /// Keys of few letters, so that names meet: as files, as folders, empty or not.
    fn key() -> impl Strategy<Value = String> {
        prop::collection::vec("[-.0a]{1,2}", 1..4)
            .prop_map(|parts| parts.join("/"))
            .prop_filter("a path", |key| key.split('/').all(|part| part != "." && part != ".."))
    }

    fn walked(bucket: &Directory, prefix: &str, after: &str, names_max: usize) -> Vec<String> {
        let mut walk = Walk { bucket, prefix, after, objects: Vec::new(), names_max };
        walk.visit("").unwrap();
        walk.objects.into_iter().map(|object| object.key).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_walk_is_a_sorted_set(
            keys in prop::collection::vec((key(), prop::bool::weighted(0.3)), 0..30),
            prefix in prop_oneof![Just(String::new()), "[-./0a]{0,4}"],
            after in prop_oneof![Just(String::new()), "[-./0a]{0,6}"],
            names_max in 1_usize..4,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut model = BTreeSet::new();
            for (key, is_empty_folder) in keys {
                let path = folder.path().join(&key);
                // What is in the way of a path stays there.
                let made = fs::create_dir_all(if is_empty_folder { &path } else { path.parent().unwrap() });
                if !is_empty_folder && made.and_then(|()| fs::write(&path, "x")).is_ok() {
                    model.insert(key);
                }
            }
            let bucket = Directory::root(folder.path()).unwrap();
            let expected: Vec<String> =
                model.into_iter().filter(|key| key.starts_with(&prefix) && *key > after).collect();
            prop_assert_eq!(&walked(&bucket, &prefix, &after, names_max), &expected);
            prop_assert_eq!(&walked(&bucket, &prefix, &after, 1000), &expected);
        }
    }
}
