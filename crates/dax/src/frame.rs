//! How an answer is laid out on the connection: as it is, or in frames. Requests are never framed.
//!
//! | bytes | content of a frame |
//! |---|---|
//! | 4 | its length, with this head |
//! | 1 | bit 0: the message ends with this frame |
//! | 3 | 0 |
//! | n | a part of the message |

/// The data of a frame. Unit: bytes.
const DATA_BYTES_MAX: usize = 64 * 1024 - HEAD_SIZE;
const HEAD_SIZE: usize = 8;
const ENDS: u8 = 1;

/// What the handshake asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layering {
    Plain,
    Framed,
}

impl Layering {
    /// The message as it is sent.
    pub(crate) fn lay_out(self, message: Vec<u8>) -> Vec<u8> {
        match self {
            Layering::Plain => message,
            Layering::Framed => framed(&message),
        }
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let count = message.len().div_ceil(DATA_BYTES_MAX);
    let mut out = Vec::with_capacity(message.len() + count * HEAD_SIZE);
    for (at, data) in message.chunks(DATA_BYTES_MAX).enumerate() {
        let length = (data.len() + HEAD_SIZE) as u32;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[if at + 1 == count { ENDS } else { 0 }, 0, 0, 0]);
        out.extend_from_slice(data);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads frames as the Java client does.
    fn data(mut bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let length = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
            let ends = bytes[4] == 1;
            assert_eq!((bytes[4] & !1, &bytes[5..8]), (0, &[0; 3][..]));
            all.extend_from_slice(&bytes[8..length]);
            bytes = &bytes[length..];
            if ends {
                assert!(bytes.is_empty());
                return all;
            }
        }
    }

    #[test]
    fn frames_have_the_message_in_order() {
        for size in [1, 100, DATA_BYTES_MAX - 1, DATA_BYTES_MAX, DATA_BYTES_MAX + 1, 3 * DATA_BYTES_MAX] {
            let message: Vec<u8> = (0..size).map(|at| at as u8).collect();
            assert_eq!(data(&Layering::Framed.lay_out(message.clone())), message);
            assert_eq!(Layering::Plain.lay_out(message.clone()), message);
        }
        assert_eq!(Layering::Framed.lay_out(vec![0x80]), [0, 0, 0, 9, 1, 0, 0, 0, 0x80]);
    }
}
