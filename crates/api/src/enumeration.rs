//! Enumerations: a Rust enum for each set of words that the API takes.

/// Defines the enums of the model. The first value is the `Default`, which only ever fills the place of a member in a
/// request that is refused.
macro_rules! enumerations {
    ($($name:ident { $first:ident = $first_text:literal; $($variant:ident = $text:literal;)* })+) => {
        $(
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
            pub enum $name {
                #[default]
                $first,
                $($variant,)*
            }

            impl $name {
                pub const ALL: &[$name] = &[$name::$first, $($name::$variant,)*];

                /// The word on the wire.
                pub const fn as_str(self) -> &'static str {
                    match self {
                        $name::$first => $first_text,
                        $($name::$variant => $text,)*
                    }
                }
            }

            impl std::str::FromStr for $name {
                type Err = $crate::UnknownValue;

                fn from_str(text: &str) -> Result<$name, $crate::UnknownValue> {
                    match text {
                        $first_text => Ok($name::$first),
                        $($text => Ok($name::$variant),)*
                        _ => Err($crate::UnknownValue),
                    }
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(self.as_str())
                }
            }
        )+
    };
}
pub(crate) use enumerations;

/// A word that is not in the set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownValue;
