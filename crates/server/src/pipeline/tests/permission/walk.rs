//! Every operation, past everything that may stop it. The list of operations is the API's: one that is built and has no
//! row here fails the test.

use api::Operation;
use serde_json::{Value, json};

use super::test_pipeline::{ACCOUNT, Signing, T, TestPipeline, allow, by, deny, kinesis_arn};

/// What an operation is sent, what it asks, and what it answers once it may.
pub(super) struct Row {
    pub body: Value,
    /// Actions and their resources, in the order in which they are asked.
    pub asks: Vec<(&'static str, String)>,
    /// The exception of one that cannot go on for another reason.
    pub then: &'static str,
}

fn row(asks: &[(&'static str, &str)], body: Value) -> Row {
    let asks = asks.iter().map(|(action, resource)| (*action, (*resource).to_owned())).collect();
    Row { body, asks, then: "" }
}

/// One action on table TTT.
fn on_t(action: &'static str, body: Value) -> Row {
    let mut body = body;
    body["TableName"] = "TTT".into();
    row(&[(action, T)], body)
}

/// One action on a backup of table TTT that does not exist.
fn of_backup(action: &'static str) -> Row {
    let arn = format!("{T}/backup/01700000000000-0123abcd");
    Row { then: "BackupNotFoundException", ..row(&[(action, &arn)], json!({"BackupArn": arn})) }
}

/// One action on a bulk operation of table TTT that does not exist.
fn of_bulk_operation(action: &'static str) -> Row {
    let arn = format!("{T}/bulk-operation/01700000000000-0123abcd");
    Row { then: "ResourceNotFoundException", ..row(&[(action, &arn)], json!({"BulkOperationArn": arn})) }
}

/// One action on a global table of the version that is over, and on table TTT.
fn of_global_table(action: &'static str, asks_table: bool, body: Value, then: &'static str) -> Row {
    let mut body = body;
    body["GlobalTableName"] = "TTT".into();
    let arn = format!("arn:aws:dynamodb::{ACCOUNT}:global-table/TTT");
    let asks = [(action, arn.as_str()), (action, T)];
    Row { then, ..row(&asks[..if asks_table { 2 } else { 1 }], body) }
}

fn key() -> Value {
    json!({"pk": {"S": "a"}, "sk": {"S": "1"}})
}

pub(super) fn row_of(pipeline: &TestPipeline, operation: Operation) -> Option<Row> {
    let schema = json!({"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"});
    let stream = pipeline.stream.as_str();
    let own_tables = "arn:aws:dynamodb:us-east-1:111111111111:table/*";
    let policy =
        super::test_pipeline::document(&[json!({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": T,
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"}})]);
    Some(match operation {
        Operation::BatchExecuteStatement => row(
            &[("PartiQLSelect", T)],
            json!({"Statements": [{"Statement": "SELECT * FROM TTT WHERE pk='a' AND sk='1'"}]}),
        ),
        Operation::BatchGetItem => row(&[("BatchGetItem", T)], json!({"RequestItems": {"TTT": {"Keys": [key()]}}})),
        Operation::BatchWriteItem => {
            row(&[("BatchWriteItem", T)], json!({"RequestItems": {"TTT": [{"DeleteRequest": {"Key": key()}}]}}))
        }
        Operation::CreateBackup => on_t("CreateBackup", json!({"BackupName": "nightly"})),
        Operation::DeleteBackup => of_backup("DeleteBackup"),
        Operation::DescribeBackup => of_backup("DescribeBackup"),
        Operation::ListBackups => row(&[("ListBackups", "*")], json!({"TableName": "TTT"})),
        Operation::RestoreTableFromBackup => {
            let mut row = of_backup("RestoreTableFromBackup");
            row.body["TargetTableName"] = "New".into();
            let new = "arn:aws:dynamodb:us-east-1:111111111111:table/New".to_owned();
            for action in ["BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"] {
                row.asks.push((action, new.clone()));
            }
            row
        }
        Operation::ImportTable => {
            let mut table = schema;
            table["TableName"] = "New".into();
            let body = json!({"ClientToken": "t", "InputFormat": "ION", "S3BucketSource": {"S3Bucket": "bucket"},
                "TableCreationParameters": table});
            let mut row = row(&[("ImportTable", "arn:aws:dynamodb:us-east-1:111111111111:table/New")], body);
            row.asks.push(("s3:ListBucket", "arn:aws:s3:::bucket".to_owned()));
            row.asks.push(("s3:GetObject", "arn:aws:s3:::bucket/*".to_owned()));
            row
        }
        Operation::DescribeImport => {
            let arn = format!("{T}/import/01700000000000-0123abcd");
            Row { then: "ImportNotFoundException", ..row(&[("DescribeImport", &arn)], json!({"ImportArn": arn})) }
        }
        Operation::ListImports => row(&[("ListImports", "*")], json!({"TableArn": T})),
        Operation::StartBulkPutItems => {
            let output = json!({"S3Bucket": "out", "OutputType": ["ERROR"], "S3KeyPrefix": "reports/"});
            let input = json!({"S3Bucket": "bucket", "InputFormat": "ION", "S3KeyPrefix": "in/"});
            let mut row =
                on_t("StartBulkPutItems", json!({"InputS3Configuration": input, "OutputS3Configuration": output}));
            row.asks.push(("PutItem", T.to_owned()));
            row.asks.push(("s3:ListBucket", "arn:aws:s3:::bucket".to_owned()));
            row.asks.push(("s3:GetObject", "arn:aws:s3:::bucket/in/*".to_owned()));
            for action in ["s3:PutObject", "s3:AbortMultipartUpload"] {
                row.asks.push((action, "arn:aws:s3:::out/reports/AWSDynamoDB/*".to_owned()));
            }
            row
        }
        Operation::CancelBulkOperation => of_bulk_operation("CancelBulkOperation"),
        Operation::DescribeBulkOperation => of_bulk_operation("DescribeBulkOperation"),
        Operation::ListBulkOperations => row(&[("ListBulkOperations", "*")], json!({})),
        Operation::RestoreTableToPointInTime => {
            let mut row = row(&[("RestoreTableToPointInTime", T)], json!({"SourceTableName": "TTT"}));
            row.then = "PointInTimeRecoveryUnavailableException";
            row.body["TargetTableName"] = "New".into();
            row.body["UseLatestRestorableTime"] = true.into();
            let new = "arn:aws:dynamodb:us-east-1:111111111111:table/New".to_owned();
            for action in ["BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"] {
                row.asks.push((action, new.clone()));
            }
            row
        }
        Operation::ExportTableToPointInTime => {
            let body = json!({"TableArn": T, "S3Bucket": "bucket", "S3Prefix": "to", "S3SseAlgorithm": "KMS",
                "S3SseKmsKeyId": "1234abcd"});
            let mut row = row(&[("ExportTableToPointInTime", T)], body);
            for action in ["s3:PutObject", "s3:AbortMultipartUpload"] {
                row.asks.push((action, "arn:aws:s3:::bucket/to/AWSDynamoDB/*".to_owned()));
            }
            for action in ["kms:GenerateDataKey", "kms:Decrypt"] {
                row.asks.push((action, "arn:aws:kms:us-east-1:111111111111:key/1234abcd".to_owned()));
            }
            Row { then: "PointInTimeRecoveryUnavailableException", ..row }
        }
        Operation::DescribeExport => {
            let arn = format!("{T}/export/01700000000000-0123abcd");
            Row { then: "ExportNotFoundException", ..row(&[("DescribeExport", &arn)], json!({"ExportArn": arn})) }
        }
        Operation::ListExports => row(&[("ListExports", "*")], json!({"TableArn": T})),
        Operation::CreateTable => {
            let new = "arn:aws:dynamodb:us-east-1:111111111111:table/New";
            let mut body = schema;
            body["TableName"] = "New".into();
            body["Tags"] = json!([{"Key": "k", "Value": "v"}]);
            body["ResourcePolicy"] = policy.into();
            body["SSESpecification"] = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/orders"});
            let key = "arn:aws:kms:us-east-1:111111111111:alias/orders";
            let of_table = [("CreateTable", new), ("TagResource", new), ("PutResourcePolicy", new)];
            row(&[&of_table[..], &[("kms:DescribeKey", key), ("kms:CreateGrant", key)]].concat(), body)
        }
        Operation::DeleteItem => on_t("DeleteItem", json!({"Key": key()})),
        Operation::DeleteResourcePolicy => row(&[("DeleteResourcePolicy", T)], json!({"ResourceArn": T})),
        Operation::DeleteTable => on_t("DeleteTable", json!({})),
        Operation::DescribeContinuousBackups => on_t("DescribeContinuousBackups", json!({})),
        Operation::DescribeEndpoints => row(&[("DescribeEndpoints", "*")], json!({})),
        Operation::DescribeKinesisStreamingDestination => on_t("DescribeKinesisStreamingDestination", json!({})),
        Operation::DescribeLimits => row(&[("DescribeLimits", "*")], json!({})),
        Operation::CreateGlobalTable => {
            let group = json!([{"RegionName": "us-east-1"}]);
            of_global_table("CreateGlobalTable", true, json!({"ReplicationGroup": group}), "ValidationException")
        }
        Operation::DescribeGlobalTable => {
            of_global_table("DescribeGlobalTable", false, json!({}), "GlobalTableNotFoundException")
        }
        Operation::DescribeGlobalTableSettings => {
            of_global_table("DescribeGlobalTableSettings", false, json!({}), "GlobalTableNotFoundException")
        }
        Operation::ListGlobalTables => row(&[("ListGlobalTables", "*")], json!({})),
        Operation::UpdateGlobalTable => {
            let updates = json!([{"Delete": {"RegionName": "us-east-1"}}]);
            let then = "GlobalTableNotFoundException";
            of_global_table("UpdateGlobalTable", true, json!({"ReplicaUpdates": updates}), then)
        }
        Operation::UpdateGlobalTableSettings => {
            of_global_table("UpdateGlobalTableSettings", true, json!({}), "GlobalTableNotFoundException")
        }
        Operation::DescribeTable => on_t("DescribeTable", json!({})),
        Operation::DescribeContributorInsights => on_t("DescribeContributorInsights", json!({})),
        Operation::ListContributorInsights => row(&[("ListContributorInsights", "*")], json!({"TableName": "TTT"})),
        Operation::UpdateContributorInsights => {
            on_t("UpdateContributorInsights", json!({"ContributorInsightsAction": "ENABLE"}))
        }
        Operation::DescribeTableReplicaAutoScaling => {
            Row { then: "ResourceNotFoundException", ..on_t("DescribeTableReplicaAutoScaling", json!({})) }
        }
        Operation::DescribeTimeToLive => on_t("DescribeTimeToLive", json!({})),
        Operation::DisableKinesisStreamingDestination => {
            let row = on_t("DisableKinesisStreamingDestination", json!({"StreamArn": kinesis_arn("one")}));
            Row { then: "ValidationException", ..row }
        }
        Operation::EnableKinesisStreamingDestination => {
            let stream = kinesis_arn("one");
            let mut row = on_t("EnableKinesisStreamingDestination", json!({"StreamArn": stream}));
            row.asks.push(("kinesis:DescribeStream", stream.clone()));
            row.asks.push(("kinesis:PutRecords", stream));
            row
        }
        Operation::ExecuteStatement => {
            row(&[("PartiQLInsert", T)], json!({"Statement": "INSERT INTO TTT VALUE {'pk':'c','sk':'1'}"}))
        }
        Operation::ExecuteTransaction => {
            let delete = json!({"Statement": "DELETE FROM TTT WHERE pk='a' AND sk='1'"});
            row(&[("PartiQLDelete", T)], json!({"TransactStatements": [delete]}))
        }
        Operation::GetItem => on_t("GetItem", json!({"Key": key()})),
        Operation::GetResourcePolicy => {
            Row { then: "PolicyNotFoundException", ..row(&[("GetResourcePolicy", T)], json!({"ResourceArn": T})) }
        }
        Operation::ListTables => row(&[("ListTables", own_tables)], json!({})),
        Operation::ListTagsOfResource => row(&[("ListTagsOfResource", T)], json!({"ResourceArn": T})),
        Operation::PutItem => on_t("PutItem", json!({"Item": key()})),
        Operation::PutResourcePolicy => row(&[("PutResourcePolicy", T)], json!({"ResourceArn": T, "Policy": policy})),
        Operation::Query => {
            on_t("Query", json!({"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}))
        }
        Operation::Scan => on_t("Scan", json!({})),
        Operation::TagResource => {
            row(&[("TagResource", T)], json!({"ResourceArn": T, "Tags": [{"Key": "k", "Value": "v"}]}))
        }
        Operation::TransactGetItems => {
            row(&[("GetItem", T)], json!({"TransactItems": [{"Get": {"TableName": "TTT", "Key": key()}}]}))
        }
        Operation::TransactWriteItems => {
            row(&[("DeleteItem", T)], json!({"TransactItems": [{"Delete": {"TableName": "TTT", "Key": key()}}]}))
        }
        Operation::UntagResource => row(&[("UntagResource", T)], json!({"ResourceArn": T, "TagKeys": ["Team"]})),
        Operation::UpdateContinuousBackups => on_t(
            "UpdateContinuousBackups",
            json!({"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}),
        ),
        Operation::UpdateItem => on_t(
            "UpdateItem",
            json!({"Key": key(), "UpdateExpression": "SET x = :a", "ExpressionAttributeValues": {":a": {"S": "z"}}}),
        ),
        Operation::UpdateKinesisStreamingDestination => {
            let precision = json!({"ApproximateCreationDateTimePrecision": "MICROSECOND"});
            let body = json!({"StreamArn": kinesis_arn("one"), "UpdateKinesisStreamingConfiguration": precision});
            Row { then: "ValidationException", ..on_t("UpdateKinesisStreamingDestination", body) }
        }
        Operation::UpdateTable => {
            let key = "arn:aws:kms:us-east-1:111111111111:key/1234abcd";
            let encryption = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": key});
            let mut row = on_t("UpdateTable", json!({"SSESpecification": encryption}));
            row.asks.extend(["kms:DescribeKey", "kms:CreateGrant"].map(|action| (action, key.to_owned())));
            row
        }
        Operation::UpdateTableReplicaAutoScaling => {
            let disabled = json!({"ProvisionedWriteCapacityAutoScalingUpdate": {"AutoScalingDisabled": true}});
            Row { then: "ResourceNotFoundException", ..on_t("UpdateTableReplicaAutoScaling", disabled) }
        }
        Operation::UpdateTimeToLive => {
            on_t("UpdateTimeToLive", json!({"TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true}}))
        }
        Operation::DescribeStream => row(&[("DescribeStream", stream)], json!({"StreamArn": stream})),
        Operation::GetRecords => row(&[("GetRecords", stream)], json!({"ShardIterator": pipeline.iterator})),
        Operation::GetShardIterator => row(
            &[("GetShardIterator", stream)],
            json!({"StreamArn": stream, "ShardId": pipeline.shard, "ShardIteratorType": "LATEST"}),
        ),
        Operation::ListStreams => row(&[("ListStreams", &format!("{T}/stream/*"))], json!({"TableName": "TTT"})),
        _ => return None,
    })
}

/// The statements that allow all that is asked.
pub(super) fn all_of(row: &Row) -> Vec<Value> {
    row.asks.iter().map(|(action, resource)| allow(&whole(action), resource)).collect()
}

/// An action with its service, which is DynamoDB where none is given.
fn whole(action: &str) -> String {
    if action.contains(':') { action.to_owned() } else { format!("dynamodb:{action}") }
}

/// The message for a user without a permission.
fn refusal(user: &str, (action, resource): &(&str, String), why: &str) -> String {
    let action = whole(action);
    format!(
        "User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: {action} on resource: {resource} {why}"
    )
}

/// The exception and its sentence, of the request or of a batch's only statement.
pub(super) fn exception_of(answer: super::test_pipeline::Answer) -> (String, String) {
    let error = &answer.body["Responses"][0]["Error"];
    match error["Code"].as_str() {
        Some(code) => (format!("{code}Exception"), error["Message"].as_str().unwrap_or_default().to_owned()),
        None => (answer.kind, answer.message),
    }
}

#[test]
fn every_operation_is_stopped_by_everything() {
    for operation in Operation::ALL {
        let pipeline = TestPipeline::new();
        let row = row_of(&pipeline, *operation);
        check_signatures(&pipeline, *operation, row.as_ref());
        match row {
            Some(row) => check_policies(&pipeline, *operation, &row),
            None => check_not_built(&pipeline, *operation),
        }
    }
}

/// Without a valid signature every operation is refused alike, an unsupported one too.
fn check_signatures(pipeline: &TestPipeline, operation: Operation, row: Option<&Row>) {
    pipeline.user(ACCOUNT, "mighty", &[allow("*", "*")]);
    let body = row.map_or(json!({}), |row| row.body.clone()).to_string();
    let with = |key, secret, token| Signing::With { key, secret, token };
    let before = pipeline.rows();
    for (signing, kind) in [
        (Signing::No, "MissingAuthenticationTokenException"),
        (with("nobody", "secret", None), "UnrecognizedClientException"),
        (with("mighty", "another", None), "InvalidSignatureException"),
        (with("mighty", "secret", Some("old")), "ExpiredTokenException"),
    ] {
        let answer = pipeline.call(signing, operation.name(), &body);
        assert_eq!((answer.status, answer.kind.as_str()), (400, kind), "{operation} {signing:?}");
    }
    assert_eq!(pipeline.rows(), before, "{operation}");
}

fn check_policies(pipeline: &TestPipeline, operation: Operation, row: &Row) {
    let body = row.body.to_string();
    let before = pipeline.rows();
    let refused = |user: &str, statements: &[Value], asked: &(&str, String), why: &str| {
        pipeline.user(ACCOUNT, user, statements);
        let answer = pipeline.call(by(user), operation.name(), &body);
        let expected = ("AccessDeniedException".to_owned(), refusal(user, asked, why));
        assert_eq!(exception_of(answer), expected, "{operation} by {user}");
        assert_eq!(pipeline.rows(), before, "{operation} by {user}");
    };
    for (at, asked) in row.asks.iter().enumerate() {
        let action = whole(asked.0);
        let unheard = format!("because no identity-based policy allows the {action} action");
        let others = || all_of(row).into_iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, one)| one);
        let with = |statement: Value| others().chain([statement]).collect::<Vec<Value>>();
        refused("without", &others().collect::<Vec<Value>>(), asked, &unheard);
        let denied = [allow("*", "*"), deny(&action, "*")];
        // An action on two resources is refused for the first one.
        let first = row.asks.iter().find(|first| first.0 == asked.0).unwrap_or(asked);
        refused("denied", &denied, first, "with an explicit deny in an identity-based policy");
        let elsewhere = allow(&action, "arn:aws:dynamodb:us-east-1:111111111111:table/UUU*");
        refused("elsewhere", &with(elsewhere), asked, &unheard);
        let mut under_condition = allow(&action, "*");
        under_condition["Condition"] = json!({"StringEquals": {"aws:username": "another"}});
        refused("conditional", &with(under_condition), asked, &unheard);
    }
    pipeline.user(ACCOUNT, "allowed", &all_of(row));
    let (kind, message) = exception_of(pipeline.call(by("allowed"), operation.name(), &body));
    assert_eq!(kind, row.then, "{operation}: {message}");
}

fn check_not_built(pipeline: &TestPipeline, operation: Operation) {
    let answer = pipeline.call(by("mighty"), operation.name(), "{}");
    let not_built = format!("The operation {operation} is not built yet in this version of Stator.");
    assert_eq!(answer.message, not_built, "{operation} is built and has no row here");
}
