//! A page of a bucket's keys in their byte order, by a walk that has a bounded number of names in memory.
//!
//! The walk visits the entries of a folder in the order of their names, a folder's with a slash behind it: that is the byte order of
//! whole keys. Of a folder, only the first names that can still be in the page are in memory; if they were not enough,
//! because folders among them are empty, the folder is read again from there on. No handle is held while the walk is below a folder.

use std::collections::{BTreeMap, BTreeSet};

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
        let Some(range) = Range::below(path, self.prefix, self.after) else { return Ok(found) };
        let parts: Vec<&str> = path.split_terminator('/').collect();
        let folder = match self.bucket.descend(&parts) {
            Ok(folder) => folder,
            // Removed since it was listed, or a link in its place.
            Err(error) if is_absent(error) => return Ok(found),
            Err(error) => return Err(refused(error)),
        };
        let mut names: BTreeSet<String> = BTreeSet::new();
        let listed = folder.for_each_entry(|name, file_type| {
            // Most names of a large folder are behind those of a page.
            if names.len() >= self.names_max && names.last().is_some_and(|last| name > last.as_str()) {
                found.is_cut = true;
                return;
            }
            let name = match known(&folder, name, file_type) {
                FileType::Directory => format!("{name}/"),
                FileType::RegularFile => name.to_owned(),
                _ => return,
            };
            if name.as_str() <= from || !range.concerns(&name) {
                return;
            }
            names.insert(name);
            if names.len() > self.names_max {
                names.pop_last();
                found.is_cut = true;
            }
        });
        listed.map_err(refused)?;
        for name in names {
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
}

/// What a page says of the names in one folder.
struct Range<'a> {
    is_root: bool,
    /// What a name, or the path below it, begins with.
    prefix: &'a str,
    /// What a name, or the path below it, is greater than.
    after: &'a str,
    name_bytes_max: usize,
}

impl<'a> Range<'a> {
    /// `None` if nothing below the folder is in the page.
    fn below(path: &str, prefix: &'a str, after: &'a str) -> Option<Range<'a>> {
        let prefix = if path.starts_with(prefix) { "" } else { prefix.strip_prefix(path)? };
        let after = match after.strip_prefix(path) {
            Some(rest) => rest,
            None if path > after => "",
            None => return None,
        };
        let name_bytes_max = KEY_BYTES_MAX.checked_sub(path.len())?;
        Some(Range { is_root: path.is_empty(), prefix, after, name_bytes_max })
    }

    /// Whether an entry is an object of the page, or a folder that may have one.
    fn concerns(&self, name: &str) -> bool {
        if name.len() > self.name_bytes_max || self.is_root && is_uploads(name) {
            return false;
        }
        match name.ends_with('/') {
            // All keys below the folder begin with its name: they are behind `after` unless that is behind it and not below it.
            true => {
                (name.starts_with(self.prefix) || self.prefix.starts_with(name))
                    && (name > self.after || self.after.starts_with(name))
            }
            false => name.starts_with(self.prefix) && name > self.after,
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
