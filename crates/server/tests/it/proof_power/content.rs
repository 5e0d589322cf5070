//! The bytes of a file, without the pages that are all zeros.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

const PAGE: usize = 4096;

#[derive(Clone, Default)]
pub(super) struct Content {
    size: u64,
    pages: BTreeMap<u64, Arc<[u8; PAGE]>>,
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let (mut at, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let begin = (at % PAGE as u64) as usize;
            let (now, later) = rest.split_at(rest.len().min(PAGE - begin));
            let page = self.pages.entry(at / PAGE as u64).or_insert_with(|| Arc::new([0; PAGE]));
            Arc::make_mut(page)[begin..begin + now.len()].copy_from_slice(now);
            at += now.len() as u64;
            rest = later;
        }
        self.size = self.size.max(at);
    }

    pub(super) fn resize(&mut self, size: u64) {
        if size < self.size {
            self.pages.split_off(&size.div_ceil(PAGE as u64));
            if let Some(page) = self.pages.get_mut(&(size / PAGE as u64)) {
                Arc::make_mut(page)[(size % PAGE as u64) as usize..].fill(0);
            }
        }
        self.size = size;
    }

    /// Makes the file.
    pub(super) fn write_to(&self, path: &Path) {
        let write = || -> std::io::Result<()> {
            let mut file = File::create(path)?;
            let mut at = 0;
            for (number, page) in &self.pages {
                let begin = number * PAGE as u64;
                let size = (self.size - begin).min(PAGE as u64) as usize;
                if begin != at {
                    file.seek(SeekFrom::Start(begin))?;
                }
                file.write_all(&page[..size])?;
                at = begin + size as u64;
            }
            file.set_len(self.size)
        };
        write().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub(super) fn read_from(path: &Path) -> Content {
        let read = || -> std::io::Result<Content> {
            let mut file = File::open(path)?;
            let mut content = Content::default();
            let mut chunk = vec![0; 64 * PAGE];
            loop {
                let size = file.read(&mut chunk)?;
                if size == 0 {
                    return Ok(content);
                }
                let offset = content.size;
                for (at, page) in (offset..).step_by(PAGE).zip(chunk[..size].chunks(PAGE)) {
                    if *page != [0; PAGE][..page.len()] {
                        content.write(at, page);
                    }
                }
                content.size = offset + size as u64;
            }
        };
        read().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The offset of the first byte that differs.
    pub(super) fn first_difference(&self, other: &Content) -> Option<u64> {
        let zeros = Arc::new([0; PAGE]);
        let pages = self.pages.keys().chain(other.pages.keys());
        let differing = |page: &u64| {
            let [one, two] = [self, other].map(|content| content.pages.get(page).unwrap_or(&zeros));
            let at = one.iter().zip(two.iter()).position(|(one, two)| one != two)?;
            Some(page * PAGE as u64 + at as u64)
        };
        let unequal = |page: &&u64| self.pages.get(page) != other.pages.get(page);
        let first = pages.filter(unequal).filter_map(differing).min();
        first.or_else(|| (self.size != other.size).then(|| self.size.min(other.size)))
    }
}
