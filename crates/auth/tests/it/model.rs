//! A model of the evaluation of policies: as the IAM User Guide describes it, over plain JSON, slow and simple. It shares
//! no code with the implementation that it is compared with, except the type of principals.

use std::collections::BTreeMap;

use auth::iam::{Principal, PrincipalKind};
use serde_json::Value;

use crate::world::Entry;

/// All that a decision depends on.
pub(crate) struct Case {
    /// Its policies are those below, not its own.
    pub(crate) principal: Principal,
    pub(crate) identity: Vec<Value>,
    pub(crate) boundary: Option<Value>,
    pub(crate) session: Option<Vec<Value>>,
    pub(crate) resource_policy: Option<Value>,
    pub(crate) is_trust: bool,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) resource_account: String,
    pub(crate) context: BTreeMap<String, Entry>,
}

/// None if it is allowed, else `explicit` or `implicit`, and the type of policy.
pub(crate) fn denial(case: &Case) -> Option<(&'static str, &'static str)> {
    let resource_type = if case.is_trust { "role trust policy" } else { "resource-based policy" };
    let boundary: Option<Vec<Value>> = case.boundary.clone().map(|policy| vec![policy]);
    let of_resource: Vec<Value> = case.resource_policy.iter().cloned().collect();
    let all = [
        (resource_type, of_resource.clone()),
        ("identity-based policy", case.identity.clone()),
        ("permissions boundary", boundary.clone().unwrap_or_default()),
        ("session policy", case.session.clone().unwrap_or_default()),
    ];
    for (name, policies) in all {
        if !reaches(case, &policies, "Deny").is_empty() {
            return Some(("explicit", name));
        }
    }
    let reach = reaches(case, &of_resource, "Allow");
    let has = |what: &str| reach.contains(&what);
    let same_account = case.principal.account == case.resource_account;
    if case.is_trust && reach.is_empty() && same_account {
        return Some(("implicit", resource_type));
    }
    if same_account && has("themselves") {
        return None;
    }
    let root = case.principal.kind == PrincipalKind::Root;
    let identity = root || !reaches(case, &case.identity, "Allow").is_empty() || (same_account && has("behind"));
    if !identity {
        return Some(("implicit", "identity-based policy"));
    }
    if boundary.is_some_and(|policies| reaches(case, &policies, "Allow").is_empty()) {
        return Some(("implicit", "permissions boundary"));
    }
    let session = match &case.session {
        Some(policies) => !reaches(case, policies, "Allow").is_empty(),
        None => case.principal.kind != PrincipalKind::FederatedUser,
    };
    if !session {
        return Some(("implicit", "session policy"));
    }
    if !same_account && reach.is_empty() { Some(("implicit", resource_type)) } else { None }
}

/// As what the statements of an effect that apply mean the principal.
fn reaches(case: &Case, policies: &[Value], effect: &str) -> Vec<&'static str> {
    let mut reached = Vec::new();
    for policy in policies {
        let variables = policy["Version"] == "2012-10-17";
        for statement in list(&policy["Statement"]) {
            if statement["Effect"] == effect && matches(case, &statement, variables) {
                reached.extend(means(case, &statement));
            }
        }
    }
    reached
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// Everything but the principal.
fn matches(case: &Case, statement: &Value, variables: bool) -> bool {
    let action = |pattern: &Value| {
        let pattern = pattern.as_str().expect("an action").to_lowercase();
        like(&symbols(&pattern, true, None), &case.action.to_lowercase())
    };
    let action = match &statement["NotAction"] {
        Value::Null => list(&statement["Action"]).iter().any(action),
        not => !list(not).iter().any(action),
    };
    let resource = |pattern: &Value| resource_is(case, pattern.as_str().expect("a resource"), variables);
    let resource = match (&statement["NotResource"], &statement["Resource"]) {
        (Value::Null, Value::Null) => true,
        (Value::Null, patterns) => list(patterns).iter().any(resource),
        (not, _) => !list(not).iter().any(resource),
    };
    let mut conditions = true;
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, wanted) in keys.as_object().expect("keys") {
            conditions &= condition(case, operator, key, &list(wanted), variables);
        }
    }
    action && resource && conditions
}

fn means(case: &Case, statement: &Value) -> Vec<&'static str> {
    let found = |element: &Value| -> Vec<&'static str> {
        if element == "*" {
            return vec!["themselves"];
        }
        list(&element["AWS"]).iter().filter_map(|name| meant(&case.principal, name.as_str().expect("a name"))).collect()
    };
    let principal = &case.principal;
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => vec!["themselves"],
        (Value::Null, exceptions) if statement["Effect"] == "Deny" => {
            let everybody = *exceptions == "*" || list(&exceptions["AWS"]).iter().any(|name| name == "*");
            let known = found(exceptions);
            let mut levels = vec!["themselves"];
            levels.extend((principal.kind != PrincipalKind::Root).then_some("account"));
            levels.extend(principal.role_arn.as_ref().map(|_| "behind"));
            let excepted = everybody || levels.iter().all(|level| known.contains(level));
            if excepted && case.boundary.is_none() { vec![] } else { vec!["themselves"] }
        }
        (Value::Null, exceptions) => {
            if found(exceptions).is_empty() {
                vec!["themselves"]
            } else {
                vec![]
            }
        }
        (names, _) => found(names),
    }
}

fn meant(principal: &Principal, name: &str) -> Option<&'static str> {
    if name == "*" || name == principal.arn {
        Some("themselves")
    } else if name == principal.account || name == format!("arn:aws:iam::{}:root", principal.account) {
        Some(if principal.kind == PrincipalKind::Root { "themselves" } else { "account" })
    } else if Some(name) == principal.role_arn.as_deref() || Some(name) == principal.role_id.as_deref() {
        Some("behind")
    } else if name == principal.user_id && name.starts_with('A') {
        Some("themselves")
    } else {
        None
    }
}

/// A character, or a wildcard.
#[derive(Clone, Copy, PartialEq)]
enum Symbol {
    Is(char),
    One,
    Many,
    /// What no text has: a variable without a value.
    Never,
}

/// `context` is there if variables are.
fn symbols(text: &str, wildcards: bool, context: Option<&BTreeMap<String, Entry>>) -> Vec<Symbol> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest: String = characters[at..].iter().collect();
        let variable = context.filter(|_| rest.starts_with("${")).and_then(|context| Some((context, rest.find('}')?)));
        if let Some((context, end)) = variable {
            let name: String = rest[2..end].to_owned();
            at += rest[..=end].chars().count();
            let (key, default) = match name.split_once(", '") {
                Some((key, default)) => (key, Some(default.trim_end_matches('\'').to_owned())),
                None => (name.as_str(), None),
            };
            let value = match context.get(&key.to_lowercase()) {
                _ if ["*", "?", "$"].contains(&key) => Some(key.to_owned()),
                Some(Entry::One(value)) => Some(value.clone()),
                _ => default,
            };
            match value {
                Some(value) => found.extend(value.chars().map(Symbol::Is)),
                None => found.push(Symbol::Never),
            }
            continue;
        }
        found.push(match characters[at] {
            '*' if wildcards => Symbol::Many,
            '?' if wildcards => Symbol::One,
            character => Symbol::Is(character),
        });
        at += 1;
    }
    found
}

/// Whether a text is like a pattern: for every start of the pattern, which starts of the text are.
fn like(pattern: &[Symbol], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut starts = vec![false; text.len() + 1];
    starts[0] = true;
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        for length in 0..=text.len() {
            next[length] = match symbol {
                Symbol::Many => starts[..=length].contains(&true),
                Symbol::One => length > 0 && starts[length - 1],
                Symbol::Is(character) => length > 0 && starts[length - 1] && text[length - 1] == *character,
                Symbol::Never => false,
            };
        }
        starts = next;
    }
    starts[text.len()]
}

/// Part by part, of which there must be six on both sides.
fn arn_like(pattern: &[Symbol], arn: &str) -> bool {
    let parts: Vec<Vec<Symbol>> =
        pattern.splitn(6, |symbol| *symbol == Symbol::Is(':')).map(<[Symbol]>::to_vec).collect();
    let found: Vec<&str> = arn.splitn(6, ':').collect();
    parts.len() == 6 && found.len() == 6 && parts.iter().zip(found).all(|(part, found)| like(part, found))
}

fn resource_is(case: &Case, pattern: &str, variables: bool) -> bool {
    if pattern == "*" {
        return true;
    }
    let mut pattern = pattern.to_owned();
    while pattern.split(':').count() < 6 {
        pattern += ":*";
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let mut all = symbols(&(parts[..5].join(":") + ":"), true, None);
    all.extend(symbols(parts[5], true, variables.then_some(&case.context)));
    arn_like(&all, &case.resource)
}

fn condition(case: &Case, operator: &str, key: &str, wanted: &[Value], variables: bool) -> bool {
    let wanted: Vec<String> = wanted.iter().map(|value| value.as_str().expect("a text").to_owned()).collect();
    let (set, operator) = operator.split_once(':').unwrap_or(("", operator));
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let mut found: Vec<String> = match case.context.get(&key.to_lowercase()) {
        None => Vec::new(),
        Some(Entry::One(value)) => vec![value.clone()],
        Some(Entry::Many(values)) => values.clone(),
    };
    if !set.is_empty() {
        found.retain(|value| !value.is_empty());
    }
    if operator == "Null" {
        return wanted.contains(&found.is_empty().to_string());
    }
    let negated = operator.contains("Not");
    if found.is_empty() {
        return if_exists || set == "ForAllValues" || (set.is_empty() && negated);
    }
    let context = variables.then_some(&case.context);
    let holds = |value: &String| wanted.iter().any(|wanted| compare(operator, value, wanted, context)) != negated;
    if set == "ForAnyValue" { found.iter().any(holds) } else { found.iter().all(holds) }
}

/// What the operator says without its `Not`.
fn compare(operator: &str, value: &str, wanted: &str, context: Option<&BTreeMap<String, Entry>>) -> bool {
    let operator = operator.replace("Not", "");
    if let Some(order) = operator.strip_prefix("Numeric") {
        let number = |text: &str| text.parse::<f64>().ok();
        return ordered(order, number(value), number(wanted));
    }
    if let Some(order) = operator.strip_prefix("Date") {
        return ordered(order, second(value), second(wanted));
    }
    match operator.as_str() {
        "StringEquals" => like(&symbols(wanted, false, context), value),
        "StringEqualsIgnoreCase" | "Bool" => {
            let lower = |symbol| match symbol {
                Symbol::Is(character) => Symbol::Is(character.to_ascii_lowercase()),
                other => other,
            };
            let wanted: Vec<Symbol> = symbols(wanted, false, context).into_iter().map(lower).collect();
            like(&wanted, &value.to_ascii_lowercase())
        }
        "StringLike" => like(&symbols(wanted, true, context), value),
        "ArnEquals" | "ArnLike" => wanted == "*" || arn_like(&symbols(wanted, true, context), value),
        "IpAddress" => in_range(value, wanted),
        "BinaryEquals" => value == wanted,
        other => panic!("{other}"),
    }
}

fn ordered(order: &str, value: Option<f64>, limit: Option<f64>) -> bool {
    let (Some(value), Some(limit)) = (value, limit) else { return false };
    match order {
        "Equals" => value == limit,
        "LessThan" => value < limit,
        "LessThanEquals" => value <= limit,
        "GreaterThan" => value > limit,
        "GreaterThanEquals" => value >= limit,
        other => panic!("{other}"),
    }
}

/// The moments that the cases speak of, in several spellings.
pub(crate) const MOMENTS: &[(&str, u64)] = &[
    ("2026", 1_767_225_600),
    ("2026-01-01", 1_767_225_600),
    ("2026-01-01T00:00:00Z", 1_767_225_600),
    ("2026-01-01T02:30:00+02:30", 1_767_225_600),
    ("1767225600", 1_767_225_600),
    ("2026-01-01T00:00:01Z", 1_767_225_601),
    ("2026-01-02", 1_767_312_000),
    ("0", 0),
];

fn second(text: &str) -> Option<f64> {
    let known = MOMENTS.iter().find(|(spelling, _)| *spelling == text);
    // Any other number is of seconds.
    known.map(|(_, second)| *second as f64).or_else(|| text.parse::<u64>().ok().map(|second| second as f64))
}

fn in_range(value: &str, range: &str) -> bool {
    let bits = |text: &str| match text.parse() {
        Ok(std::net::IpAddr::V4(address)) => format!("{:032b}", u32::from(address)),
        Ok(std::net::IpAddr::V6(address)) => format!("{:0128b}", u128::from(address)),
        Err(_) => String::new(),
    };
    let (start, prefix) = range.split_once('/').unwrap_or((range, "128"));
    let (value, start) = (bits(value), bits(start));
    let prefix = prefix.parse::<usize>().expect("a prefix").min(start.len());
    value.len() == start.len() && value[..prefix] == start[..prefix]
}
