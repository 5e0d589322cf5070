//! Generated structures as Rust types: what a service's functions take and return, made of values and back.

use std::collections::BTreeMap;

use crate::value::{Structure, Timestamp, Value};

/// A Rust type of a shape.
pub trait Typed: Sized {
    /// `None` for a value of another shape, which decoders do not make.
    fn from_value(value: Value) -> Option<Self>;
    fn into_value(self) -> Value;
}

/// An operation with its request and its answer as Rust types.
pub trait TypedOperation {
    type Request: Typed;
    type Response: Typed;
}

/// Of an operation without members, or without a result.
impl Typed for () {
    fn from_value(_: Value) -> Option<()> {
        Some(())
    }

    fn into_value(self) -> Value {
        Value::Structure(Structure::default())
    }
}

macro_rules! scalars {
    ($($rust_type:ty, $variant:ident;)+) => {$(
        impl Typed for $rust_type {
            fn from_value(value: Value) -> Option<$rust_type> {
                match value {
                    Value::$variant(value) => Some(value),
                    _ => None,
                }
            }

            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    )+};
}

scalars! {
    String, Text;
    i64, Integer;
    f64, Double;
    bool, Boolean;
    Vec<u8>, Blob;
    Timestamp, Timestamp;
}

impl Typed for i32 {
    fn from_value(value: Value) -> Option<i32> {
        i64::from_value(value).and_then(|value| i32::try_from(value).ok())
    }

    fn into_value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl<T: Typed> Typed for Vec<T> {
    fn from_value(value: Value) -> Option<Vec<T>> {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: Typed> Typed for BTreeMap<String, T> {
    fn from_value(value: Value) -> Option<BTreeMap<String, T>> {
        match value {
            Value::Map(entries) => entries.into_iter().map(|(key, value)| Some((key, T::from_value(value)?))).collect(),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, value)| (key, value.into_value())).collect())
    }
}

pub(crate) mod member {
    //! How members are taken from a structure and put into one.

    use super::{Structure, Typed};

    pub(crate) mod required {
        use super::{Structure, Typed};

        pub(crate) type Field<T> = T;

        pub(crate) fn take<T: Typed>(members: &mut Structure, place: u16) -> Option<T> {
            members.take(place).and_then(T::from_value)
        }

        pub(crate) fn put<T: Typed>(members: &mut Structure, place: u16, value: T) {
            members.put(place, value.into_value());
        }
    }

    pub(crate) mod optional {
        use super::{Structure, Typed};

        pub(crate) type Field<T> = Option<T>;

        /// `None` for a value of another shape.
        pub(crate) fn take<T: Typed>(members: &mut Structure, place: u16) -> Option<Option<T>> {
            match members.take(place) {
                None => Some(None),
                Some(value) => T::from_value(value).map(Some),
            }
        }

        pub(crate) fn put<T: Typed>(members: &mut Structure, place: u16, value: Option<T>) {
            if let Some(value) = value {
                members.put(place, value.into_value());
            }
        }
    }
}

/// Defines structures from rows: a member's place in the shape, its name, whether it is required, and its type.
macro_rules! structures {
    ($($structure:ident { $($place:literal $field:ident $need:ident $rust_type:ty;)* })+) => {$(
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct $structure {
            $(pub $field: $crate::typed::member::$need::Field<$rust_type>,)*
        }

        impl $crate::typed::Typed for $structure {
            #[allow(unused_mut, unused_variables)]
            fn from_value(value: $crate::value::Value) -> Option<$structure> {
                let $crate::value::Value::Structure(mut members) = value else { return None };
                Some($structure {
                    $($field: $crate::typed::member::$need::take(&mut members, $place)?,)*
                })
            }

            #[allow(unused_mut)]
            fn into_value(self) -> $crate::value::Value {
                let mut members = $crate::value::Structure::default();
                $($crate::typed::member::$need::put(&mut members, $place, self.$field);)*
                $crate::value::Value::Structure(members)
            }
        }
    )+};
}

/// Defines a type for each operation, from rows: its name, its request and its answer.
macro_rules! operations {
    ($($operation:ident $request:tt $response:tt;)+) => {
        pub mod operations {
            //! A type for each operation, which names its request and its answer.

            #[allow(clippy::wildcard_imports)]
            use super::*;

            $(
                pub struct $operation;

                impl $crate::typed::TypedOperation for $operation {
                    type Request = $request;
                    type Response = $response;
                }
            )+
        }
    };
}

pub(crate) use operations;
pub(crate) use structures;
