//! The names in a request: of tables, indexes, streams and the like, and nothing else that it says.
//!
//! The body is read a second time for them. Nothing is decided by it: what cannot be read names nothing, and a member that
//! stands there twice counts twice, so that nobody can hide a table behind another one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

/// A request has no more than a hundred parts. Longer lists are hostile, and are cut.
const NAMES_MAX: usize = 100;
/// Of an ARN. Unit: bytes.
const NAME_SIZE_MAX: usize = 1283;

/// Members of requests that are names, and what CloudTrail calls them.
const MEMBERS: [(&str, &str); 16] = [
    ("TableName", "tableName"),
    ("GlobalTableName", "globalTableName"),
    ("SourceTableName", "sourceTableName"),
    ("SourceTableArn", "sourceTableArn"),
    ("TargetTableName", "targetTableName"),
    ("TableArn", "tableArn"),
    ("IndexName", "indexName"),
    ("ResourceArn", "resourceArn"),
    ("StreamArn", "streamArn"),
    ("ShardId", "shardId"),
    ("BackupName", "backupName"),
    ("BackupArn", "backupArn"),
    ("ExportArn", "exportArn"),
    ("ImportArn", "importArn"),
    ("FunctionName", "functionName"),
    ("EventSourceArn", "eventSourceArn"),
];

/// Those that name a table or a stream, if that is what their ARN is of.
const RESOURCES: [&str; 9] = [
    "tableName",
    "globalTableName",
    "sourceTableName",
    "sourceTableArn",
    "targetTableName",
    "tableArn",
    "resourceArn",
    "streamArn",
    "eventSourceArn",
];

#[derive(Default, Debug)]
pub(super) struct Names {
    pub(super) parameters: Map<String, Value>,
    /// Tables and streams, by name or ARN, each once.
    pub(super) resources: Vec<String>,
    /// Where there are statements of PartiQL: whether one of them may write.
    pub(super) writes: Option<bool>,
}

pub(super) fn of(body: &[u8]) -> Names {
    let mut names = Names::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    // What was found before something that is no JSON counts.
    let _ = Walk { names: &mut names, place: Place::Request }.deserialize(&mut json);
    names
}

/// What may be a name, and is no URL, no value and no text.
pub(super) fn is_name(text: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/*".contains(&byte);
    (1..=NAME_SIZE_MAX).contains(&text.len()) && text.bytes().all(of_a_name) && !text.contains("//")
}

impl Names {
    fn resource(&mut self, name: &str) {
        let known = self.resources.iter().any(|other| other == name);
        let others = name.starts_with("arn:") && !name.contains(":table/");
        if is_name(name) && !known && !others && self.resources.len() < NAMES_MAX {
            self.resources.push(name.to_owned());
        }
    }

    fn member(&mut self, name: &'static str, text: &str) {
        if is_name(text) {
            self.parameters.insert(name.to_owned(), text.into());
            if RESOURCES.contains(&name) {
                self.resource(text);
            }
        }
    }

    /// One of several: a table of a batch, or an action of a transaction.
    fn part(&mut self, operation: Option<&str>, table: &str) {
        self.resource(table);
        let parts = self.parameters.entry("requestItems").or_insert_with(|| json!([]));
        let Some(parts) = parts.as_array_mut().filter(|parts| is_name(table) && parts.len() < NAMES_MAX) else {
            return;
        };
        parts.push(match operation {
            Some(operation) => json!({"operation": operation, "tableName": table}),
            None => json!({"tableName": table}),
        });
    }

    fn statement(&mut self, text: &str) {
        let mut words = words(text);
        let first = words.next().unwrap_or_default();
        let is = |word: &str, other: &str| word.eq_ignore_ascii_case(other);
        let reads = is(first, "select") || is(first, "exists");
        self.writes = Some(self.writes.unwrap_or(false) || !reads);
        let table = match is(first, "update") {
            true => words.next(),
            false => words.find(|word| is(word, "from") || is(word, "into")).and_then(|_| words.next()),
        };
        if let Some(table) = table {
            self.resource(table);
        }
    }
}

/// The words of a statement, without the quotation marks of names; texts in it are none.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|it: char| !(it.is_alphanumeric() || "_-\"'".contains(it)));
            let quote = rest.chars().next()?;
            if quote == '\'' || quote == '"' {
                let (inside, behind) = rest[1..].split_once(quote).unwrap_or((&rest[1..], ""));
                rest = behind;
                if quote == '"' {
                    return Some(inside);
                }
            } else {
                let end = rest.find(|it: char| !(it.is_alphanumeric() || "_-".contains(it))).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                rest = behind;
                return Some(word);
            }
        }
    })
}

/// Where in a request we are.
#[derive(Clone, Copy)]
enum Place {
    Request,
    /// BatchGetItem, BatchWriteItem: tables, with what is done to them.
    Tables,
    /// TransactGetItems, TransactWriteItems: a list of actions, each in an object of its own.
    Actions,
    Action(Option<&'static str>),
    /// BatchExecuteStatement, ExecuteTransaction.
    Statements,
    Member(&'static str),
    PartTable(Option<&'static str>),
    Statement,
}

/// What stands at a place, whatever it is: what does not belong there is passed over.
struct Walk<'n> {
    names: &'n mut Names,
    place: Place,
}

impl Walk<'_> {
    /// What the member of an object is; nothing that is of interest if there is no place for it.
    fn inside(&self, key: &str) -> Option<Place> {
        match self.place {
            Place::Request => match key {
                "RequestItems" => Some(Place::Tables),
                "TransactItems" => Some(Place::Actions),
                "Statement" => Some(Place::Statement),
                "Statements" | "TransactStatements" => Some(Place::Statements),
                _ => MEMBERS.iter().find(|(member, _)| *member == key).map(|(_, name)| Place::Member(name)),
            },
            Place::Statements => (key == "Statement").then_some(Place::Statement),
            Place::Actions => {
                let actions = ["Get", "Put", "Update", "Delete", "ConditionCheck"];
                Some(Place::Action(actions.into_iter().find(|action| *action == key)))
            }
            Place::Action(operation) => (key == "TableName").then_some(Place::PartTable(operation)),
            Place::Tables | Place::Member(_) | Place::PartTable(_) | Place::Statement => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if let Place::Tables = self.place {
                self.names.part(None, &key);
            }
            match self.inside(&key) {
                Some(place) => map.next_value_seed(Walk { names: self.names, place })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    /// The elements of a list are at its place.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !matches!(self.place, Place::Actions | Place::Statements) {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while list.next_element_seed(Element { names: self.names, place: self.place })?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.place {
            Place::Member(name) => self.names.member(name, text),
            Place::PartTable(operation) => self.names.part(operation, text),
            Place::Statement => self.names.statement(text),
            _ => {}
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// An element of a list of objects; a list inside a list is passed over, so that nesting stays bounded.
struct Element<'n> {
    names: &'n mut Names,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Object(Walk { names: self.names, place: self.place }))
    }
}

struct Object<'n>(Walk<'n>);

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.visit_map(map)
    }
}

#[cfg(test)]
mod tests;
