//! The words of a command line for a JVM, down to those that are the program's.

use std::path::Path;

/// Flags of a JVM whose next word is their value.
const WITH_VALUE: [&str; 5] = ["-cp", "-classpath", "--class-path", "--add-opens", "--add-modules"];
/// A JVM's main class that starts DynamoDB Local.
const MAIN_CLASS: &str = "dynamodbv2.local";

/// Whether a program's name, which may have a path, is the JVM's.
pub(super) fn is_java(program: &str) -> bool {
    Path::new(program).file_stem().is_some_and(|name| name == "java")
}

/// Whether a first word begins a command line for a JVM: an image has it as its command, without the program.
pub(super) fn begins_command_of_java(word: &str) -> bool {
    word == "-jar" || word.starts_with("-jar ") || word.starts_with("java ") || is_java(word) || is_jvm_flag(word)
}

/// The words behind the JVM's.
pub(super) fn of_program(words: &[String]) -> Result<Vec<String>, String> {
    let words: Vec<String> = words.iter().flat_map(|word| split(word, words.len() == 1)).collect();
    let mut rest = words.into_iter().peekable();
    let mut program = Vec::new();
    rest.next_if(|word| is_java(word));
    while let Some(word) = rest.next() {
        if word == "-jar" {
            rest.next().ok_or("Missing argument for option: jar")?;
        } else if WITH_VALUE.contains(&word.as_str()) {
            rest.next().ok_or_else(|| format!("Missing argument for option: {}", word.trim_start_matches('-')))?;
        } else if !is_jvm_flag(&word) && !word.contains(MAIN_CLASS) {
            program.push(word);
        }
    }
    Ok(program)
}

/// An element may have several words in it, and one that is alone has them all. A value with spaces, such as a path, is one word.
fn split(word: &str, is_alone: bool) -> Vec<String> {
    let begins = word.trim_start().starts_with('-');
    let is_several =
        begins && (is_alone || word.contains(" -") || word.starts_with("-jar ")) || word.starts_with("java ");
    match is_several {
        true => word.split_whitespace().map(str::to_owned).collect(),
        false => vec![word.to_owned()],
    }
}

/// Those of memory, properties and modules, which mean nothing here.
fn is_jvm_flag(word: &str) -> bool {
    let begins =
        ["-X", "-D", "-agentlib:", "-agentpath:", "-javaagent:", "--add-opens=", "--add-exports=", "--add-modules="];
    let words = ["-server", "-client", "-ea", "-d64"];
    begins.iter().any(|begin| word.starts_with(begin)) || words.contains(&word)
}
