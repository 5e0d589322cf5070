//! From a policy's text to its statements, with IAM's refusals.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

use std::collections::{BTreeSet, HashSet};

use super::arn::ArnPattern;
use super::condition::Condition;
use super::json::Json;
use super::policy::Version;
use super::principals::{Name, Principals};
use super::statement::{Actions, Effect, Resources, Statement};
use super::{Malformed, PolicyKind, glob};

pub(super) fn parse(kind: PolicyKind, text: &str) -> Result<(Version, Vec<Statement>), Malformed> {
    let Some(Json::Object(entries)) = Json::parse(text) else { return Err(syntax()) };
    let mut version = Version::V2008;
    let mut statements = None;
    for (name, value) in entries {
        match (name.as_str(), value) {
            ("Version", Json::Text(text)) => version = version_of(&text)?,
            ("Id", Json::Text(_)) => {}
            ("Statement", Json::List(list)) => statements = Some(list),
            ("Statement", one @ Json::Object(_)) => statements = Some(vec![one]),
            _ => return Err(syntax()),
        }
    }
    let documents = Documents { kind, variables: version == Version::V2012 };
    let listed = statements.filter(|list| !list.is_empty()).ok_or_else(syntax)?;
    let statements: Vec<Statement> =
        listed.into_iter().map(|statement| documents.statement(statement)).collect::<Result<_, _>>()?;
    if kind != PolicyKind::Resource {
        check_sids(&statements)?;
    }
    Ok((version, statements))
}

fn syntax() -> Malformed {
    malformed("Syntax errors in policy.")
}

fn malformed(text: impl Into<String>) -> Malformed {
    Malformed(text.into())
}

fn version_of(text: &str) -> Result<Version, Malformed> {
    match text {
        "2008-10-17" => Ok(Version::V2008),
        "2012-10-17" => Ok(Version::V2012),
        _ => Err(malformed("Policy document must be version 2012-10-17 or greater.")),
    }
}

fn check_sids(statements: &[Statement]) -> Result<(), Malformed> {
    let mut seen = HashSet::new();
    for sid in statements.iter().filter_map(|statement| statement.sid.as_deref()) {
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let rule = "Check that your input satisfies the regular expression [0-9A-Za-z]*";
            return Err(malformed(format!("Statement IDs (SID) must be alpha-numeric. {rule}")));
        }
        if !sid.is_empty() && !seen.insert(sid) {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

/// What holds for all statements of a document.
struct Documents {
    kind: PolicyKind,
    variables: bool,
}

impl Documents {
    fn statement(&self, statement: Json) -> Result<Statement, Malformed> {
        let Json::Object(entries) = statement else { return Err(syntax()) };
        let (mut sid, mut effect, mut principals, mut actions, mut resources) = (None, None, None, None, None);
        let mut conditions = Vec::new();
        for (name, value) in entries {
            let twice = match name.as_str() {
                "Sid" => sid.replace(text(value)?).is_some(),
                "Effect" => effect.replace(effect_of(&text(value)?)?).is_some(),
                "Principal" | "NotPrincipal" => principals.replace(self.principals(&name, value)?).is_some(),
                "Action" | "NotAction" => actions.replace(self.actions(name == "NotAction", value)?).is_some(),
                "Resource" | "NotResource" => resources.replace(self.resources(&name, value)?).is_some(),
                "Condition" => {
                    conditions = self.conditions(value)?;
                    false
                }
                _ => return Err(syntax()),
            };
            if twice {
                return Err(syntax());
            }
        }
        if principals.is_none() && self.kind != PolicyKind::Identity {
            return Err(malformed("Missing required field Principal"));
        }
        if resources.is_none() && self.kind != PolicyKind::Trust {
            return Err(malformed("Policy statement must contain resources."));
        }
        let effect = effect.ok_or_else(|| malformed("Missing required field Effect"))?;
        let actions = actions.ok_or_else(|| malformed("Policy statement must contain actions."))?;
        Ok(Statement { sid, effect, principals, actions, resources, conditions })
    }

    fn actions(&self, negated: bool, value: Json) -> Result<Actions, Malformed> {
        let texts = texts(value)?;
        if texts.is_empty() {
            return Err(malformed("Policy statement must contain actions."));
        }
        for text in &texts {
            check_action(text)?;
            if self.kind == PolicyKind::Trust && !text.to_ascii_lowercase().starts_with("sts:") {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
        }
        let texts = each_once(texts);
        let patterns = texts.iter().map(|text| glob::compile(text)).collect();
        Ok(Actions { negated, texts, patterns })
    }

    fn resources(&self, name: &str, value: Json) -> Result<Resources, Malformed> {
        if self.kind == PolicyKind::Trust {
            return Err(prohibited(name));
        }
        let texts = texts(value)?;
        if texts.is_empty() {
            return Err(malformed("Policy statement must contain resources."));
        }
        texts.iter().try_for_each(|text| check_resource(text))?;
        let texts = each_once(texts);
        let patterns = texts.iter().map(|text| ArnPattern::of_resource(text, self.variables)).collect();
        Ok(Resources { negated: name == "NotResource", texts, patterns })
    }

    fn principals(&self, name: &str, value: Json) -> Result<Principals, Malformed> {
        let negated = name == "NotPrincipal";
        if self.kind == PolicyKind::Identity || (negated && self.kind == PolicyKind::Trust) {
            return Err(prohibited(name));
        }
        let names = match value {
            Json::Text(text) if text == "*" => vec![Name::Everybody],
            Json::Text(text) => return Err(malformed(format!("Invalid principal in policy: \"{text}\""))),
            Json::Object(entries) => names(entries)?,
            _ => return Err(syntax()),
        };
        if names.is_empty() {
            Err(malformed("Missing required field Principal"))
        } else {
            Ok(Principals { negated, names })
        }
    }

    fn conditions(&self, value: Json) -> Result<Vec<Condition>, Malformed> {
        let Json::Object(operators) = value else { return Err(syntax()) };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Json::Object(keys) = keys else { return Err(syntax()) };
            for (key, wanted) in keys {
                if !key.contains(':') {
                    return Err(without_vendor());
                }
                let wanted = condition_values(wanted)?;
                let condition = Condition::parse(&operator, &key, wanted, self.variables);
                conditions.push(condition.ok_or_else(syntax)?);
            }
        }
        Ok(conditions)
    }
}

fn prohibited(name: &str) -> Malformed {
    malformed(format!("Has prohibited field {name}"))
}

fn without_vendor() -> Malformed {
    malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
}

fn names(entries: Vec<(String, Json)>) -> Result<Vec<Name>, Malformed> {
    let mut names = Vec::new();
    for (kind, value) in entries {
        for text in texts(value)? {
            let name = Name::parse(&kind, &text);
            let invalid = || malformed(format!("Invalid principal in policy: \"{kind}\":\"{text}\""));
            names.push(name.ok_or_else(invalid)?);
        }
    }
    Ok(names)
}

fn check_action(text: &str) -> Result<(), Malformed> {
    if text == "*" {
        return Ok(());
    }
    let (vendor, name) = text.split_once(':').ok_or_else(without_vendor)?;
    if name.contains(':') {
        return Err(malformed("Actions/Condition can contain only one colon."));
    }
    let plain =
        |text: &str, more: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter));
    if vendor.is_empty() {
        Err(without_vendor())
    } else if vendor != "*" && !plain(vendor, "-") {
        Err(malformed(format!("Vendor {vendor} is not valid")))
    } else if name.is_empty() || !plain(name, "*?") {
        Err(syntax())
    } else {
        Ok(())
    }
}

fn check_resource(text: &str) -> Result<(), Malformed> {
    if text == "*" {
        return Ok(());
    }
    let mut parts = text.split(':');
    let (Some("arn"), Some(partition)) = (parts.next(), parts.next()) else {
        return Err(malformed(format!("Resource {text} must be in ARN format or \"*\".")));
    };
    if !(partition.contains(['*', '?']) || partition == "aws" || partition.starts_with("aws-")) {
        return Err(malformed(format!("Partition \"{partition}\" is not valid for resource \"{text}\".")));
    }
    match parts.next() {
        Some(vendor) if !vendor.is_empty() && !vendor.contains(['*', '?']) => {}
        _ => return Err(malformed("Resource vendor must be fully qualified and cannot contain regexes.")),
    }
    Ok(())
}

fn effect_of(text: &str) -> Result<Effect, Malformed> {
    match text {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        _ => Err(syntax()),
    }
}

fn text(value: Json) -> Result<String, Malformed> {
    match value {
        Json::Text(text) => Ok(text),
        _ => Err(syntax()),
    }
}

/// One text, or a list of them.
fn texts(value: Json) -> Result<Vec<String>, Malformed> {
    match value {
        Json::List(list) => list.into_iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

/// Numbers and booleans may be without quotation marks.
fn condition_values(value: Json) -> Result<Vec<String>, Malformed> {
    let one = |value| match value {
        Json::Text(text) | Json::Number(text) => Ok(text),
        Json::Bool(truth) => Ok(truth.to_string()),
        Json::Null | Json::List(_) | Json::Object(_) => Err(syntax()),
    };
    match value {
        Json::List(list) => list.into_iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}
/// Lists without what they say again: thousands of `*` mean as much as one, and would be compared one by one.
fn each_once(mut texts: Vec<String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    texts.retain(|text| known.insert(text.clone()));
    texts.shrink_to_fit();
    texts
}
