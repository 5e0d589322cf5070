//! A series: a metric with its dimensions, in an account and a region.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name and value.
pub type Dimension = (String, String);

/// What a series is stored under.
pub(crate) type SeriesId = [u8; 16];

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Series {
    pub account: String,
    pub region: String,
    pub namespace: String,
    pub metric: String,
    /// In the order of their names.
    pub dimensions: Vec<Dimension>,
    /// The unit of its values; no part of what distinguishes series.
    pub unit: String,
}

impl Series {
    /// A metric of DynamoDB.
    pub fn of_dynamodb(account: &str, region: &str, metric: &str, dimensions: &[(&str, &str)]) -> Series {
        Series::of_service(account, region, crate::DYNAMODB, metric, dimensions, unit(metric))
    }

    /// A metric of another service.
    pub fn of_service(
        account: &str,
        region: &str,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        unit: &str,
    ) -> Series {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Series::new(account, region, namespace, metric, dimensions.iter().map(own).collect(), unit)
    }

    pub(crate) fn new(
        account: &str,
        region: &str,
        namespace: &str,
        metric: &str,
        mut dimensions: Vec<Dimension>,
        unit: &str,
    ) -> Series {
        dimensions.sort();
        Series {
            account: account.to_owned(),
            region: region.to_owned(),
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            dimensions,
            unit: unit.to_owned(),
        }
    }

    /// What its texts take in memory. Unit: bytes.
    pub(crate) fn names_bytes(&self) -> usize {
        let own = [&self.account, &self.region, &self.namespace, &self.metric, &self.unit].map(String::len);
        let dimensions = self.dimensions.iter().map(|(name, value)| size_of::<Dimension>() + name.len() + value.len());
        size_of::<Series>() + own.iter().sum::<usize>() + dimensions.sum::<usize>()
    }

    /// A hash of all but the unit.
    pub(crate) fn id(&self) -> SeriesId {
        let own = [&self.account, &self.region, &self.namespace, &self.metric].map(String::as_str);
        let dimensions = self.dimensions.iter().flat_map(|(name, value)| [name.as_str(), value]);
        beginning(own.into_iter().chain(dimensions))
    }
}

/// A hash of an account and a region.
pub fn scope(account: &str, region: &str) -> [u8; 8] {
    beginning([account, region].into_iter())
}

/// The beginning of the hash of texts.
pub fn beginning<'a, const SIZE: usize>(texts: impl Iterator<Item = &'a str>) -> [u8; SIZE] {
    let mut hash = Sha256::new();
    for text in texts {
        // Behind its size: no two lists of texts are one.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let mut begin = [0; SIZE];
    begin.copy_from_slice(&hash.finalize()[..SIZE]);
    begin
}

/// Source: Developer Guide, "DynamoDB metrics and dimensions".
pub(crate) fn unit(metric: &str) -> &'static str {
    match metric {
        "SuccessfulRequestLatency" | "ReplicationLatency" | "AgeOfOldestUnreplicatedRecord" => "Milliseconds",
        "ReturnedBytes" => "Bytes",
        metric if metric.ends_with("Utilization") => "Percent",
        _ => "Count",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_all_but_the_unit_and_the_order_of_dimensions() {
        let series = |metric: &str, dimensions: &[(&str, &str)]| {
            Series::of_dynamodb("111111111111", "us-east-1", metric, dimensions)
        };
        let both = series("UserErrors", &[("A", "1"), ("B", "2")]);
        assert_eq!(both, series("UserErrors", &[("B", "2"), ("A", "1")]));
        assert_eq!(both.id(), Series { unit: "None".to_owned(), ..both.clone() }.id());
        let others = [
            series("UserErrors", &[("A", "1")]),
            series("UserErrors", &[("A", "1B"), ("", "2")]),
            series("SystemErrors", &[("A", "1"), ("B", "2")]),
            Series { account: "222222222222".to_owned(), ..both.clone() },
            Series { region: "eu-west-1".to_owned(), ..both.clone() },
            Series { namespace: "Own".to_owned(), ..both.clone() },
        ];
        assert!(others.iter().all(|other| other.id() != both.id()));
    }
}
