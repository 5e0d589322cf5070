//! Expressions from a grammar, with the names and values that they speak of; some broken afterwards.

use std::collections::BTreeMap;

use crate::attributes::{self, any_value};
use crate::chance::Chance;
use crate::json::{Json, object, text};
use crate::mutation::mutate_text;
use crate::tables::{ATTRIBUTES, Index, Part, Table};

/// What the expressions of one request say.
#[derive(Default)]
pub(crate) struct Speech {
    pub names: BTreeMap<String, String>,
    pub values: BTreeMap<String, Json>,
}

const COMPARISONS: &[&str] = &["=", "<>", "<", "<=", ">", ">="];
const TYPES: &[&str] = &["S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL", "X"];

impl Speech {
    /// The expression that a member with this name wants.
    pub(crate) fn expression(
        &mut self,
        chance: &mut Chance,
        member: &str,
        table: &Table,
        index: Option<&Index>,
    ) -> String {
        let expression = match member {
            "KeyConditionExpression" => self.key_condition(chance, table, index),
            "ProjectionExpression" => self.projection(chance),
            "UpdateExpression" => self.update(chance),
            _ => self.condition(chance, 3),
        };
        if chance.one_in(16) { mutate_text(chance, &expression) } else { expression }
    }

    /// The names and values, as in a request; sometimes one is missing or too many.
    pub(crate) fn into_members(mut self, chance: &mut Chance) -> Vec<(String, Json)> {
        if chance.one_in(30) {
            self.names.pop_first();
        }
        if chance.one_in(30) {
            self.values.pop_first();
        }
        if chance.one_in(40) {
            self.values.insert(":unused".to_owned(), any_value(chance));
        }
        let names = self.names.into_iter().map(|(placeholder, name)| (placeholder, text(name))).collect();
        let values = self.values.into_iter().collect();
        [("ExpressionAttributeNames", names), ("ExpressionAttributeValues", values)]
            .into_iter()
            .filter(|(_, members): &(_, Vec<_>)| !members.is_empty())
            .map(|(member, members)| (member.to_owned(), Json::Object(members)))
            .collect()
    }

    fn name(&mut self, chance: &mut Chance, name: &str) -> String {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && name != "size";
        if plain && !chance.one_in(4) {
            return name.to_owned();
        }
        let placeholder = format!(
            "#{}",
            self.names
                .iter()
                .find(|(_, own)| *own == name)
                .map_or_else(|| format!("n{}", self.names.len()), |(placeholder, _)| placeholder[1..].to_owned(),)
        );
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, chance: &mut Chance, kind: &str) -> String {
        let value = if chance.one_in(15) { any_value(chance) } else { attributes::value(chance, kind, 2) };
        self.hold(value)
    }

    fn hold(&mut self, value: Json) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn path(&mut self, chance: &mut Chance, name: &str) -> String {
        let mut path = self.name(chance, name);
        let steps = if chance.one_in(4) { 1 + chance.below(2) } else { 0 };
        for _ in 0..steps {
            if chance.one_in(2) {
                path.push_str(&format!("[{}]", chance.pick(&["0", "1", "2", "50", "4294967296"])));
            } else {
                let (step, _) = attributes::attribute(chance);
                path = format!("{path}.{}", self.name(chance, step));
            }
        }
        path
    }

    fn operand(&mut self, chance: &mut Chance, kind: &str) -> String {
        match chance.below(8) {
            0 => {
                let (name, _) = attributes::attribute(chance);
                self.path(chance, name)
            }
            1 => format!("size({})", self.path(chance, "b")),
            _ => self.value(chance, kind),
        }
    }

    pub(crate) fn condition(&mut self, chance: &mut Chance, depth: u64) -> String {
        if depth > 0 && chance.one_in(3) {
            let left = self.condition(chance, depth - 1);
            return match chance.below(4) {
                0 => format!("NOT {left}"),
                1 => format!("({left})"),
                word => format!("{left} {} {}", ["AND", "OR"][word as usize - 2], self.condition(chance, depth - 1)),
            };
        }
        let (name, kind) = attributes::attribute(chance);
        let path = self.path(chance, name);
        match chance.below(10) {
            0 => format!("attribute_exists({path})"),
            1 => format!("attribute_not_exists({path})"),
            2 => {
                let kind = object("S", text(*chance.pick(TYPES)));
                format!("attribute_type({path}, {})", self.hold(kind))
            }
            3 => format!("begins_with({path}, {})", self.value(chance, "S")),
            4 => format!("contains({path}, {})", self.value(chance, "S")),
            5 => format!("{path} BETWEEN {} AND {}", self.value(chance, kind), self.value(chance, kind)),
            6 => {
                let list: Vec<String> = (0..=chance.below(3)).map(|_| self.operand(chance, kind)).collect();
                format!("{path} IN ({})", list.join(", "))
            }
            _ => format!("{path} {} {}", chance.pick(COMPARISONS), self.operand(chance, kind)),
        }
    }

    fn key_condition(&mut self, chance: &mut Chance, table: &Table, index: Option<&Index>) -> String {
        let (key, hashes) = index.map_or((table.key, 1), |index| (index.key, index.hashes));
        let used = hashes + chance.below((key.len() - hashes + 1) as u64) as usize;
        let mut parts = Vec::new();
        for (at, (name, kind)) in key[..used].iter().enumerate() {
            let last = at + 1 == used && at >= hashes;
            parts.push(self.key_part(chance, name, kind, last));
        }
        if chance.one_in(8) {
            parts.reverse();
        }
        parts.join(" AND ")
    }

    fn key_part(&mut self, chance: &mut Chance, name: &str, kind: &str, ranged: bool) -> String {
        let path = self.name(chance, name);
        let value = self.hold_key(chance, kind);
        match chance.below(8) {
            0 if ranged => format!("begins_with({path}, {value})"),
            1 if ranged => {
                let end = self.hold_key(chance, kind);
                format!("{path} BETWEEN {value} AND {end}")
            }
            2..5 if ranged => format!("{path} {} {value}", chance.pick(COMPARISONS)),
            5 => format!("{value} = {path}"),
            _ => format!("{path} = {value}"),
        }
    }

    fn hold_key(&mut self, chance: &mut Chance, kind: &str) -> String {
        let value = attributes::key_value(chance, kind);
        self.hold(value)
    }

    fn projection(&mut self, chance: &mut Chance) -> String {
        let paths: Vec<String> = (0..=chance.below(4))
            .map(|_| {
                let (name, _) = attributes::attribute(chance);
                self.path(chance, name)
            })
            .collect();
        paths.join(", ")
    }

    fn update(&mut self, chance: &mut Chance) -> String {
        let mut left: Vec<Part> = ATTRIBUTES.to_vec();
        left.extend([("l", "S"), ("g", "S"), ("x", "N")]);
        let mut clauses = Vec::new();
        for verb in ["SET", "REMOVE", "ADD", "DELETE"] {
            if !chance.one_in(2) {
                continue;
            }
            let count = 1 + chance.below(2);
            let actions: Vec<String> = (0..count)
                .map(|_| {
                    let at = chance.below(left.len() as u64) as usize;
                    // An attribute of two actions is refused, so it is seldom.
                    let part = if chance.one_in(15) { left[at] } else { left.swap_remove(at) };
                    self.action(chance, verb, part)
                })
                .collect();
            clauses.push(format!("{verb} {}", actions.join(", ")));
        }
        clauses.join(" ")
    }

    fn action(&mut self, chance: &mut Chance, verb: &str, (name, kind): Part) -> String {
        let path = if chance.one_in(8) { self.path(chance, name) } else { self.name(chance, name) };
        match verb {
            "REMOVE" => path,
            "ADD" | "DELETE" => {
                let fits = matches!(kind, "SS" | "NS" | "BS") || kind == "N" && verb == "ADD";
                let kind = if fits { kind } else { "NS" };
                format!("{path} {}", self.value(chance, kind))
            }
            _ => format!("{path} = {}", self.new_value(chance, &path, kind)),
        }
    }

    fn new_value(&mut self, chance: &mut Chance, path: &str, kind: &str) -> String {
        let value = self.value(chance, kind);
        match chance.below(6) {
            0 => format!("if_not_exists({path}, {value})"),
            1 if kind == "L" => format!("list_append({path}, {value})"),
            1 => format!("if_not_exists({path}, {value}) + {}", self.value(chance, "N")),
            2 if kind == "N" => format!("{path} {} {value}", chance.pick(&["+", "-"])),
            3 if chance.one_in(3) => {
                let (name, _) = attributes::attribute(chance);
                self.path(chance, name)
            }
            _ => value,
        }
    }
}
