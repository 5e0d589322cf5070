//! The service models of IAM and STS: which members the input of each operation has.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// The file of each service, by the prefix of its actions.
const FILES: [(&str, &str); 2] = [("iam", "iam.json"), ("sts", "sts.json")];

#[derive(Deserialize)]
struct File {
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
struct Operation {
    /// Absent for operations without parameters.
    input: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    shape: String,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    members: BTreeMap<String, Reference>,
}

/// The members of each operation's input, by its action, as `iam:CreateUser`.
pub(crate) fn input_members(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut found = BTreeMap::new();
    for (prefix, name) in FILES {
        let path = folder.join(name);
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file: File = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        for (operation, Operation { input }) in &file.operations {
            let shape = input.as_ref().and_then(|input| file.shapes.get(&input.shape));
            let members = shape.map(|shape| shape.members.keys().cloned().collect()).unwrap_or_default();
            found.insert(format!("{prefix}:{operation}"), members);
        }
    }
    Ok(found)
}
