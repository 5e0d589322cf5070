//! `cargo xtask generate`: the model's files in, Rust source out.

mod api;
mod authorization;
mod aws;
mod quirks;
mod shapes;
mod wire;

use std::path::{Path, PathBuf};

use crate::authorization::Authorization;
use crate::model::Model;

/// One file to write: its path in the repository, and its content.
#[derive(Clone)]
struct Output {
    path: &'static str,
    text: String,
}

pub(crate) fn write() -> Result<(), String> {
    for output in outputs()? {
        let path = repository().join(output.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        std::fs::write(&path, output.text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Compares the files with what would be written.
pub(crate) fn check() -> Result<(), String> {
    let stale: Vec<&str> = outputs()?
        .into_iter()
        .filter(|output| std::fs::read_to_string(repository().join(output.path)).ok().as_ref() != Some(&output.text))
        .map(|output| output.path)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("not what the model gives; run `cargo xtask generate`: {}", stale.join(", ")))
}

fn outputs() -> Result<Vec<Output>, String> {
    let folder = repository().join("models");
    let models = aws::load(&folder)?;
    let mut model = Model::of(&models)?;
    quirks::correct(&mut model);
    let authorization = Authorization::load(&folder)?;
    let of_permissions = authorization::outputs(&authorization);
    Ok([api::outputs(&model), wire::outputs(&model), of_permissions, aws::outputs(models)?].concat())
}

/// How every generated file opens.
fn header(about: &str) -> String {
    format!("//! {about}\n//!\n//! Made from the AWS service model by `cargo xtask generate`; not to be edited.\n\n")
}

/// As `rustfmt.toml` has it.
const LINE_WIDTH_MAX: usize = 120;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    #[test]
    fn checked_in_files_are_what_the_model_gives() {
        assert_eq!(super::check(), Ok(()));
    }
}
