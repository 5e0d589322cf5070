//! The one list of operations: dispatch, names and coverage all read it.

use std::fmt;

use crate::Operation;

/// The two services that share one endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    DynamoDb,
    Streams,
}

impl Service {
    /// What precedes the operation's name in `X-Amz-Target`.
    pub const fn target_prefix(self) -> &'static str {
        match self {
            Service::DynamoDb => "DynamoDB_20120810",
            Service::Streams => "DynamoDBStreams_20120810",
        }
    }
}

/// Defines [`Operation`] from the model's list.
macro_rules! operations {
    ($($name:ident $service:ident;)+) => {
        /// One operation of the API.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Operation {
            $($name,)+
        }

        impl Operation {
            /// Every operation: DynamoDB's by name, then those of Streams by name.
            pub const ALL: &[Operation] = &[$(Operation::$name,)+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Operation::$name => stringify!($name),)+
                }
            }

            pub const fn service(self) -> crate::Service {
                match self {
                    $(Operation::$name => crate::Service::$service,)+
                }
            }
        }
    };
}
pub(crate) use operations;

impl Operation {
    /// The operation of that name, of either service: no name is in both.
    pub fn from_name(name: &str) -> Option<Operation> {
        let ordered = |service| Operation::ALL.partition_point(|operation| operation.service() as u8 <= service as u8);
        let (dynamodb, streams) = Operation::ALL.split_at(ordered(Service::DynamoDb));
        [dynamodb, streams].into_iter().find_map(|operations| {
            let at = operations.binary_search_by(|operation| operation.name().cmp(name)).ok()?;
            Some(operations[at])
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_name() {
        assert_eq!(Operation::ALL.len(), 62 + 4);
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.name()), Some(*operation));
        }
        for name in ["", "putItem", "PutItems", "Zzz"] {
            assert_eq!(Operation::from_name(name), None, "{name}");
        }
        assert_eq!(Operation::GetRecords.service(), Service::Streams);
    }
}
