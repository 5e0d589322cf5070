//! Kinesis destinations of a definition, in the API's words.

use api::ApproximateCreationDateTimePrecision;

use crate::{DestinationStatus, Precision};

impl From<ApproximateCreationDateTimePrecision> for Precision {
    fn from(asked: ApproximateCreationDateTimePrecision) -> Precision {
        match asked {
            ApproximateCreationDateTimePrecision::Millisecond => Precision::Millisecond,
            ApproximateCreationDateTimePrecision::Microsecond => Precision::Microsecond,
        }
    }
}

impl From<Precision> for ApproximateCreationDateTimePrecision {
    fn from(own: Precision) -> ApproximateCreationDateTimePrecision {
        match own {
            Precision::Millisecond => ApproximateCreationDateTimePrecision::Millisecond,
            Precision::Microsecond => ApproximateCreationDateTimePrecision::Microsecond,
        }
    }
}

impl From<DestinationStatus> for api::DestinationStatus {
    fn from(own: DestinationStatus) -> api::DestinationStatus {
        match own {
            DestinationStatus::Enabling => api::DestinationStatus::Enabling,
            DestinationStatus::Active => api::DestinationStatus::Active,
            DestinationStatus::Disabling => api::DestinationStatus::Disabling,
            DestinationStatus::Disabled => api::DestinationStatus::Disabled,
            DestinationStatus::EnableFailed => api::DestinationStatus::EnableFailed,
        }
    }
}
