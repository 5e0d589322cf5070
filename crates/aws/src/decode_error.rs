//! Why the bytes of a request are none to its operation.

use std::fmt;

use crate::check::Broken;

/// Why a body is no request to its operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// It is not of the protocol at all.
    Malformed,
    /// The member has a value of another type than its shape.
    Type { member: &'static str, expected: Expected },
    /// More values, or deeper ones, than a request has.
    TooLarge,
    /// All constraints that it breaks.
    Broken(Broken),
}

/// The type of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    Number,
    Boolean,
    Timestamp,
    Other,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Malformed => f.write_str("The request's body cannot be parsed"),
            DecodeError::Type { member, expected: Expected::Number } => write!(f, "{member} is no number"),
            DecodeError::Type { member, expected: Expected::Boolean } => write!(f, "{member} must be true or false"),
            DecodeError::Type { member, expected: Expected::Timestamp } => write!(f, "{member} is no timestamp"),
            DecodeError::Type { member, expected: Expected::Other } => {
                write!(f, "The value of {member} has another type")
            }
            DecodeError::TooLarge => f.write_str("The request has too many values"),
            DecodeError::Broken(broken) => broken.fmt(f),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<Broken> for DecodeError {
    fn from(broken: Broken) -> DecodeError {
        DecodeError::Broken(broken)
    }
}
