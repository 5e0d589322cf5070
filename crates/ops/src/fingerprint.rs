//! What a client's token was first used for, in 16 bytes: everything that a transaction asks, one thing behind the other.
//!
//! Structures are taken apart whole, so that a member that is added to one cannot be forgotten here.

use std::collections::BTreeMap;

use api::{
    ConditionCheck, Delete, ParameterizedStatement, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use model::codec::compact;
use model::codec::key::{HashSecret, h16};
use model::{Attributes, ValueRef};

pub(crate) type Fingerprint = [u8; 16];

pub(crate) fn of_actions(secret: &HashSecret, actions: &[TransactWriteItem]) -> Fingerprint {
    let mut asked = Asked::default();
    for TransactWriteItem { condition_check, delete, put, update } in actions {
        asked.optional(condition_check.as_deref(), Asked::check);
        asked.optional(delete.as_deref(), Asked::delete);
        asked.optional(put.as_deref(), Asked::put);
        asked.optional(update.as_deref(), Asked::update);
    }
    asked.fingerprint(secret)
}

pub(crate) fn of_statements(secret: &HashSecret, statements: &[ParameterizedStatement]) -> Fingerprint {
    let mut asked = Asked::default();
    for ParameterizedStatement { parameters, return_values_on_condition_check_failure, statement } in statements {
        asked.text(statement);
        asked.optional(parameters.as_deref(), |asked, parameters| {
            let entries = parameters.iter().map(|value| ("", value.view()));
            compact::push_entries(&mut asked.0, parameters.len(), entries);
        });
        asked.shown(*return_values_on_condition_check_failure);
    }
    asked.fingerprint(secret)
}

/// Each part tells where it ends.
#[derive(Default)]
struct Asked(Vec<u8>);

impl Asked {
    fn fingerprint(self, secret: &HashSecret) -> Fingerprint {
        h16(secret, [ValueRef::B(&self.0)])
    }

    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&(text.len() as u64).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional<T: ?Sized>(&mut self, value: Option<&T>, add: impl FnOnce(&mut Asked, &T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            add(self, value);
        }
    }

    fn attributes(&mut self, attributes: &Attributes) {
        compact::push_map(&mut self.0, attributes.view());
    }

    fn names(&mut self, names: &BTreeMap<String, String>) {
        self.0.extend_from_slice(&(names.len() as u64).to_be_bytes());
        for (placeholder, name) in names {
            self.text(placeholder);
            self.text(name);
        }
    }

    fn shown(&mut self, shown: Option<ReturnValuesOnConditionCheckFailure>) {
        self.optional(shown.as_ref(), |asked, shown| asked.text(shown.as_str()));
    }

    /// What every action has.
    fn common(
        &mut self,
        condition: Option<&String>,
        names: Option<&BTreeMap<String, String>>,
        values: Option<&Attributes>,
        key_or_item: &Attributes,
        shown: Option<ReturnValuesOnConditionCheckFailure>,
        table: &str,
    ) {
        self.optional(condition.map(String::as_str), Asked::text);
        self.optional(names, Asked::names);
        self.optional(values, Asked::attributes);
        self.attributes(key_or_item);
        self.shown(shown);
        self.text(table);
    }

    fn check(&mut self, check: &ConditionCheck) {
        let ConditionCheck {
            condition_expression: condition,
            expression_attribute_names: names,
            expression_attribute_values: values,
            key,
            return_values_on_condition_check_failure: shown,
            table_name,
        } = check;
        self.common(Some(condition), names.as_ref(), values.as_ref(), key, *shown, table_name);
    }

    fn delete(&mut self, delete: &Delete) {
        let Delete {
            condition_expression: condition,
            expression_attribute_names: names,
            expression_attribute_values: values,
            key,
            return_values_on_condition_check_failure: shown,
            table_name,
        } = delete;
        self.common(condition.as_ref(), names.as_ref(), values.as_ref(), key, *shown, table_name);
    }

    fn put(&mut self, put: &Put) {
        let Put {
            condition_expression: condition,
            expression_attribute_names: names,
            expression_attribute_values: values,
            item,
            return_values_on_condition_check_failure: shown,
            table_name,
        } = put;
        self.common(condition.as_ref(), names.as_ref(), values.as_ref(), item, *shown, table_name);
    }

    fn update(&mut self, update: &Update) {
        let Update {
            condition_expression: condition,
            expression_attribute_names: names,
            expression_attribute_values: values,
            key,
            return_values_on_condition_check_failure: shown,
            table_name,
            update_expression,
        } = update;
        self.common(condition.as_ref(), names.as_ref(), values.as_ref(), key, *shown, table_name);
        self.text(update_expression);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::fixture::{SECRET, item, n, s};

    fn put(put: Put) -> TransactWriteItem {
        TransactWriteItem { put: Some(Box::new(put)), ..TransactWriteItem::default() }
    }

    /// Requests of which each asks something else.
    #[test]
    fn whatever_differs_is_told_apart() {
        let base = Put { table_name: "t".to_owned(), item: item(&[("pk", s("a"))]), ..Put::default() };
        let text = |text: &str| Some(text.to_owned());
        let names = |name: &str| Some(BTreeMap::from([("#a".to_owned(), name.to_owned())]));
        let delete = Delete { table_name: "t".to_owned(), key: item(&[("pk", s("a"))]), ..Delete::default() };
        let update = Update { table_name: "t".to_owned(), key: item(&[("pk", s("a"))]), ..Update::default() };
        let check = ConditionCheck { table_name: "t".to_owned(), key: delete.key.clone(), ..Default::default() };
        let requests: Vec<Vec<TransactWriteItem>> = vec![
            vec![],
            vec![TransactWriteItem::default()],
            vec![put(base.clone())],
            vec![put(base.clone()), put(base.clone())],
            vec![put(Put { table_name: "u".to_owned(), ..base.clone() })],
            vec![put(Put { item: item(&[("pk", s("b"))]), ..base.clone() })],
            vec![put(Put { item: item(&[("pk", n("1"))]), ..base.clone() })],
            vec![put(Put { condition_expression: text(""), ..base.clone() })],
            vec![put(Put { condition_expression: text("a"), ..base.clone() })],
            vec![put(Put { expression_attribute_names: names("a"), ..base.clone() })],
            vec![put(Put { expression_attribute_names: names("b"), ..base.clone() })],
            vec![put(Put { expression_attribute_values: Some(item(&[])), ..base.clone() })],
            vec![put(Put { expression_attribute_values: Some(item(&[(":v", n("1"))])), ..base.clone() })],
            vec![put(Put {
                return_values_on_condition_check_failure: Some(ReturnValuesOnConditionCheckFailure::AllOld),
                ..base.clone()
            })],
            vec![TransactWriteItem { delete: Some(Box::new(delete)), ..TransactWriteItem::default() }],
            vec![TransactWriteItem { update: Some(Box::new(update.clone())), ..TransactWriteItem::default() }],
            vec![TransactWriteItem {
                update: Some(Box::new(Update { update_expression: "SET a = :v".to_owned(), ..update })),
                ..TransactWriteItem::default()
            }],
            vec![TransactWriteItem { condition_check: Some(Box::new(check)), ..TransactWriteItem::default() }],
        ];
        let of = |request: &Vec<TransactWriteItem>| of_actions(&SECRET, request);
        let distinct: HashSet<Fingerprint> = requests.iter().map(of).collect();
        assert_eq!(distinct.len(), requests.len());
        assert!(requests.iter().all(|request| distinct.contains(&of(&request.clone()))));
    }

    #[test]
    fn statements_are_told_apart_with_their_parameters() {
        let statement = |text: &str, parameters: Option<Vec<_>>| ParameterizedStatement {
            statement: text.to_owned(),
            parameters,
            return_values_on_condition_check_failure: None,
        };
        let requests = [
            vec![statement("a", None)],
            vec![statement("a", Some(vec![]))],
            vec![statement("a", Some(vec![s("x")]))],
            vec![statement("a", Some(vec![s("x"), s("y")]))],
            vec![statement("a", Some(vec![s("y"), s("x")]))],
            vec![statement("a", None), statement("b", None)],
            vec![statement("ab", None)],
        ];
        let distinct: HashSet<Fingerprint> = requests.iter().map(|request| of_statements(&SECRET, request)).collect();
        assert_eq!(distinct.len(), requests.len());
    }
}
