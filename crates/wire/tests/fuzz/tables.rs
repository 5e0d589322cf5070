//! The tables of the prepared service: every type of key, every kind of index, and attributes that all requests speak
//! of, so that they meet.

use serde_json::{Value, json};

/// A key attribute and its type.
pub(crate) type Part = (&'static str, &'static str);

pub(crate) struct Table {
    pub name: &'static str,
    pub key: &'static [Part],
    pub local: &'static [Index],
    pub global: &'static [Index],
}

pub(crate) struct Index {
    pub name: &'static str,
    pub key: &'static [Part],
    /// How many of the key's attributes are its hash.
    pub hashes: usize,
    /// `ALL`, `KEYS_ONLY`, or the names of an `INCLUDE`.
    pub projection: &'static str,
}

pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "music",
        key: &[("pk", "S"), ("sk", "N")],
        local: &[Index { name: "by-l", key: &[("pk", "S"), ("l", "S")], hashes: 1, projection: "KEYS_ONLY" }],
        global: &[
            Index { name: "by-g", key: &[("g", "S"), ("x", "N")], hashes: 1, projection: "ALL" },
            Index { name: "by-x", key: &[("x", "N")], hashes: 1, projection: "a,m" },
            Index {
                name: "many",
                key: &[("g", "S"), ("x", "N"), ("l", "S"), ("sk", "N")],
                hashes: 2,
                projection: "ALL",
            },
        ],
    },
    Table { name: "plain", key: &[("pk", "S")], local: &[], global: &[] },
    Table {
        name: "bytes",
        key: &[("y", "B"), ("z", "B")],
        local: &[Index { name: "by-x", key: &[("y", "B"), ("x", "N")], hashes: 1, projection: "ALL" }],
        global: &[Index { name: "by-z", key: &[("z", "B")], hashes: 1, projection: "KEYS_ONLY" }],
    },
    Table { name: "numbers", key: &[("x", "N")], local: &[], global: &[] },
];

/// Names of tables that requests may make and delete again.
pub(crate) const OTHERS: &[&str] = &["other", "another"];

/// Attributes besides those of keys, and the type that they mostly have.
pub(crate) const ATTRIBUTES: &[Part] = &[
    ("a", "N"),
    ("b", "S"),
    ("m", "M"),
    ("li", "L"),
    ("ns", "NS"),
    ("ss", "SS"),
    ("bs", "BS"),
    ("t", "BOOL"),
    ("size", "N"),
    ("é.\"", "S"),
];

impl Table {
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &'static Index> {
        self.local.iter().chain(self.global)
    }

    /// All attributes that a key of the table or of an index has, once each.
    pub(crate) fn key_attributes(&self) -> Vec<Part> {
        let all = self.key.iter().chain(self.indexes().flat_map(|index| index.key));
        let mut parts: Vec<Part> = all.copied().collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    /// The request that makes it.
    pub(crate) fn creation(&self) -> Value {
        let definition = |(name, kind): &Part| json!({"AttributeName": name, "AttributeType": kind});
        let mut request = json!({
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": self.key_attributes().iter().map(definition).collect::<Vec<_>>(),
            "KeySchema": key_schema(self.key, 1),
        });
        let indexes = |indexes: &[Index]| indexes.iter().map(Index::definition).collect::<Vec<_>>();
        if !self.local.is_empty() {
            request["LocalSecondaryIndexes"] = json!(indexes(self.local));
        }
        if !self.global.is_empty() {
            request["GlobalSecondaryIndexes"] = json!(indexes(self.global));
        }
        request
    }
}

impl Index {
    fn definition(&self) -> Value {
        let projection = match self.projection {
            "ALL" | "KEYS_ONLY" => json!({"ProjectionType": self.projection}),
            names => {
                json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": names.split(',').collect::<Vec<_>>()})
            }
        };
        json!({"IndexName": self.name, "KeySchema": key_schema(self.key, self.hashes), "Projection": projection})
    }
}

fn key_schema(key: &[Part], hashes: usize) -> Value {
    let role = |at| if at < hashes { "HASH" } else { "RANGE" };
    let element = |(at, (name, _)): (usize, &Part)| json!({"AttributeName": name, "KeyType": role(at)});
    json!(key.iter().enumerate().map(element).collect::<Vec<_>>())
}
