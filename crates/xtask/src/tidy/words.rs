//! The vocabulary of comments and documents. Pronouns of persons in place of a noun ("… comes second waits")
//! hide the term that a reader searches for; `docs/glossary.md` has the terms. The count of each crate and document is a ratchet: it
//! only falls.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{crates, sources};

/// Each is counted as a whole word, in any case. The last one is two words.
const WORDS: [&str; 7] = ["who", "whoever", "nobody", "somebody", "stands", "told", "for ever"];

/// Proper uses: the place, and the text in it, which is not counted. An entry whose text is no longer there fails, so the list only
/// shrinks with the texts.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// What a crate's comments and a document have today, and nothing else has. The numbers only fall. The failure message of
/// `counts_of_words_only_fall` is the table as it has to be.
const COUNTS: [(&str, usize); 0] = [];

#[test]
fn counts_of_words_only_fall() {
    let found = found();
    let count = |place: &str| found.get(place).map_or(0, Vec::len);
    let recorded: BTreeMap<&str, usize> = COUNTS.into();
    let mut wrong = String::new();
    for place in found.keys().map(String::as_str).chain(recorded.keys().copied().filter(|place| count(place) == 0)) {
        let (count, recorded) = (count(place), recorded.get(place).copied().unwrap_or(0));
        if count > recorded {
            let lines = found[place].join("\n    ");
            wrong +=
                &format!("{place} has {count}, {recorded} allowed: use the nouns of docs/glossary.md\n    {lines}\n");
        } else if count < recorded {
            wrong += &format!("{place} has {count}, {recorded} recorded: lower the number\n");
        }
    }
    let table: String = found.iter().map(|(place, lines)| format!("    (\"{place}\", {}),\n", lines.len())).collect();
    assert!(
        wrong.is_empty(),
        "{wrong}\nThe table of today:\nconst COUNTS: [(&str, usize); {}] = [\n{table}];\n",
        found.len()
    );
}

#[test]
fn exceptions_are_still_there() {
    let texts = texts();
    for (place, exception) in EXCEPTIONS {
        let is_there =
            texts.iter().any(|text| text.place == place && text.lines.iter().any(|(_, line)| line.contains(exception)));
        assert!(is_there, "{place} no longer has {exception:?}: remove the exception");
    }
}

/// The third column of the glossary's tables has paths of code.
#[test]
fn the_glossary_names_files_that_exist() {
    let text = fs::read_to_string(crates().join("../docs/glossary.md")).expect("docs/glossary.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.ends_with("` |")).collect();
    assert!(rows.len() > 50, "{} rows", rows.len());
    for row in rows {
        let code = row.split(" | ").last().unwrap_or_default();
        for path in code.split('`').skip(1).step_by(2) {
            assert!(crates().join(path).is_file(), "docs/glossary.md names {path}, which does not exist: {row}");
        }
    }
}

/// Lines of prose with their numbers: the comments of a source file, or a document.
struct Text {
    /// A crate, or a document by its path in the project. All decision records are one place: they are not rewritten.
    place: String,
    path: PathBuf,
    lines: Vec<(usize, String)>,
}

/// The uses of each place, as `file:line: word`.
fn found() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Text { place, path, lines } in texts() {
        let exceptions: Vec<&str> =
            EXCEPTIONS.iter().filter(|(of, _)| *of == place).map(|(_, exception)| *exception).collect();
        for (number, line) in lines {
            let line = exceptions.iter().fold(line, |line, exception| line.replace(exception, ""));
            let uses = uses(&line).map(|word| format!("{}:{number}: {word}", path.display()));
            found.entry(place.clone()).or_default().extend(uses);
        }
    }
    found.retain(|_, uses| !uses.is_empty());
    found
}

/// The words of a line that count. `stands for` in the sense of "represents" is the field's, too.
fn uses(line: &str) -> impl Iterator<Item = &'static str> {
    let line = line.to_lowercase();
    let words: Vec<&str> =
        line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let uses: Vec<&str> = (0..words.len())
        .filter_map(|at| {
            let next = words.get(at + 1).copied();
            WORDS.into_iter().find(|word| match word.split_once(' ') {
                Some((first, second)) => words[at] == first && next == Some(second),
                None => words[at] == *word && !(*word == "stands" && next == Some("for")),
            })
        })
        .collect();
    uses.into_iter()
}

fn texts() -> Vec<Text> {
    let root = crates().join("..");
    let of_crates = sources().into_iter().filter(|(path, _)| !path.iter().any(|part| part == "generated"));
    let of_crates = of_crates.map(|(path, text)| {
        let path = path.strip_prefix(crates()).expect("a file of a crate").to_owned();
        let place = path.iter().next().unwrap_or_default().to_string_lossy().into_owned();
        Text { place, path, lines: comments(&text) }
    });
    let documents = documents(&root).into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("a document");
        let path = path.strip_prefix(&root).expect("a file of the project").to_owned();
        let is_record = path.starts_with("docs/decisions") && !path.ends_with("README.md");
        let place = if is_record { "docs/decisions".to_owned() } else { path.to_string_lossy().into_owned() };
        Text { place, path, lines: (1..).zip(text.lines().map(str::to_owned)).collect() }
    });
    let mut texts: Vec<Text> = of_crates.chain(documents).collect();
    texts.sort_by(|one, other| one.path.cmp(&other.path));
    texts
}

/// The Markdown files of the project.
fn documents(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                folders.push(path);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    found
}

/// The comments of a source text, each line of them with its number.
fn comments(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    let line_of = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        let length = if from.starts_with("//") {
            let length = from.find('\n').unwrap_or(from.len());
            found.push((line_of(from), from[..length].to_owned()));
            length
        } else if from.starts_with('"') {
            string_length(before, from)
        } else if from.starts_with('\'') {
            char_length(from)
        } else {
            1
        };
        rest = &from[length..];
    }
    found
}

/// The length of a string literal that begins with this quotation mark; a raw one, `r#"…"#`, has no escapes.
fn string_length(before: &str, from: &str) -> usize {
    let hashes = before.len() - before.trim_end_matches('#').len();
    let letters = before.trim_end_matches('#');
    if letters.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return from[1..].find(&end).map_or(from.len(), |at| 1 + at + end.len());
    }
    let mut is_escaped = false;
    for (at, c) in from.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    from.len()
}

/// The length of a character literal; one of a lifetime's mark, which has no end.
fn char_length(from: &str) -> usize {
    let mut chars = from.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        // The escaped character may be a quotation mark.
        (Some((_, '\\')), Some((at, escaped))) => {
            let rest = at + escaped.len_utf8();
            from[rest..].find('\'').map_or(1, |end| rest + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn only_comments_of_sources_are_prose() {
    for (text, expected) in [
        ("let a = 1; // one\n/// two\nfn b() {}", &[(1, "// one"), (2, "/// two")][..]),
        (r#"let url = "http://a/\"//b"; // c"#, &[(1, "// c")]),
        ("let raw = r#\"a \" // b\"#; // c", &[(1, "// c")]),
        (r"let chars = ['\'', '/', '/', '\u{2f}', '\\']; // c", &[(1, "// c")]),
        ("fn a<'a>(b: &'a str) {} // '\"", &[(1, "// '\"")]),
        ("1 / 2 // c", &[(1, "// c")]),
    ] {
        let found = comments(text);
        let found: Vec<(usize, &str)> = found.iter().map(|(line, comment)| (*line, comment.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn words_are_whole_and_in_any_case() {
    for (line, expected) in [
        ("Who waits, and nobody's lock", &["who", "nobody"][..]),
        ("whose `who_may` is wholly for every one", &[]),
        ("It stands for ever; `*` stands for itself", &["for ever"]),
        ("It stands here, Told", &["stands", "told"]),
    ] {
        assert_eq!(uses(line).collect::<Vec<_>>(), expected, "{line}");
    }
}
