//! The operation of a request, and the mapping that its path names.

use aws::OperationId;

/// Defines [`Operation`] from names.
macro_rules! operations {
    ($($operation:ident)+) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Operation {
            $($operation,)+
        }

        impl Operation {
            #[cfg(test)]
            const fn name(self) -> &'static str {
                match self {
                    $(Operation::$operation => stringify!($operation),)+
                }
            }

            /// As policies name it.
            pub(super) const fn action(self) -> &'static str {
                match self {
                    $(Operation::$operation => concat!("lambda:", stringify!($operation)),)+
                }
            }

            fn of(name: &str) -> Option<Operation> {
                match name {
                    $(stringify!($operation) => Some(Operation::$operation),)+
                    _ => None,
                }
            }
        }
    };
}

operations! {
    CreateEventSourceMapping
    ListEventSourceMappings
    GetEventSourceMapping
    UpdateEventSourceMapping
    DeleteEventSourceMapping
    ListTags
    TagResource
    UntagResource
}

/// An operation, and the mapping that its path names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Route {
    pub(super) operation: Operation,
    /// The same in the model.
    pub(super) id: OperationId,
    /// The name of the path's label.
    pub(super) label: &'static str,
    /// A UUID, or an ARN where tags are concerned; empty for all mappings.
    pub(super) mapping: String,
}

impl Route {
    /// `None` for an operation that is not here, and for a path that names no mapping: a UUID has no colon.
    pub(super) fn of(id: OperationId, mut labels: Vec<(&'static str, String)>) -> Option<Route> {
        let operation = Operation::of(id.name())?;
        let (label, mapping) = labels.pop().unwrap_or_default();
        let is_name = label != "UUID" || !mapping.contains(':');
        is_name.then_some(Route { operation, id, label, mapping })
    }

    #[cfg(test)]
    pub(super) fn at(method: &str, path: &str) -> Route {
        match aws::by_path([&aws::LAMBDA], method, path) {
            Some(aws::PathMatch::Operation { operation, labels }) => Route::of(operation, labels).expect("a route"),
            other => panic!("{method} {path}: {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_model_is_here() {
        for operation in aws::LAMBDA.operations() {
            assert_eq!(Operation::of(operation.name()).map(Operation::name), Some(operation.name()));
        }
    }

    #[test]
    fn an_arn_is_no_uuid() {
        let get = aws::LAMBDA.operation("GetEventSourceMapping").unwrap();
        assert_eq!(Route::of(get, vec![("UUID", "a:b".to_owned())]), None);
        assert!(Route::of(get, vec![("UUID", "a-b".to_owned())]).is_some());
    }
}
