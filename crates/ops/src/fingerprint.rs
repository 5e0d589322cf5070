//! The fingerprint of a transaction, in 16 bytes: identifies the request that a client's token was first used for.
//!
//! Structures are destructured completely, so that a new member does not compile without its part here.

use std::collections::BTreeMap;

use api::{
    ConditionCheck, Delete, ParameterizedStatement, Put, ReturnValuesOnConditionCheckFailure, StatementParameters,
    TransactWriteItem, Update,
};
use model::Attributes;
use model::codec::compact;
use model::codec::key::{HashSecret, KeyValue, h16};

pub(crate) type Fingerprint = [u8; 16];

/// Must change with any change of how fingerprints are computed: nodes of two versions read each other's tokens.
pub(crate) const VERSION: u8 = 0;

pub(crate) fn of_actions(secret: &HashSecret, actions: &[TransactWriteItem]) -> Fingerprint {
    of(secret, actions)
}

pub(crate) fn of_statements(secret: &HashSecret, statements: &[ParameterizedStatement]) -> Fingerprint {
    of(secret, statements)
}

fn of<T: Part>(secret: &HashSecret, parts: &[T]) -> Fingerprint {
    let mut asked = Vec::new();
    parts.iter().for_each(|part| part.add_to(&mut asked));
    h16(secret, [KeyValue::B(&asked)])
}

/// A part of a request. Its encoding delimits itself, so that two requests never have the same bytes.
trait Part {
    fn add_to(&self, asked: &mut Vec<u8>);
}

impl Part for String {
    fn add_to(&self, asked: &mut Vec<u8>) {
        asked.extend_from_slice(&(self.len() as u64).to_be_bytes());
        asked.extend_from_slice(self.as_bytes());
    }
}

impl Part for Attributes {
    fn add_to(&self, asked: &mut Vec<u8>) {
        compact::push_map(asked, self.view());
    }
}

impl Part for StatementParameters {
    fn add_to(&self, asked: &mut Vec<u8>) {
        // A statement with a refused parameter is refused before its token counts.
        let values = self.values();
        compact::push_entries(asked, values.len(), values.iter().map(|value| ("", value.view())));
    }
}

impl Part for BTreeMap<String, String> {
    fn add_to(&self, asked: &mut Vec<u8>) {
        asked.extend_from_slice(&(self.len() as u64).to_be_bytes());
        for (placeholder, name) in self {
            placeholder.add_to(asked);
            name.add_to(asked);
        }
    }
}

impl Part for ReturnValuesOnConditionCheckFailure {
    fn add_to(&self, asked: &mut Vec<u8>) {
        self.as_str().to_owned().add_to(asked);
    }
}

impl<T: Part> Part for Option<T> {
    fn add_to(&self, asked: &mut Vec<u8>) {
        asked.push(u8::from(self.is_some()));
        self.iter().for_each(|part| part.add_to(asked));
    }
}

impl<T: Part> Part for Box<T> {
    fn add_to(&self, asked: &mut Vec<u8>) {
        T::add_to(self, asked);
    }
}

macro_rules! parts {
    ($($name:ident { $($member:ident),* })*) => {
        $(
            impl Part for $name {
                fn add_to(&self, asked: &mut Vec<u8>) {
                    let $name { $($member),* } = self;
                    $($member.add_to(asked);)*
                }
            }
        )*
    };
}

parts! {
    TransactWriteItem { condition_check, delete, put, update }
    ConditionCheck {
        condition_expression, expression_attribute_names, expression_attribute_values, key,
        return_values_on_condition_check_failure, table_name
    }
    Delete {
        condition_expression, expression_attribute_names, expression_attribute_values, key,
        return_values_on_condition_check_failure, table_name
    }
    Put {
        condition_expression, expression_attribute_names, expression_attribute_values, item,
        return_values_on_condition_check_failure, table_name
    }
    Update {
        condition_expression, expression_attribute_names, expression_attribute_values, key,
        return_values_on_condition_check_failure, table_name, update_expression
    }
    ParameterizedStatement { parameters, return_values_on_condition_check_failure, statement }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tables::fixture::{SECRET, item, n, s};

    use super::*;

    fn put(put: Put) -> TransactWriteItem {
        TransactWriteItem { put: Some(Box::new(put)), ..TransactWriteItem::default() }
    }

    /// Requests that differ in one member each.
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

    /// Nodes of one version compare each other's fingerprints: if these change, so must `VERSION`.
    #[test]
    fn fingerprints_of_this_version() {
        let values = Some(item(&[(":n", n("1.50"))]));
        let update = Update {
            table_name: "t".to_owned(),
            key: item(&[("pk", s("a"))]),
            update_expression: "ADD n :n".to_owned(),
            expression_attribute_names: Some(BTreeMap::from([("#a".to_owned(), "a".to_owned())])),
            expression_attribute_values: values,
            return_values_on_condition_check_failure: Some(ReturnValuesOnConditionCheckFailure::AllOld),
            ..Update::default()
        };
        let check = ConditionCheck { condition_expression: "#a = :n".to_owned(), ..Default::default() };
        let actions = [
            TransactWriteItem { update: Some(Box::new(update)), ..TransactWriteItem::default() },
            TransactWriteItem { condition_check: Some(Box::new(check)), ..TransactWriteItem::default() },
            put(Put { item: item(&[("pk", s("é"))]), ..Put::default() }),
            TransactWriteItem { delete: Some(Box::default()), ..TransactWriteItem::default() },
        ];
        let statements = [ParameterizedStatement {
            parameters: Some(StatementParameters(Ok(vec![n("7"), s("x")]))),
            ..Default::default()
        }];
        let found = [of_actions(&SECRET, &actions), of_statements(&SECRET, &statements)].map(u128::from_be_bytes);
        let expected = [0x9097_69a8_28c5_d6b7_5863_511c_e342_1e36, 0x82ea_38a9_11f9_0376_8f52_1eeb_d58f_f3e8];
        assert_eq!((VERSION, found), (0, expected));
    }

    #[test]
    fn statements_are_told_apart_with_their_parameters() {
        let statement = |text: &str, parameters: Option<Vec<_>>| ParameterizedStatement {
            statement: text.to_owned(),
            parameters: parameters.map(|values| StatementParameters(Ok(values))),
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
