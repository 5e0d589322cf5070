//! What is served is what is in the folder, and stays small; each operation of the services is on a page or has a reason not to be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

mod operations;

/// Compressed, of all files. Unit: bytes.
const ALL_SIZE_BYTES_MAX: usize = 300 * 1024;
/// Compressed, of what a browser loads for the first page: all but other pages, and the library of plots. Unit: bytes.
const FIRST_PAGE_SIZE_BYTES_MAX: usize = 80 * 1024;

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web")
}

fn names(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            names(&path, found);
        } else {
            let name = path.strip_prefix(web()).expect("below the folder");
            found.insert(name.to_str().expect("a name").replace('\\', "/"));
        }
    }
}

#[test]
fn the_list_has_the_files_of_the_folder() {
    let mut found = BTreeSet::new();
    names(&web(), &mut found);
    assert!(found.remove("index.html"));
    let listed: BTreeSet<String> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "left: the folder; right: src/files.rs");
    assert!(FILES.is_sorted_by_key(|(name, ..)| *name));
}

#[test]
fn files_are_small() {
    let size = |file: &File| file.gzip().len();
    let all: usize = CONSOLE.assets.iter().map(size).sum::<usize>() + size(page());
    assert!(all <= ALL_SIZE_BYTES_MAX, "all files: {all} bytes");
    let is_first = |name: &str| match name {
        "js/pages/overview.js" => true,
        "vendor/uplot.js" | "vendor/uplot.css" => false,
        other => !other.starts_with("js/pages/"),
    };
    let first: usize = CONSOLE.assets.iter().filter(|file| is_first(file.name)).map(size).sum::<usize>() + size(page());
    assert!(first <= FIRST_PAGE_SIZE_BYTES_MAX, "the first page: {first} bytes");
}

#[test]
fn the_page_names_files_that_there_are() {
    let page = String::from_utf8(page().bytes().to_vec()).expect("text");
    assert!(!page.contains(PLACEHOLDER), "{page}");
    let named: Vec<&str> = page.split('"').filter(|text| text.starts_with("assets-")).collect();
    assert!(named.len() > 3);
    for name in named {
        assert!(asset(name).is_some(), "{name}");
    }
    assert!(asset("assets-0123/js/main.js").is_none());
}

/// A page that wrote markup, or read code from text, would break the content security policy.
#[test]
fn own_scripts_make_no_markup_and_no_code_of_text() {
    for (name, _, bytes) in FILES.iter().filter(|(name, ..)| name.starts_with("js/")) {
        let text = std::str::from_utf8(bytes).expect("text");
        for banned in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "http://www",
            "cdn.",
        ] {
            assert!(!text.contains(banned), "{name} has {banned}");
        }
        assert!(text.starts_with("// "), "{name} does not say what it is for");
    }
}
