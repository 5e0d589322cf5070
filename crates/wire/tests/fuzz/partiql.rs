//! PartiQL statements from a grammar, with their parameters; some broken afterwards.

use crate::attributes::{self, any_value};
use crate::chance::Chance;
use crate::json::Json;
use crate::mutation::mutate_text;
use crate::tables::{ATTRIBUTES, Part, Table};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// ExecuteStatement: anything.
    Alone,
    /// A batch or a transaction: one item by its whole key.
    OneItem,
}

/// A statement and its parameters.
pub(crate) fn statement(chance: &mut Chance, table: &Table, purpose: Purpose) -> (String, Vec<Json>) {
    let mut writer = Writer { chance, parameters: Vec::new() };
    let mut text = writer.statement(table, purpose);
    let mut parameters = writer.parameters;
    if chance.one_in(12) {
        text = mutate_text(chance, &text);
    }
    if chance.one_in(40) {
        parameters.pop();
    }
    if chance.one_in(60) {
        parameters.push(any_value(chance));
    }
    (text, parameters)
}

struct Writer<'a> {
    chance: &'a mut Chance,
    parameters: Vec<Json>,
}

const LITERALS: &[&str] = &[
    "'a'",
    "''",
    "'it''s'",
    "1",
    "-2",
    "0.5",
    "1e2",
    "true",
    "null",
    "[]",
    "[1, 'x', [true]]",
    "{}",
    "{'k': {'l': 1}}",
    "<<1, 2>>",
    "<<'u', 'v'>>",
    "<<>>",
    "MISSING",
];

impl Writer<'_> {
    fn statement(&mut self, table: &Table, purpose: Purpose) -> String {
        match self.chance.below(8) {
            0 | 1 => self.insert(table),
            2 => {
                let returning = self.maybe(&["", " RETURNING ALL OLD *"]);
                format!("DELETE FROM \"{}\" WHERE {}{returning}", table.name, self.one_item(table))
            }
            3 | 4 => self.update(table),
            5 if purpose == Purpose::OneItem => {
                format!("EXISTS(SELECT * FROM \"{}\" WHERE {})", table.name, self.one_item(table))
            }
            _ if purpose == Purpose::OneItem => {
                format!("SELECT {} FROM \"{}\" WHERE {}", self.columns(), table.name, self.one_item(table))
            }
            _ => self.select(table),
        }
    }

    fn maybe(&mut self, texts: &[&'static str]) -> &'static str {
        if self.chance.one_in(2) { texts[0] } else { self.chance.pick::<&str>(texts) }
    }

    fn name(&mut self, name: &str) -> String {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && name != "size";
        if plain && self.chance.one_in(2) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
    }

    fn path(&mut self) -> String {
        let (name, _) = attributes::attribute(self.chance);
        let path = self.name(name);
        match self.chance.below(8) {
            0 => format!("{path}[{}]", self.chance.below(3)),
            1 => format!("{path}.{}", self.chance.pick(&["a", "b", "m"])),
            _ => path,
        }
    }

    fn parameter(&mut self, value: Json) -> String {
        self.parameters.push(value);
        "?".to_owned()
    }

    fn value(&mut self, kind: &str) -> String {
        if self.chance.one_in(2) {
            return (*self.chance.pick(LITERALS)).to_owned();
        }
        let value = attributes::value(self.chance, kind, 2);
        self.parameter(value)
    }

    fn key_value(&mut self, kind: &str) -> String {
        match (kind, self.chance.one_in(2)) {
            ("S", true) => (*self.chance.pick(&["'a'", "'b'", "'c'"])).to_owned(),
            ("N", true) => (*self.chance.pick(&["0", "1", "2", "3", "-1"])).to_owned(),
            _ => {
                let value = attributes::key_value(self.chance, kind);
                self.parameter(value)
            }
        }
    }

    fn one_item(&mut self, table: &Table) -> String {
        let key = table.key.iter().map(|part| self.equal(part)).collect::<Vec<_>>();
        let mut condition = key.join(" AND ");
        if self.chance.one_in(4) {
            condition = format!("{condition} AND {}", self.condition(1));
        }
        condition
    }

    fn equal(&mut self, (name, kind): &Part) -> String {
        format!("{} = {}", self.name(name), self.key_value(kind))
    }

    fn insert(&mut self, table: &Table) -> String {
        let mut members = Vec::new();
        for (name, kind) in table.key_attributes() {
            members.push(format!("'{name}': {}", self.key_value(kind)));
        }
        for (name, kind) in ATTRIBUTES {
            if self.chance.one_in(4) {
                members.push(format!("'{name}': {}", self.value(kind)));
            }
        }
        format!("INSERT INTO \"{}\" VALUE {{{}}}", table.name, members.join(", "))
    }

    fn update(&mut self, table: &Table) -> String {
        let mut clauses = String::new();
        for _ in 0..=self.chance.below(2) {
            let (name, kind) = *self.chance.pick(ATTRIBUTES);
            let path = if self.chance.one_in(4) { self.path() } else { self.name(name) };
            let value = self.value(kind);
            clauses.push_str(&match self.chance.below(6) {
                0 => format!(" REMOVE {path}"),
                1 => format!(" SET {path} = {path} + {value}"),
                2 => format!(" SET {path} = list_append({path}, {value})"),
                3 => format!(" SET {path} = {}({path}, {value})", self.chance.pick(&["set_add", "set_delete"])),
                _ => format!(" SET {path} = {value}"),
            });
        }
        let returning = self.maybe(&[
            "",
            " RETURNING ALL OLD *",
            " RETURNING ALL NEW *",
            " RETURNING MODIFIED OLD *",
            " RETURNING MODIFIED NEW *",
        ]);
        format!("UPDATE \"{}\"{clauses} WHERE {}{returning}", table.name, self.one_item(table))
    }

    fn columns(&mut self) -> String {
        if self.chance.one_in(2) {
            return "*".to_owned();
        }
        (0..=self.chance.below(3)).map(|_| self.path()).collect::<Vec<_>>().join(", ")
    }

    fn select(&mut self, table: &Table) -> String {
        let indexes: Vec<_> = table.indexes().collect();
        let index = if indexes.is_empty() || self.chance.one_in(2) { None } else { Some(*self.chance.pick(&indexes)) };
        let from = match index {
            Some(index) => format!("\"{}\".\"{}\"", table.name, index.name),
            None => format!("\"{}\"", table.name),
        };
        let key = index.map_or(table.key, |index| index.key);
        let mut condition = match self.chance.below(5) {
            0 => String::new(),
            1 => format!(" WHERE {}", self.condition(3)),
            2 => format!(" WHERE {} IN [{}, {}]", key[0].0, self.key_value(key[0].1), self.key_value(key[0].1)),
            _ => format!(" WHERE {}", self.equal(&key[0])),
        };
        if !condition.is_empty() && self.chance.one_in(2) {
            condition = format!("{condition} AND {}", self.condition(2));
        }
        let order = match key.get(1) {
            Some((name, _)) if self.chance.one_in(4) => {
                format!(" ORDER BY {name}{}", self.maybe(&["", " DESC", " ASC"]))
            }
            _ => String::new(),
        };
        format!("SELECT {} FROM {from}{condition}{order}", self.columns())
    }

    fn condition(&mut self, depth: u64) -> String {
        if depth > 0 && self.chance.one_in(3) {
            let left = self.condition(depth - 1);
            return match self.chance.below(4) {
                0 => format!("NOT {left}"),
                1 => format!("({left})"),
                word => format!("{left} {} {}", ["AND", "OR"][word as usize - 2], self.condition(depth - 1)),
            };
        }
        let path = self.path();
        let kind = *self.chance.pick(&["S", "N"]);
        match self.chance.below(9) {
            0 => format!("{path} IS{} {}", self.maybe(&["", " NOT"]), self.chance.pick(&["MISSING", "NULL"])),
            1 => format!("begins_with({path}, {})", self.value("S")),
            2 => format!("contains({path}, {})", self.value("S")),
            3 => format!("attribute_type({path}, 'S')"),
            4 => format!("{path} BETWEEN {} AND {}", self.value(kind), self.value(kind)),
            5 => format!("{path} IN ({}, {})", self.value(kind), self.value(kind)),
            6 => format!("size({path}) > {}", self.value("N")),
            _ => format!("{path} {} {}", self.chance.pick(&["=", "<>", "!=", "<", ">="]), self.value(kind)),
        }
    }
}
