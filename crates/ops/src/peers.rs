//! Regions in other processes: what one asks of another about a table of a group, and what is answered.
//!
//! A message has a head in JSON and, behind it, rows in the form of `replication::shipment`. How it travels is the
//! transport's ([`Peers`]); whether its sender may ask it is decided before it is answered (`Service::answer_peer`).
//!
//! | bytes | content |
//! |---|---|
//! | 1 | version of the protocol: [`VERSION`] |
//! | 4 | size of the head (big-endian) |
//! | n | the head: a [`PeerRequest`] or a [`PeerAnswer`] |
//! | | rows, to the end |

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::BoxFuture;
use tables::{Definition, Member, MemberStatus, Overrides};

/// The version of the messages. Another one is refused, and the sender retries until both programs know the same.
pub const VERSION: u8 = 1;
const HEAD_AT: usize = 5;
/// A message is no longer than this: a page of rows with the largest item, and a definition. Unit: bytes.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The other processes, and the way to them.
pub trait Peers: fmt::Debug + Send + Sync {
    /// The regions that they have.
    fn regions(&self) -> &[String];

    /// Sends a message to the process that has a region, and returns its answer.
    fn call<'a>(&'a self, region: &'a str, message: Message) -> BoxFuture<'a, Result<Message, PeerError>>;
}

/// Why a peer did not do what it was asked; the text is for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PeerError {
    /// Nothing arrived, or no answer: a retry may succeed.
    Unreachable(String),
    /// It answered that it does not do it.
    Refused(String),
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerError::Unreachable(why) => write!(f, "the peer cannot be reached: {why}"),
            PeerError::Refused(why) => write!(f, "the peer refuses: {why}"),
        }
    }
}

/// A request or an answer, as it travels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message(pub Bytes);

/// What the process of one region asks of that of another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PeerRequest {
    /// The region that asks: a member of the table's group, or the one that creates a member.
    pub from: String,
    /// The region that is asked.
    pub to: String,
    pub account: String,
    pub table_name: String,
    pub ask: Ask,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// What the region has under the table's name.
    Look,
    /// Create the table of a new member, and copy the rows of `source`.
    Create { source: Box<Definition>, member: Member },
    /// Know of another member.
    Introduce { region: String, status: MemberStatus },
    /// Show the member that asks with this status, or not any more.
    Show { status: Option<MemberStatus> },
    /// Delete the table, which leaves its group.
    Delete,
    /// Take over the settings that the group shares, if they are newer.
    Adopt { source: Box<Definition> },
    /// Have settings of its own.
    Override { overrides: Overrides, group: Box<Definition> },
    /// Whether the region that asks has all that has been written in this one by now.
    HasDelivered,
    /// Until when the region that asks has all writes of this one.
    DeliveredUntil,
    /// Rows behind a position, which the last page named.
    Rows { after: Option<Vec<u8>> },
    /// Apply changes that were made in the region that asks: the rows behind the head.
    Replicate,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum PeerAnswer {
    Done,
    /// Whether it was news, or is so.
    Is(bool),
    Seen(Seen),
    /// A time, in milliseconds since 1970; 0 if it is not known.
    Until(u64),
    /// Why the table cannot be created.
    Unfit(String),
    /// Rows are behind the head; the position of the last one, if there may be more.
    Rows {
        last: Option<Vec<u8>>,
    },
    /// Changes that were taken.
    Replicated {
        count: usize,
    },
    Refused(String),
}

/// What a region has under a table's name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Seen {
    Absent,
    /// A table that is no member of the group.
    Stranger,
    Member(Box<Definition>),
}

impl Seen {
    pub(crate) fn into_member(self) -> Option<Definition> {
        match self {
            Seen::Member(definition) => Some(*definition),
            Seen::Absent | Seen::Stranger => None,
        }
    }
}

impl Message {
    /// # Errors
    /// If the message is too long.
    pub fn new(head: &impl Serialize, rows: &[u8]) -> Result<Message, String> {
        let head = serde_json::to_vec(head).map_err(|error| error.to_string())?;
        let size = HEAD_AT + head.len() + rows.len();
        let head_size = u32::try_from(head.len()).ok().filter(|_| size <= MESSAGE_BYTES_MAX);
        let head_size = head_size.ok_or_else(|| format!("a message of {size} bytes is too long"))?;
        let mut bytes = Vec::with_capacity(size);
        bytes.push(VERSION);
        bytes.extend_from_slice(&head_size.to_be_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(rows);
        Ok(Message(bytes.into()))
    }

    /// The head, and the rows behind it.
    ///
    /// # Errors
    /// If it is no message of this version.
    pub fn read<T: DeserializeOwned>(&self) -> Result<(T, Bytes), String> {
        let short = || "the message is shorter than its head".to_owned();
        match self.0.first() {
            Some(&VERSION) => {}
            Some(other) => {
                return Err(format!("version {other} of the replication protocol is not known, {VERSION} is"));
            }
            None => return Err(short()),
        }
        let size = self.0.get(1..).and_then(<[u8]>::first_chunk).ok_or_else(short)?;
        let end = HEAD_AT.saturating_add(u32::from_be_bytes(*size) as usize);
        let head = self.0.get(HEAD_AT..end).ok_or_else(short)?;
        let head = serde_json::from_slice(head).map_err(|error| format!("the head cannot be read: {error}"))?;
        Ok((head, self.0.slice(end..)))
    }
}

/// A definition as other processes get it: without what a group does not share and its peers do not need.
pub(crate) fn for_peers(definition: &Definition) -> Definition {
    Definition {
        past_streams: Vec::new(),
        log: Default::default(),
        kinesis: Default::default(),
        recovery: None,
        contributor_insights: None,
        resource_policy: None,
        resource_policy_revision: None,
        resource_policy_principals: None,
        tags: Default::default(),
        ..definition.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_were_made() {
        let request = PeerRequest {
            from: "us-east-1".to_owned(),
            to: "eu-west-1".to_owned(),
            account: "000000000000".to_owned(),
            table_name: "tab".to_owned(),
            ask: Ask::Rows { after: Some(vec![1, 2]) },
        };
        let message = Message::new(&request, b"rows").unwrap();
        assert_eq!(message.read::<PeerRequest>(), Ok((request, Bytes::from_static(b"rows"))));
        for cut in 0..HEAD_AT + 8 {
            assert!(Message(message.0.slice(..cut)).read::<PeerRequest>().is_err(), "{cut}");
        }
        let newer = Message([&[VERSION + 1], &message.0[1..]].concat().into());
        let error = newer.read::<PeerRequest>().unwrap_err();
        assert!(error.contains("version 2 of the replication protocol is not known"), "{error}");
        let huge = vec![0; MESSAGE_BYTES_MAX];
        assert!(Message::new(&PeerAnswer::Done, &huge).unwrap_err().contains("too long"));
    }
}
