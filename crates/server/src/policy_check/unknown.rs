//! Actions in policies that no service has: most often misspelt, so that the statement does nothing.

use auth::iam::reference;
use serde_json::Value;

/// The patterns of a policy's statements that fit no action of a service whose actions are known.
pub(super) fn actions(policy: &str) -> Vec<String> {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return Vec::new() };
    let statements = one_or_many(&policy["Statement"]);
    let patterns = statements.flat_map(|statement| ["Action", "NotAction"].map(|name| &statement[name]));
    let patterns = patterns.flat_map(one_or_many).filter_map(Value::as_str);
    patterns.filter(|pattern| is_unknown(pattern)).map(str::to_owned).collect()
}

fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

/// Whether a name or a pattern is of a known service, and fits none of its actions.
pub(super) fn is_unknown(pattern: &str) -> bool {
    let Some((service, name)) = pattern.split_once(':') else { return pattern != "*" };
    let of_service = |action: &'static reference::Action| {
        let (of, name) = action.name.split_once(':')?;
        of.eq_ignore_ascii_case(service).then_some(name)
    };
    let mut names = reference::actions().iter().filter_map(of_service).peekable();
    names.peek().is_some() && !names.any(|action| fits(name.as_bytes(), action.as_bytes()))
}

/// As policies mean `*` and `?`, in letters of either case.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    // The place of the last star, and of the text that it has taken so far: no star before the last one is tried again.
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&text[from]) => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((starred, taken)) = star else { return false };
                (at, from, star) = (starred + 1, taken + 1, Some((starred, taken + 1)));
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_actions_are_found() {
        for (pattern, expected) in [
            ("*", false),
            ("dynamodb:*", false),
            ("dynamodb:GetItem", false),
            ("DynamoDB:getitem", false),
            ("dynamodb:Get*", false),
            ("dynamodb:*Item", false),
            ("dynamodb:?etItem", false),
            ("dynamodb:GetItme", true),
            ("dynamodb:Gett*", true),
            ("dynamodb:*Itme*", true),
            ("dynamodb:", true),
            ("iam:CreateUsr", true),
            ("s3:GetObject", false),
            ("GetItem", true),
        ] {
            assert_eq!(is_unknown(pattern), expected, "{pattern}");
        }
        let policy = r#"{"Statement":[{"Action":["dynamodb:GetItem","dynamodb:GetItme"]},{"NotAction":"sts:Assume"}]}"#;
        assert_eq!(actions(policy), ["dynamodb:GetItme", "sts:Assume"]);
        assert_eq!(actions(r#"{"Statement":{"Action":"*"}}"#), Vec::<String>::new());
    }
}
