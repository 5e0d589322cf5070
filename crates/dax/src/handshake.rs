//! What a client sends first. The server does not answer it.
//!
//! | value | type | content |
//! |---|---|---|
//! | 1 | text | `J7yne5G` |
//! | 2 | integer | layering: 0, answers are plain; 1, answers are in frames ([`crate::frame`]) |
//! | 3 | any | the client's session |
//! | 4 | map of texts | `UserAgent` |
//! | 5 | integer | 0: a client |

use crate::cbor::{Malformed, Reader};
use crate::frame::Layering;

/// How many values it has.
pub(crate) const VALUES: usize = 5;
/// The longest handshake. Unit: bytes.
pub(crate) const BYTES_MAX: usize = 8 * 1024;
const MAGIC: &str = "J7yne5G";
const USER_AGENT: &str = "UserAgent";

/// How a client speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Handshake {
    pub layering: Layering,
    pub user_agent: Option<String>,
}

impl Handshake {
    /// # Errors
    /// Bytes that no DAX client sends.
    pub(crate) fn read(bytes: &[u8]) -> Result<Handshake, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.text()? != MAGIC {
            return Err(Malformed("the connection does not begin as DAX's does"));
        }
        let layering = match reader.int()? {
            0 => Layering::Plain,
            1 => Layering::Framed,
            _ => return Err(Malformed("the layering is neither 0 nor 1")),
        };
        reader.skip()?;
        let (mut pairs, mut user_agent) = (reader.map()?, None);
        while pairs.next(&mut reader)? {
            let name = reader.text()?;
            let value = reader.text()?;
            if name == USER_AGENT {
                user_agent = Some(value.into_owned());
            }
        }
        reader.int()?;
        Ok(Handshake { layering, user_agent })
    }

    /// Whether the client is Go v2, which sends a Select that its caller has not asked for.
    pub(crate) fn adds_select(&self) -> bool {
        self.is_of("DaxGoV2Client")
    }

    /// Whether the client is Java v1, which fails over a batch whose map of unprocessed keys is empty: it wants a table there.
    pub(crate) fn wants_unprocessed(&self) -> bool {
        self.is_of("DaxJavaClient")
    }

    fn is_of(&self, client: &str) -> bool {
        self.user_agent.as_deref().is_some_and(|agent| agent.starts_with(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    #[test]
    fn clients_are_known_by_their_handshake() {
        let agent =
            |text: &str| [&[0xa1, 0x69][..], b"UserAgent", &[0x60 | text.len() as u8], text.as_bytes()].concat();
        // Python, Java v2 and Go v2.
        for (layering, session, name, adds_select) in [
            (0, &[0x43, 1, 2, 3][..], "DaxPythonClient-2.1.0", false),
            (1, &[0xf6], "DaxJavaV2Clt-2.0.10", false),
            (0, &[0x61, b'0'], "DaxGoV2Client-1.0.3", true),
        ] {
            let sent = bytes(&[b"\x67J7yne5G", &[layering], session, &agent(name), &[0]]);
            let handshake = Handshake::read(&sent).unwrap();
            let expected = if layering == 1 { Layering::Framed } else { Layering::Plain };
            assert_eq!(handshake.layering, expected);
            assert_eq!(handshake.user_agent.as_deref(), Some(name));
            assert_eq!(handshake.adds_select(), adds_select);
        }
    }

    #[test]
    fn other_clients_are_refused() {
        for sent in [&b"GET / HTTP/1.1\r\n"[..], b"\x67J7yne5H\x00\xf6\xa0\x00", b"\x67J7yne5G\x02\xf6\xa0\x00", b""] {
            assert!(Handshake::read(sent).is_err(), "{sent:?}");
        }
    }
}
