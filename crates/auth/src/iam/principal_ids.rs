//! The unique ids behind the principals that a document names, fixed when the document is stored.
//!
//! A policy that names `arn:aws:iam::…:user/ada` means the user that has this ARN now. A user deleted and made again under
//! the same name has another unique id, and the policy does not mean it. So the ids are stored beside the text, and a
//! document is shown with the ARNs that its principals have today, or with the ids of those that are deleted.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal", about users and roles that are deleted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::json::Json;

/// Unique ids by the principals as the document spells them. A user or role that it names and that has no id here belongs to
/// an account that is not served, and matches no caller.
///
/// Of a user it is `AIDA…`, of a role `AROA…`, of a role's session `AROA…:session`, of a federated user `account:name`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrincipalIds(BTreeMap<String, String>);

impl PrincipalIds {
    pub fn insert(&mut self, principal: &str, id: String) {
        self.0.insert(principal.to_owned(), id);
    }

    pub fn get(&self, principal: &str) -> Option<&str> {
        self.0.get(principal).map(String::as_str)
    }

    /// The document as it is shown. `current_arn` gives the ARN that a principal has now, by its spelling in the document and
    /// its id; it returns none for a deleted principal.
    pub fn shown<'a>(&self, document: &'a str, current_arn: impl Fn(&str, &str) -> Option<String>) -> Cow<'a, str> {
        let changed: BTreeMap<&str, String> = (self.0.iter())
            .map(|(principal, id)| (principal.as_str(), current_arn(principal, id).unwrap_or_else(|| id.clone())))
            .filter(|(principal, now)| principal != now)
            .collect();
        if changed.is_empty() {
            return Cow::Borrowed(document);
        }
        let Some(mut json) = Json::parse(document) else { return Cow::Borrowed(document) };
        each_statement(&mut json, &mut |statement| replace_principals(statement, &changed));
        serde_json::to_string(&json).map_or(Cow::Borrowed(document), Cow::Owned)
    }
}

fn each_statement(policy: &mut Json, visit: &mut impl FnMut(&mut Json)) {
    let Json::Object(entries) = policy else { return };
    for (_, value) in entries.iter_mut().filter(|(name, _)| name == "Statement") {
        match value {
            Json::List(statements) => statements.iter_mut().for_each(&mut *visit),
            one => visit(one),
        }
    }
}

fn replace_principals(statement: &mut Json, changed: &BTreeMap<&str, String>) {
    let Json::Object(entries) = statement else { return };
    let principals = entries.iter_mut().filter(|(name, _)| name == "Principal" || name == "NotPrincipal");
    for (_, value) in principals {
        let Json::Object(kinds) = value else { continue };
        for (_, names) in kinds.iter_mut().filter(|(kind, _)| kind == "AWS") {
            match names {
                Json::List(names) => names.iter_mut().for_each(|name| replace(name, changed)),
                name => replace(name, changed),
            }
        }
    }
}

fn replace(name: &mut Json, changed: &BTreeMap<&str, String>) {
    let Json::Text(text) = name else { return };
    if let Some(now) = changed.get(text.as_str()) {
        text.clone_from(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_shown_with_what_its_principals_are_called_now() {
        let mut ids = PrincipalIds::default();
        for (name, id) in [("arn:a", "AIDA1"), ("arn:b", "AIDA2"), ("arn:c", "AROA3"), ("AIDA4", "AIDA4")] {
            ids.insert(name, id.to_owned());
        }
        let document = r#"{ "Statement" : [{"Principal":{"AWS":["arn:a","arn:b"]},"Resource":"arn:a","Sid":"x"},
            {"NotPrincipal":{"AWS":"arn:c","Federated":"arn:a"},"Condition":{"NumericEquals":{"a:b":[1,1.5]}}},
            {"Principal":"*"},{"Principal":{"AWS":"AIDA4"}}],"Version":"2012-10-17"}"#;
        let unchanged = ids.shown(document, |name, _| Some(name.to_owned()));
        assert!(matches!(unchanged, Cow::Borrowed(shown) if shown == document));
        let now = |name: &str, id: &str| match id {
            "AIDA1" => None,
            "AIDA2" => Some("arn:renamed".to_owned()),
            "AROA3" => None,
            "AIDA4" => Some("arn:d".to_owned()),
            _ => Some(name.to_owned()),
        };
        assert_eq!(
            ids.shown(document, now),
            r#"{"Statement":[{"Principal":{"AWS":["AIDA1","arn:renamed"]},"Resource":"arn:a","Sid":"x"},{"NotPrincipal":{"AWS":"AROA3","Federated":"arn:a"},"Condition":{"NumericEquals":{"a:b":[1,1.5]}}},{"Principal":"*"},{"Principal":{"AWS":"arn:d"}}],"Version":"2012-10-17"}"#
        );
    }

    #[test]
    fn ids_are_stored_as_a_plain_map() {
        let mut ids = PrincipalIds::default();
        ids.insert("arn:a", "AIDA1".to_owned());
        let text = r#"{"arn:a":"AIDA1"}"#;
        assert_eq!(serde_json::to_string(&ids).unwrap(), text);
        assert_eq!(serde_json::from_str::<PrincipalIds>(text).unwrap(), ids);
    }
}
