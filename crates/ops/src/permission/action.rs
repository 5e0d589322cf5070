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
    ConditionCheckItem;
    CreateBackup;
    CreateTable;
    DeleteBackup;
    DeleteItem;
    DeleteResourcePolicy;
    DeleteTable;
    DescribeBackup;
    DescribeContinuousBackups;
    DescribeEndpoints;
    DescribeImport;
    DescribeKinesisStreamingDestination;
    DescribeLimits;
    DescribeStream;
    DescribeTable;
    DescribeTimeToLive;
    DisableKinesisStreamingDestination;
    EnableKinesisStreamingDestination;
    GetItem;
    GetRecords;
    GetResourcePolicy;
    GetShardIterator;
    ImportTable;
    ListBackups;
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
    TagResource;
    UntagResource;
    UpdateContinuousBackups;
    UpdateItem;
    UpdateKinesisStreamingDestination;
    UpdateTable;
    UpdateTimeToLive;
}

#[cfg(test)]
mod tests {
    use auth::iam::reference;

    use super::*;

    #[test]
    fn every_action_is_one_of_awss() {
        for action in ACTIONS {
            assert_eq!(reference::find(action.name()).map(|found| found.name), Some(action.name()));
        }
    }
}
