//! What is scaled: the read or the write units of a table or of a global index, as requests name it.

use serde::{Deserialize, Serialize};

/// The namespace of all targets here.
pub(crate) const NAMESPACE: &str = "dynamodb";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Read,
    Write,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Dimension {
    TableRead,
    TableWrite,
    IndexRead,
    IndexWrite,
}

/// A table, or one of its global indexes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resource<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub table: &'a str,
    pub index: Option<&'a str>,
}

impl Resource<'_> {
    /// As a ResourceId has it.
    pub(crate) fn id(&self) -> String {
        match self.index {
            None => format!("table/{}", self.table),
            Some(index) => format!("table/{}/index/{index}", self.table),
        }
    }
}

impl Dimension {
    pub(crate) fn of(access: Access, is_of_index: bool) -> Dimension {
        match (access, is_of_index) {
            (Access::Read, false) => Dimension::TableRead,
            (Access::Write, false) => Dimension::TableWrite,
            (Access::Read, true) => Dimension::IndexRead,
            (Access::Write, true) => Dimension::IndexWrite,
        }
    }

    const ALL: [Dimension; 4] =
        [Dimension::TableRead, Dimension::TableWrite, Dimension::IndexRead, Dimension::IndexWrite];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Dimension::TableRead => "dynamodb:table:ReadCapacityUnits",
            Dimension::TableWrite => "dynamodb:table:WriteCapacityUnits",
            Dimension::IndexRead => "dynamodb:index:ReadCapacityUnits",
            Dimension::IndexWrite => "dynamodb:index:WriteCapacityUnits",
        }
    }

    /// None of a dimension of another service.
    pub(crate) fn parse(text: &str) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| dimension.name() == text)
    }

    pub(crate) fn access(self) -> Access {
        match self {
            Dimension::TableRead | Dimension::IndexRead => Access::Read,
            Dimension::TableWrite | Dimension::IndexWrite => Access::Write,
        }
    }

    fn is_of_index(self) -> bool {
        matches!(self, Dimension::IndexRead | Dimension::IndexWrite)
    }

    /// The metric that a policy of this dimension tracks.
    pub(crate) fn predefined_metric(self) -> &'static str {
        match self.access() {
            Access::Read => "DynamoDBReadCapacityUtilization",
            Access::Write => "DynamoDBWriteCapacityUtilization",
        }
    }

    pub(crate) fn consumed_metric(self) -> &'static str {
        match self.access() {
            Access::Read => "ConsumedReadCapacityUnits",
            Access::Write => "ConsumedWriteCapacityUnits",
        }
    }

    pub(crate) fn provisioned_metric(self) -> &'static str {
        match self.access() {
            Access::Read => "ProvisionedReadCapacityUnits",
            Access::Write => "ProvisionedWriteCapacityUnits",
        }
    }

    /// As activities name the units.
    pub(crate) fn units(self) -> &'static str {
        match self.access() {
            Access::Read => "read capacity units",
            Access::Write => "write capacity units",
        }
    }
}

/// A table and an index of it, by a ResourceId: `table/NAME` or `table/NAME/index/INDEX`.
pub(crate) fn parse(resource_id: &str) -> Option<(&str, Option<&str>)> {
    let rest = resource_id.strip_prefix("table/")?;
    let (table, index) = match rest.split_once('/') {
        None => (rest, None),
        Some((table, rest)) => (table, Some(rest.strip_prefix("index/")?)),
    };
    // As DynamoDB's own names: what these letters do not make is no table.
    let is_name = |name: &str| {
        (1..=255).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    (is_name(table) && index.is_none_or(is_name)).then_some((table, index))
}

/// The dimension of a resource; none if a resource of that kind does not have it.
pub(crate) fn dimension(resource_id: &str, dimension: &str) -> Option<Dimension> {
    let (_, index) = parse(resource_id)?;
    Dimension::parse(dimension).filter(|dimension| dimension.is_of_index() == index.is_some())
}

/// The dimensions of a resource; none of what is no resource.
pub(crate) fn dimensions(resource_id: &str) -> Vec<Dimension> {
    let Some((_, index)) = parse(resource_id) else { return Vec::new() };
    Dimension::ALL.into_iter().filter(|dimension| dimension.is_of_index() == index.is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_the_dimensions_of_their_kind() {
        assert_eq!(parse("table/a"), Some(("a", None)));
        assert_eq!(parse("table/a/index/b"), Some(("a", Some("b"))));
        for other in ["a", "table/", "table/a/b", "table/a/index/", "table/a/index/b/c", "table/a:b", "service/a"] {
            assert_eq!(parse(other), None, "{other}");
        }
        assert_eq!(dimension("table/a", "dynamodb:table:ReadCapacityUnits"), Some(Dimension::TableRead));
        assert_eq!(dimension("table/a/index/b", "dynamodb:index:WriteCapacityUnits"), Some(Dimension::IndexWrite));
        assert_eq!(dimension("table/a", "dynamodb:index:WriteCapacityUnits"), None);
        assert_eq!(dimension("table/a/index/b", "dynamodb:table:ReadCapacityUnits"), None);
        assert_eq!(dimension("table/a", "ecs:service:DesiredCount"), None);
        assert_eq!(dimensions("table/a"), [Dimension::TableRead, Dimension::TableWrite]);
        assert_eq!(dimensions("table/a/index/b"), [Dimension::IndexRead, Dimension::IndexWrite]);
        assert_eq!(dimensions("a"), []);
    }
}
