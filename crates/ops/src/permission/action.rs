//! The actions that policies speak of. `auth::iam::reference` has the condition keys and resource types of each.

/// Defines [`Action`] from its names.
macro_rules! actions {
    ($($action:ident;)+) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Action {
            $($action,)+
        }

        #[cfg(test)]
        const ACTIONS: &[Action] = &[$(Action::$action,)+];

        impl Action {
            /// As policies name it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Action::$action => concat!("dynamodb:", stringify!($action)),)+
                }
            }
        }
    };
}

actions! {
    BatchGetItem;
    BatchWriteItem;
    CancelBulkOperation;
    ConditionCheckItem;
    CreateBackup;
    CreateGlobalTable;
    CreateTable;
    CreateTableReplica;
    DeleteBackup;
    DeleteItem;
    DeleteResourcePolicy;
    DeleteTable;
    DeleteTableReplica;
    DescribeBackup;
    DescribeBulkOperation;
    DescribeContinuousBackups;
    DescribeContributorInsights;
    DescribeEndpoints;
    DescribeExport;
    DescribeGlobalTable;
    DescribeGlobalTableSettings;
    DescribeImport;
    DescribeKinesisStreamingDestination;
    DescribeLimits;
    DescribeStream;
    DescribeTable;
    DescribeTableReplicaAutoScaling;
    DescribeTimeToLive;
    DisableKinesisStreamingDestination;
    EnableKinesisStreamingDestination;
    ExportTableToPointInTime;
    GetItem;
    GetRecords;
    GetResourcePolicy;
    GetShardIterator;
    ImportTable;
    ListBackups;
    ListBulkOperations;
    ListContributorInsights;
    ListExports;
    ListGlobalTables;
    ListImports;
    ListStreams;
    ListTables;
    ListTagsOfResource;
    PartiQLDelete;
    PartiQLInsert;
    PartiQLSelect;
    PartiQLUpdate;
    PutItem;
    PutResourcePolicy;
    Query;
    RestoreTableFromBackup;
    RestoreTableToPointInTime;
    Scan;
    StartBulkPutItems;
    TagResource;
    UntagResource;
    UpdateContinuousBackups;
    UpdateContributorInsights;
    UpdateGlobalTable;
    UpdateGlobalTableSettings;
    UpdateItem;
    UpdateKinesisStreamingDestination;
    UpdateTable;
    UpdateTableReplicaAutoScaling;
    UpdateTimeToLive;
}

/// Actions that the reference does not list yet: those of the operations of bulk puts, which the AWS model has. Their access levels and
/// resources are taken from the operations that they resemble.
#[cfg(test)]
const UNLISTED: &[Action] = &[
    Action::CancelBulkOperation,
    Action::DescribeBulkOperation,
    Action::ListBulkOperations,
    Action::StartBulkPutItems,
];

#[cfg(test)]
mod tests {
    use auth::iam::reference;

    use super::*;

    #[test]
    fn actions_that_are_not_listed_are_not_listed() {
        for action in UNLISTED {
            assert!(reference::find(action.name()).is_none(), "{} is listed now", action.name());
        }
    }

    #[test]
    fn every_action_is_one_of_awss() {
        for action in ACTIONS.iter().filter(|action| !UNLISTED.contains(action)) {
            assert_eq!(reference::find(action.name()).map(|found| found.name), Some(action.name()));
        }
    }
}
