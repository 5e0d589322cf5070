//! NextToken: the position at which a SELECT continues, bound to its statement.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | seal: a keyed hash of the statement, its parameters and the rest of the token |
//! | 4 | the part of the statement's plan that is being read (big-endian) |
//! | n | the last evaluated key as a compact map; absent if the part has not been begun |
//!
//! The seal makes a token invalid for any other statement, and a forged token for all: the rest is read only if this
//! database wrote it.

use base64_simd::URL_SAFE_NO_PAD;
use model::codec::compact;
use model::codec::key::{HashSecret, KeyValue, h16};
use model::{AttributeValue, Attributes, MapRef};

const SEAL_SIZE: usize = 8;

/// The position at which a SELECT continues.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Position {
    pub part: u32,
    pub after: Option<Attributes>,
}

/// The statement that a token is bound to.
pub(crate) struct Sealer<'a> {
    pub secret: &'a HashSecret,
    pub statement: &'a str,
    pub parameters: &'a [AttributeValue],
}

impl Sealer<'_> {
    pub(crate) fn write(&self, position: &Position) -> String {
        let mut rest = position.part.to_be_bytes().to_vec();
        if let Some(after) = &position.after {
            compact::push_map(&mut rest, after.view());
        }
        let token = [&self.seal(&rest)[..], &rest].concat();
        URL_SAFE_NO_PAD.encode_to_string(token)
    }

    /// The position of a token that was written for this statement; `None` for any other text.
    pub(crate) fn read(&self, token: &str) -> Option<Position> {
        let token = URL_SAFE_NO_PAD.decode_to_vec(token).ok()?;
        let (seal, rest) = token.split_first_chunk::<SEAL_SIZE>()?;
        if *seal != self.seal(rest) {
            return None;
        }
        let (part, after) = rest.split_first_chunk::<4>()?;
        let after =
            if after.is_empty() { None } else { Some(MapRef::Compact(compact::Map::read(after).ok()?).to_owned()) };
        Some(Position { part: u32::from_be_bytes(*part), after })
    }

    fn seal(&self, rest: &[u8]) -> [u8; SEAL_SIZE] {
        let named = self.parameters.iter().enumerate().map(|(at, value)| (format!("{at:08}"), value.clone()));
        let parameters = compact::encode(named.collect::<Attributes>().view());
        let hash = h16(self.secret, [KeyValue::S(self.statement), KeyValue::B(&parameters), KeyValue::B(rest)]);
        std::array::from_fn(|at| hash[at])
    }
}

#[cfg(test)]
mod tests {
    use tables::fixture::{SECRET, item, n, s};

    use super::*;

    fn sealer<'a>(statement: &'a str, parameters: &'a [AttributeValue]) -> Sealer<'a> {
        Sealer { secret: &SECRET, statement, parameters }
    }

    #[test]
    fn a_token_is_read_only_for_its_own_statement() {
        let parameters = [s("a")];
        let own = sealer("SELECT * FROM t WHERE pk = ?", &parameters);
        for after in [None, Some(item(&[("pk", s("a")), ("sk", n("1"))]))] {
            let position = Position { part: 3, after };
            let token = own.write(&position);
            assert_eq!(own.read(&token), Some(position));
            assert_eq!(sealer("SELECT * FROM u WHERE pk = ?", &parameters).read(&token), None);
            assert_eq!(sealer("SELECT * FROM t WHERE pk = ?", &[s("b")]).read(&token), None);
            assert_eq!(own.read(&token[1..]), None);
        }
        for made_up in ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAA", "\u{e9}"] {
            assert_eq!(own.read(made_up), None, "{made_up}");
        }
    }
}
