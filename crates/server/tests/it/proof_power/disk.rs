//! A disk that retains what was synced, and what it may retain of the rest when power is lost.
//!
//! A file retains its bytes and its size when it is synced, a folder its names when it is synced, and nothing else is
//! ever sure: not the name of a synced file, not a name in a folder that has no name itself. What was not synced is
//! lost, or retained, or retained in part: any of a file's writes and changes of size, each write whole or some of its sectors,
//! and of a folder's changes the first few.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::file::{FileChange, FileNode};
use super::folder::{FolderChange, FolderNode};
use super::image::Image;
use super::trace::What;
use crate::proof_chance::Chance;

pub(super) struct Disk {
    /// The path of the watched folder, which is always there.
    root: String,
    trace: Arc<Vec<u8>>,
    nodes: Vec<Node>,
    open: BTreeMap<u64, usize>,
    /// Syncs under way: of which node, and what had been changed when they began.
    syncs: BTreeMap<u64, (usize, u64)>,
    changes: u64,
    /// Names of files that it says to have synced, and has not.
    lies_about: Option<&'static str>,
}

enum Node {
    File(FileNode),
    Folder(FolderNode),
}

/// What the power takes with it.
pub(super) enum Loss {
    Nothing,
    AllUnsynced,
    Some(Chance),
}

impl Disk {
    /// A disk that holds an image, all of it synced.
    pub(super) fn new(root: &Path, image: &Image, trace: Arc<Vec<u8>>, lies_about: Option<&'static str>) -> Disk {
        let root = root.to_str().expect("path").to_owned();
        let (nodes, open, syncs) = (vec![Node::Folder(FolderNode::default())], BTreeMap::new(), BTreeMap::new());
        let mut disk = Disk { root, trace, nodes, open, syncs, changes: 0, lies_about };
        for path in &image.folders {
            disk.add(path, Node::Folder(FolderNode::default()));
        }
        for (path, content) in &image.files {
            disk.add(path, Node::File(FileNode::synced(Arc::clone(content))));
        }
        for node in 0..disk.nodes.len() {
            disk.sync(node, u64::MAX);
        }
        disk
    }

    pub(super) fn apply(&mut self, what: &What) {
        self.changes += 1;
        match what {
            What::Opened { handle, flags, path } => self.opened(*handle, *flags, path),
            What::Written { handle, offset, bytes } => {
                let change = FileChange::Write { offset: *offset, bytes: bytes.clone() };
                self.change_file(self.open[handle], change);
            }
            What::Sized { handle, size } => self.change_file(self.open[handle], FileChange::Size(*size)),
            What::FolderMade { path } => {
                let path = self.below_root(path);
                self.add(path, Node::Folder(FolderNode::default()));
            }
            What::Renamed { from, to } => {
                let (folder, from) = self.parent(self.below_root(from));
                let (to_folder, to) = self.parent(self.below_root(to));
                assert_eq!(folder, to_folder, "a rename to another folder is not followed");
                self.change_folder(folder, FolderChange::Rename(from, to));
            }
            What::Removed { path } => {
                let (folder, name) = self.parent(self.below_root(path));
                self.change_folder(folder, FolderChange::Remove(name));
            }
            What::SyncBegins { handle, sync } => {
                self.syncs.insert(*sync, (self.open[handle], self.changes));
            }
            What::SyncEnded { sync, .. } => {
                let (node, changes) = self.syncs[sync];
                self.sync(node, changes);
            }
        }
    }

    /// Makes sure what was changed up to then.
    fn sync(&mut self, node: usize, changes: u64) {
        match &mut self.nodes[node] {
            Node::File(file) if file.is_lied_about => {}
            Node::File(file) => file.sync(changes, &self.trace),
            Node::Folder(folder) => folder.sync(changes),
        }
    }

    fn opened(&mut self, handle: u64, flags: u64, path: &str) {
        const TRUNCATE: u64 = 0o1000;
        let path = self.below_root(path);
        let node = match self.find(path) {
            Some(node) => {
                if flags & TRUNCATE != 0 {
                    self.change_file(node, FileChange::Size(0));
                }
                node
            }
            None => {
                let is_lied_about = self.lies_about.is_some_and(|name| path.ends_with(name));
                self.add(path, Node::File(FileNode::new(is_lied_about)));
                self.nodes.len() - 1
            }
        };
        self.open.insert(handle, node);
    }

    /// A path without the root's.
    fn below_root<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(&self.root).expect("a path below the root").trim_start_matches('/')
    }

    fn find(&self, path: &str) -> Option<usize> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(0, |node, name| match &self.nodes[node] {
            Node::Folder(folder) => folder.now.get(name).copied(),
            Node::File(_) => None,
        })
    }

    /// The folder that a name is in, and the name.
    fn parent(&self, path: &str) -> (usize, String) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        (self.find(folder).unwrap_or_else(|| panic!("nobody made the folder {folder}")), name.to_owned())
    }

    fn add(&mut self, path: &str, node: Node) {
        let (folder, name) = self.parent(path);
        self.nodes.push(node);
        self.change_folder(folder, FolderChange::Add(name, self.nodes.len() - 1));
    }

    fn change_file(&mut self, node: usize, change: FileChange) {
        match &mut self.nodes[node] {
            Node::File(file) => file.change(self.changes, change),
            Node::Folder(_) => panic!("a folder is written"),
        }
    }

    fn change_folder(&mut self, node: usize, change: FolderChange) {
        match &mut self.nodes[node] {
            Node::Folder(folder) => folder.change(self.changes, change),
            Node::File(_) => panic!("a file is taken for a folder"),
        }
    }

    /// What is there after a loss of power.
    pub(super) fn image(&self, loss: &mut Loss) -> Image {
        let mut image = Image::default();
        self.add_folder(0, "", loss, &mut image);
        image
    }

    fn add_folder(&self, node: usize, path: &str, loss: &mut Loss, image: &mut Image) {
        let Node::Folder(folder) = &self.nodes[node] else { return };
        for (name, node) in folder.after(loss) {
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            match &self.nodes[node] {
                Node::File(file) => image.files.push((path, file.after(loss, &self.trace))),
                Node::Folder(_) => {
                    image.folders.push(path.clone());
                    self.add_folder(node, &path, loss, image);
                }
            }
        }
    }
}
