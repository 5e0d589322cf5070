//! A body as it is made: a tree that can also hold what no JSON has, such as members twice and broken texts.

use base64_simd::STANDARD;

#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// Written as it is: numbers, words, and what is not JSON at all.
    Raw(Vec<u8>),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

pub(crate) fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

pub(crate) fn raw(text: impl AsRef<[u8]>) -> Json {
    Json::Raw(text.as_ref().to_vec())
}

pub(crate) fn base64(bytes: &[u8]) -> Json {
    Json::Text(STANDARD.encode_to_string(bytes))
}

/// An object of one member.
pub(crate) fn object(name: &str, value: Json) -> Json {
    Json::Object(vec![(name.to_owned(), value)])
}

impl Json {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Json::Raw(bytes) => out.extend_from_slice(bytes),
            Json::Text(text) => write_text(text, out),
            Json::List(list) => {
                out.push(b'[');
                for (at, element) in list.iter().enumerate() {
                    separate(at, out);
                    element.write_to(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (at, (name, value)) in members.iter().enumerate() {
                    separate(at, out);
                    write_text(name, out);
                    out.push(b':');
                    value.write_to(out);
                }
                out.push(b'}');
            }
        }
    }

    /// How many values the tree has, itself among them.
    pub(crate) fn count(&self) -> u64 {
        1 + match self {
            Json::List(list) => list.iter().map(Json::count).sum(),
            Json::Object(members) => members.iter().map(|(_, value)| value.count()).sum(),
            Json::Raw(_) | Json::Text(_) => 0,
        }
    }

    /// The value with this number, in the order of writing; the tree itself is 0.
    pub(crate) fn nth(&mut self, at: u64) -> Option<&mut Json> {
        let mut left = at;
        self.find(&mut left)
    }

    fn find(&mut self, left: &mut u64) -> Option<&mut Json> {
        if *left == 0 {
            return Some(self);
        }
        *left -= 1;
        match self {
            Json::List(list) => list.iter_mut().find_map(|element| element.find(left)),
            Json::Object(members) => members.iter_mut().find_map(|(_, value)| value.find(left)),
            Json::Raw(_) | Json::Text(_) => None,
        }
    }
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text is JSON");
}

/// A value of an answer, as something that can be sent.
impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Json {
        match value {
            serde_json::Value::String(string) => text(string),
            serde_json::Value::Array(list) => Json::List(list.iter().map(Json::from).collect()),
            serde_json::Value::Object(members) => {
                Json::Object(members.iter().map(|(name, value)| (name.clone(), Json::from(value))).collect())
            }
            other => raw(other.to_string()),
        }
    }
}
