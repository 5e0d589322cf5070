//! The table of permissions: of `auth::iam` the condition keys and resource types of each action.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::authorization::{Action, Authorization};

use super::Output;

/// Begins with the source of the data.
fn header(about: &str, source: &str) -> String {
    format!("//! {about}\n//!\n//! Made from {source} by `cargo xtask generate`; not to be edited.\n\n")
}

pub(super) fn outputs(authorization: &Authorization) -> Vec<Output> {
    vec![Output { path: "crates/auth/src/iam/reference/generated.rs", text: reference(authorization) }]
}

fn reference(authorization: &Authorization) -> String {
    let about = "The actions of each service, in the order of their names in lower case, and its resource types.";
    let mut out = header(about, "AWS's Service Authorization Reference");
    out.push_str("use super::{Action, ResourceType, action, of, resource_type};\n");
    for (prefix, service) in &authorization.services {
        out.push('\n');
        let is_used = |name: &str| {
            service.actions.values().any(|action| action.resource_types.iter().any(|resource| resource.name == name))
        };
        for (name, found) in service.resource_types.iter().filter(|(name, _)| is_used(name)) {
            let constant = constant(prefix, name);
            let keys = texts(&found.condition_keys);
            let arguments = format!("{name:?}, {:?}, {keys}", found.arn);
            out.push_str("#[rustfmt::skip]\n");
            writeln!(out, "static {constant}: ResourceType = resource_type({arguments});").expect("a string takes all");
        }
    }
    out.push_str("\n#[rustfmt::skip]\npub(super) static ACTIONS: &[Action] = &[\n");
    for (name, (prefix, found)) in sorted(authorization) {
        writeln!(out, "    {},", one(prefix, &name, found)).expect("a string takes all");
    }
    out.push_str("];\n");
    out.push_str("\n/// Keys with several values by their nature, in lower case and in order.\n#[rustfmt::skip]\n");
    let lists = texts(&lists(authorization)).replace(", ", ",\n    ").replace("&[", "&[\n    ").replace(']', ",\n]");
    writeln!(out, "pub(super) static LISTS: &[&str] = {lists};").expect("a string takes all");
    out
}

fn lists(authorization: &Authorization) -> Vec<String> {
    let keys = authorization.services.values().flat_map(|service| &service.condition_keys);
    let lists = keys.filter(|(_, of)| of.starts_with("ArrayOf")).map(|(key, _)| key.to_ascii_lowercase());
    lists.collect::<BTreeSet<String>>().into_iter().collect()
}

/// All actions by their whole names, in the order in which they are searched.
fn sorted(authorization: &Authorization) -> Vec<(String, (&str, &Action))> {
    let services = authorization.services.iter();
    let of_service = services.flat_map(|(prefix, service)| {
        service.actions.iter().map(move |(name, found)| (format!("{prefix}:{name}"), (prefix.as_str(), found)))
    });
    let mut all: Vec<_> = of_service.collect();
    all.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    all
}

fn one(prefix: &str, name: &str, found: &Action) -> String {
    let resources = found.resource_types.iter().map(|resource| {
        let keys = texts(&resource.condition_keys);
        format!("of(&{}, {}, {keys})", constant(prefix, &resource.name), resource.required)
    });
    let resources: Vec<String> = resources.collect();
    let keys = texts(&found.condition_keys);
    format!("action({name:?}, {:?}, {keys}, &[{}])", found.access_level, resources.join(", "))
}

/// `("iam", "oidc-provider")` → `IAM_OIDC_PROVIDER`.
fn constant(prefix: &str, name: &str) -> String {
    let letters = format!("{prefix}_{name}").replace(['-', ' '], "_");
    letters.to_uppercase()
}

fn texts(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("&[{}]", quoted.join(", "))
}
