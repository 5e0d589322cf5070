//! Which modules of a crate use each other in a circle. A module is what is right below the crate's root, with all
//! that is below it; what it uses are the paths `crate::other…` in its files, those of its tests left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{crates, is_test, sources};

type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn arrows_between_modules_go_down() {
    for folder in fs::read_dir(crates()).expect("a folder of the project").flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        let graph = graph(&folder.path().join("src"));
        let circular: Vec<&String> = graph.keys().filter(|module| reaches(&graph, module, module)).collect();
        assert!(circular.is_empty(), "{name}: modules that use each other in circles: {circular:?}");
    }
}

fn graph(source: &Path) -> Graph {
    let files = sources().into_iter().filter(|(path, _)| path.starts_with(source) && !is_test(path));
    let files: Vec<(PathBuf, String)> = files.collect();
    let module_of = |path: &Path| {
        let first = path.strip_prefix(source).ok()?.components().next()?;
        let name = first.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
        (!matches!(name.as_str(), "lib" | "main" | "bin")).then_some(name)
    };
    let modules: BTreeSet<String> = files.iter().filter_map(|(path, _)| module_of(path)).collect();
    let mut graph = Graph::new();
    for (path, text) in &files {
        let Some(module) = module_of(path) else { continue };
        let used = used(text).into_iter().filter(|other| *other != module && modules.contains(other));
        let used: Vec<String> = used.collect();
        graph.entry(module).or_default().extend(used);
    }
    graph
}

/// The names right behind `crate::`, in groups too.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for (at, root) in code.match_indices("crate::") {
        // `$crate::` of a macro is this crate, too; `my_crate::` is not.
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(of_group(group)),
            None => names.extend(identifier(rest)),
        }
    }
    names
}

/// The names at the beginning of each part of a group, up to the brace that closes it.
fn of_group(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && !letter.is_whitespace() => {
                names.extend(identifier(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// Whether `from` uses `to`, by however many others.
fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for used in graph.get(module).into_iter().flatten() {
            if used == to {
                return true;
            }
            if seen.insert(used.as_str()) {
                open.push(used);
            }
        }
    }
    false
}

#[test]
fn circles_are_found() {
    let text = "use crate::{a::X, b::{self, Y}, c};\n// crate::d\nfn f() { other_crate::e(); crate::g::h() }";
    assert_eq!(used(text).into_iter().collect::<Vec<_>>(), ["a", "b", "c", "g"]);
    let edge = |from: &str, to: &[&str]| (from.to_owned(), to.iter().map(|name| (*name).to_owned()).collect());
    let graph = Graph::from([edge("a", &["b"]), edge("b", &["c"]), edge("c", &["b"])]);
    assert_eq!(["a", "b", "c"].map(|module| reaches(&graph, module, module)), [false, true, true]);
}
