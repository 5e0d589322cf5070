//! A folder with all that is in it, in memory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::content::Content;

/// Paths are relative to the folder; a folder comes before what is in it.
#[derive(Default)]
pub(super) struct Image {
    pub(super) folders: Vec<String>,
    pub(super) files: Vec<(String, Arc<Content>)>,
}

impl Image {
    pub(super) fn read(root: &Path) -> Image {
        let mut image = Image::default();
        let mut next = vec![String::new()];
        while let Some(folder) = next.pop() {
            for entry in fs::read_dir(root.join(&folder)).expect("a folder") {
                let path = entry.expect("entry").path();
                let name = path.strip_prefix(root).expect("below the root").to_str().expect("path").to_owned();
                if path.is_dir() {
                    image.folders.push(name.clone());
                    next.push(name);
                } else {
                    image.files.push((name, Arc::new(Content::read_from(&path))));
                }
            }
        }
        image
    }

    pub(super) fn write_to(&self, root: &Path) {
        for folder in &self.folders {
            fs::create_dir(root.join(folder)).expect("a new folder");
        }
        for (path, content) in &self.files {
            content.write_to(&root.join(path));
        }
    }

    /// Fails unless both are the same.
    pub(super) fn check_equal(mut self, mut other: Image) {
        for image in [&mut self, &mut other] {
            image.folders.sort();
            image.files.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let names = |image: &Image| image.files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        assert_eq!((&self.folders, names(&self)), (&other.folders, names(&other)), "folders and files");
        for ((path, one), (_, other)) in self.files.iter().zip(&other.files) {
            assert_eq!(one.first_difference(other), None, "the first byte of {path} that differs");
        }
    }
}
