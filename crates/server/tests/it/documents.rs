//! Code in the documents: JSON and HCL are well formed, shell is shell, and `stator` knows each flag that it is given. What can run,
//! runs in tests/e2e/documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::run;

struct Block {
    /// File and line.
    place: String,
    language: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["README.md", "SECURITY.md", "COMPATIBILITY.md", "examples/airports/README.md"]
        .map(|name| root().join(name))
        .into();
    for folder in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        found.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    found
}

/// Fenced blocks; those in lists are indented.
fn blocks(path: &Path) -> Vec<Block> {
    let text = fs::read_to_string(path).expect("a text");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open.take()) {
            (Some(language), None) => {
                let place = format!("{}:{}", path.display(), at + 1);
                open = Some(Block { place, language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{}: a block has no end", path.display());
    blocks
}

fn all(language: &str) -> Vec<Block> {
    let blocks = documents().into_iter().flat_map(|path| blocks(&path));
    blocks.filter(|block| block.language == language).collect()
}

#[test]
fn json_is_json() {
    let found = all("json");
    assert!(found.len() > 2);
    for Block { place, text, .. } in found {
        let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert!(is_json(&text) || text.lines().all(is_json), "{place}: {text}");
    }
}

/// A block on one line has one argument at most, and no block in it.
#[test]
fn hcl_is_what_terraform_reads() {
    let found = all("hcl");
    assert!(!found.is_empty());
    for Block { place, text, .. } in &found {
        let count = |what: char| text.chars().filter(|c| *c == what).count();
        assert_eq!(count('{'), count('}'), "{place}");
        for line in text.lines() {
            let Some((head, rest)) = line.split_once('{') else { continue };
            let is_block = !head.contains('=') && !rest.trim().is_empty();
            assert!(!is_block || !rest.contains('{') && rest.matches('=').count() < 2, "{place}: {line}");
        }
    }
}

#[test]
fn shell_is_shell() {
    let found = all("sh");
    assert!(found.len() > 20);
    for Block { place, text, .. } in found {
        let bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        // Where there is no bash, there is nothing to ask.
        let Ok(mut bash) = bash else { return };
        bash.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("written");
        let ended = bash.wait_with_output().expect("bash");
        assert!(ended.status.success(), "{place}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

/// The words of each command that is `stator`, without variables before it.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap_or_default());
    let commands = lines.flat_map(|line| line.split(['|', ';', '&', '(', ')'])).map(|command| {
        let words = command.split_whitespace().skip_while(|word| word.contains('=') && !word.starts_with('-'));
        words.map(str::to_owned).collect::<Vec<String>>()
    });
    commands.filter(|words| words.first().is_some_and(|word| word == "stator")).collect()
}

/// Commands below the program, as they are typed.
const SUBCOMMANDS: [&[&str]; 34] = [
    &["backup", "all"],
    &["backup", "create"],
    &["backup", "delete"],
    &["backup", "list"],
    &["backup", "restore"],
    &["backup", "verify"],
    &["restore"],
    &["storage", "check"],
    &["storage", "rekey"],
    &["policy", "check"],
    &["bench", "start"],
    &["bench", "echo"],
    &["bench"],
    &["export"],
    &["import"],
    &["serve"],
    &["init"],
    &["nodes"],
    &["tail"],
    &["local"],
    &["health"],
    &["dax"],
    &["regions"],
    &["reset"],
    &["snapshot", "create"],
    &["snapshot", "restore"],
    &["snapshot", "delete"],
    &["snapshot", "list"],
    &["faults", "list"],
    &["faults", "add"],
    &["clock", "advance"],
    &["doctor"],
    &["support-bundle"],
    &["man"],
];

fn flags(subcommand: &[&str]) -> BTreeSet<String> {
    let help = String::from_utf8(run(&[subcommand, &["--help"]].concat()).stdout).expect("text");
    let words = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

#[test]
fn stator_knows_every_flag() {
    let known: BTreeMap<&[&str], BTreeSet<String>> = SUBCOMMANDS.iter().map(|name| (*name, flags(name))).collect();
    let mut found = 0;
    for Block { place, text, .. } in all("sh") {
        for words in commands(&text) {
            let is_named = |name: &&&[&str]| {
                words[1..].iter().zip(name.iter()).filter(|(word, name)| word == *name).count() == name.len()
            };
            let Some(subcommand) = SUBCOMMANDS.iter().find(is_named) else {
                panic!("{place}: {words:?} is no command");
            };
            let mut flags = &known[subcommand];
            for word in &words[1 + subcommand.len()..] {
                let flag = word.split('=').next().unwrap_or_default();
                if flag == "--" {
                    // What follows is for serve.
                    flags = &known[&["serve"][..]];
                } else if flag.starts_with("--") {
                    assert!(flags.contains(flag), "{place}: {words:?}: {flag}");
                }
            }
            found += 1;
        }
    }
    assert!(found > 20, "{found} commands");
}
