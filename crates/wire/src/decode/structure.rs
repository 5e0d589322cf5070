//! Structures: members by name, in any order, unknown ones skipped.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use crate::constraint::Shape;

use super::context::{Context, Step};
use super::describe::Description;
use super::{Decode, Expected, Slot};

/// One member of a structure, as the model has it.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
}

/// A structure of requests; implemented by [`structures`] for every one of them.
pub(crate) trait Structure: Default {
    const NAME: &'static str;
    const MEMBERS: &'static [Member];

    /// Reads the value of the member at a place in the list; says whether there was one, and not null.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        at: usize,
        body: &mut A,
        context: &mut Context,
    ) -> Result<bool, A::Error>;

    /// Checks the value of the member at a place in the list, if it is there.
    fn check_member(&self, at: usize, context: &mut Context);

    fn describe_members(&self, out: &mut Description);
}

/// Checks all members.
pub(crate) fn check<T: Structure>(value: &T, context: &mut Context) {
    for (at, member) in T::MEMBERS.iter().enumerate() {
        let mark = context.mark();
        value.check_member(at, context);
        context.lead_out(mark, || Step::Member(at, member));
    }
}

/// Reads a structure to its end.
pub(crate) fn read<'de, T: Structure, A: MapAccess<'de>>(mut body: A, context: &mut Context) -> Result<T, A::Error> {
    let mut value = T::default();
    let start = context.mark();
    let (mut met, mut present) = (0_u64, 0_u64);
    while let Some(at) = body.next_key_seed(MemberName(T::MEMBERS))? {
        let Some(at) = at else {
            body.next_value::<IgnoredAny>()?;
            continue;
        };
        let bit = 1 << at;
        if met & bit != 0 {
            context.forget(start, at);
        }
        met |= bit;
        let mark = context.mark();
        let is_there = value.read(at, &mut body, context)?;
        present = if is_there { present | bit } else { present & !bit };
        context.lead_out(mark, || Step::Member(at, &T::MEMBERS[at]));
    }
    for (at, member) in T::MEMBERS.iter().enumerate() {
        if member.required && present & (1 << at) == 0 {
            context.missing(Step::Member(at, member));
        }
    }
    Ok(value)
}

/// Members of a choice are boxed.
impl<T: Structure + Decode> Decode for Box<T> {
    const EXPECTED: Expected = Expected::Structure;

    fn from_map<'de, A: MapAccess<'de>>(
        body: A,
        shape: &'static Shape,
        context: &mut Context,
    ) -> Result<Box<T>, A::Error> {
        // Counts as an element does: the request is refused in the end if there is no room for so many.
        context.has_room_for::<T>();
        T::from_map(body, shape, context).map(Box::new)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        T::check(self, shape, context);
    }

    fn describe(&self, out: &mut Description) {
        T::describe(self, out);
    }
}

/// Reads one member's value; `None` for null.
pub(crate) fn member<'de, T: Decode, A: MapAccess<'de>>(
    body: &mut A,
    shape: &'static Shape,
    context: &mut Context,
) -> Result<Option<T>, A::Error> {
    body.next_value_seed(Slot::<T> { shape, context, of: PhantomData })
}

/// Finds a member by its name without keeping the name.
struct MemberName(&'static [Member]);

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|member| member.name == name))
    }
}

/// Makes the structures of the generated list readable. A row is: place, field, whether it must be there, name in the
/// body, shape.
macro_rules! structures {
    ($($name:ident { $($at:literal $field:ident $need:ident $text:literal $shape:expr;)* })+) => {
        $(
            impl $crate::decode::structure::Structure for api::$name {
                const NAME: &'static str = stringify!($name);
                const MEMBERS: &'static [$crate::decode::structure::Member] = &[$(
                    $crate::decode::structure::Member {
                        name: $text,
                        required: $crate::decode::structures!(@required $need),
                    },
                )*];

                #[allow(unused_variables)]
                fn read<'de, A: serde::de::MapAccess<'de>>(
                    &mut self,
                    at: usize,
                    body: &mut A,
                    context: &mut $crate::decode::context::Context,
                ) -> Result<bool, A::Error> {
                    match at {
                        $($at => {
                            let value = $crate::decode::structure::member(body, $shape, context)?;
                            let is_there = value.is_some();
                            $crate::decode::structures!(@keep $need self.$field, value);
                            Ok(is_there)
                        })*
                        _ => Ok(false),
                    }
                }

                #[allow(unused_variables)]
                fn check_member(&self, at: usize, context: &mut $crate::decode::context::Context) {
                    match at {
                        $($at => $crate::decode::structures!(@check $need &self.$field, $shape, context),)*
                        _ => {}
                    }
                }

                #[allow(unused_variables)]
                fn describe_members(&self, out: &mut $crate::decode::describe::Description) {
                    $($crate::decode::structures!(@describe $need out, $text, &self.$field);)*
                }
            }

            impl $crate::decode::Decode for api::$name {
                const EXPECTED: $crate::decode::Expected = $crate::decode::Expected::Structure;

                fn from_map<'de, A: serde::de::MapAccess<'de>>(
                    body: A,
                    _: &'static $crate::constraint::Shape,
                    context: &mut $crate::decode::context::Context,
                ) -> Result<Self, A::Error> {
                    $crate::decode::structure::read(body, context)
                }

                fn check(
                    &self,
                    _: &'static $crate::constraint::Shape,
                    context: &mut $crate::decode::context::Context,
                ) {
                    $crate::decode::structure::check(self, context);
                }

                fn describe(&self, out: &mut $crate::decode::describe::Description) {
                    out.structure(self);
                }
            }
        )+
    };
    (@required required) => { true };
    (@required optional) => { false };
    (@keep required $field:expr, $value:expr) => {
        if let Some(value) = $value {
            $field = value;
        }
    };
    (@keep optional $field:expr, $value:expr) => { $field = $value };
    (@check required $field:expr, $shape:expr, $context:expr) => {
        $crate::decode::Decode::check($field, $shape, $context)
    };
    (@check optional $field:expr, $shape:expr, $context:expr) => {
        if let Some(value) = $field {
            $crate::decode::Decode::check(value, $shape, $context);
        }
    };
    (@describe required $out:expr, $text:literal, $field:expr) => { $out.member($text, Some($field)) };
    (@describe optional $out:expr, $text:literal, $field:expr) => { $out.member($text, $field.as_ref()) };
}
pub(crate) use structures;
