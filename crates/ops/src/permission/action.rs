//! The actions that policies speak of, each with the condition keys of DynamoDB's own that it has.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB". Beside it,
//! ConditionCheckItem has its enclosing operation, as the Developer Guide's "Using IAM with DynamoDB transactions" does.
//! `aws:ResourceTag` is there wherever the resource has tags, and `aws:RequestTag` and `aws:TagKeys` wherever the request
//! has.

/// A condition key that an action may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    Attributes,
    EnclosingOperation,
    FullTableScan,
    /// `dynamodb:LeadingKeys`, and `FirstPartitionKeyValues` to `FourthPartitionKeyValues`.
    LeadingKeys,
    ReturnConsumedCapacity,
    ReturnValues,
    Select,
}

/// Defines [`Action`] from rows: an action, and its keys.
macro_rules! actions {
    ($($action:ident [$($key:ident)*];)+) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Action {
            $($action,)+
        }

        impl Action {
            /// As policies name it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Action::$action => concat!("dynamodb:", stringify!($action)),)+
                }
            }

            pub(super) const fn keys(self) -> &'static [Key] {
                match self {
                    $(Action::$action => &[$(Key::$key),*],)+
                }
            }
        }
    };
}

actions! {
    BatchGetItem [Attributes LeadingKeys ReturnConsumedCapacity Select];
    BatchWriteItem [Attributes LeadingKeys ReturnConsumedCapacity];
    ConditionCheckItem [Attributes EnclosingOperation LeadingKeys ReturnConsumedCapacity ReturnValues];
    CreateTable [];
    DeleteItem [Attributes EnclosingOperation LeadingKeys ReturnConsumedCapacity ReturnValues];
    DeleteResourcePolicy [];
    DeleteTable [];
    DescribeContinuousBackups [];
    DescribeEndpoints [];
    DescribeKinesisStreamingDestination [];
    DescribeLimits [];
    DescribeStream [];
    DescribeTable [];
    DescribeTimeToLive [];
    DisableKinesisStreamingDestination [];
    EnableKinesisStreamingDestination [];
    GetItem [Attributes EnclosingOperation LeadingKeys ReturnConsumedCapacity Select];
    GetRecords [];
    GetResourcePolicy [];
    GetShardIterator [];
    ListStreams [];
    ListTables [];
    ListTagsOfResource [];
    PartiQLDelete [Attributes EnclosingOperation LeadingKeys ReturnValues];
    PartiQLInsert [Attributes EnclosingOperation LeadingKeys];
    PartiQLSelect [Attributes EnclosingOperation FullTableScan LeadingKeys Select];
    PartiQLUpdate [Attributes EnclosingOperation LeadingKeys ReturnValues];
    PutItem [Attributes EnclosingOperation LeadingKeys ReturnConsumedCapacity ReturnValues];
    PutResourcePolicy [];
    Query [Attributes LeadingKeys ReturnConsumedCapacity ReturnValues Select];
    Scan [Attributes ReturnConsumedCapacity ReturnValues Select];
    TagResource [];
    UntagResource [];
    UpdateContinuousBackups [];
    UpdateItem [Attributes EnclosingOperation LeadingKeys ReturnConsumedCapacity ReturnValues];
    UpdateKinesisStreamingDestination [];
    UpdateTable [];
    UpdateTimeToLive [];
}
