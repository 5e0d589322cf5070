//! Managed policies that AWS has and every account knows: those that are about what this server does.
//!
//! Source: AWS Managed Policy Reference Guide. What theirs say of services that are not here is left out.

use std::sync::LazyLock;

use auth::iam::PolicyKind;

use super::document::PolicyDocument;
use super::entity::{ManagedPolicy, PolicyVersion, Tags, Versions};

/// In place of an account's id in their ARNs.
pub(crate) const OWNER: &str = "aws";
/// They do not change, and have one version. 2015-02-06, as AWS's oldest ones.
const CREATED_MS: u64 = 1_423_247_940_000;

/// An id of the right form that is the same on every server.
fn id(name: &str) -> String {
    let letters = name.bytes().cycle().take(17).enumerate();
    let letters = letters.map(|(at, byte)| {
        let mixed = u32::from(byte) * 31 + (at as u32) * 7 + name.len() as u32;
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(mixed & 31) as usize])
    });
    "ANPA".chars().chain(letters).collect()
}

static POLICIES: LazyLock<Vec<ManagedPolicy>> = LazyLock::new(|| {
    let policy = |(name, description, statement): &(&str, &str, &str)| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let document = PolicyDocument::parse(PolicyKind::Identity, &text).ok()?;
        Some(ManagedPolicy {
            name: (*name).to_owned(),
            path: "/".to_owned(),
            id: id(name),
            created_ms: CREATED_MS,
            updated_ms: CREATED_MS,
            description: Some((*description).to_owned()),
            versions: Versions::from([(1, PolicyVersion { document, created_ms: CREATED_MS })]),
            default_version: 1,
            next_version: 2,
            tags: Tags::new(),
        })
    };
    TEXTS.iter().filter_map(policy).collect()
});

pub(crate) fn all() -> &'static [ManagedPolicy] {
    &POLICIES
}

pub(crate) fn find(arn: &str) -> Option<&'static ManagedPolicy> {
    arn.starts_with("arn:aws:iam::aws:").then(|| POLICIES.iter().find(|policy| policy.arn(OWNER) == arn)).flatten()
}

/// Name, description, statement.
const TEXTS: [(&str, &str, &str); 7] = [
    (
        "AdministratorAccess",
        "Provides full access to AWS services and resources.",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
    ),
    (
        "AmazonDynamoDBFullAccess",
        "Provides full access to Amazon DynamoDB via the AWS Management Console.",
        r#"{"Effect":"Allow","Action":["dynamodb:*","dax:*","application-autoscaling:DeleteScalingPolicy","application-autoscaling:DeregisterScalableTarget","application-autoscaling:DescribeScalableTargets","application-autoscaling:DescribeScalingActivities","application-autoscaling:DescribeScalingPolicies","application-autoscaling:PutScalingPolicy","application-autoscaling:RegisterScalableTarget","cloudwatch:DeleteAlarms","cloudwatch:DescribeAlarmHistory","cloudwatch:DescribeAlarms","cloudwatch:DescribeAlarmsForMetric","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics","cloudwatch:PutMetricAlarm","cloudwatch:GetMetricData","kms:DescribeKey","kms:ListAliases","kinesis:ListStreams","kinesis:DescribeStream","kinesis:DescribeStreamSummary"],"Resource":"*"}"#,
    ),
    (
        "AmazonDynamoDBFullAccess_v2",
        "Provides full access to Amazon DynamoDB via the AWS Management Console.",
        r#"{"Effect":"Allow","Action":["dynamodb:*","dax:*","application-autoscaling:DeleteScalingPolicy","application-autoscaling:DeregisterScalableTarget","application-autoscaling:DescribeScalableTargets","application-autoscaling:DescribeScalingActivities","application-autoscaling:DescribeScalingPolicies","application-autoscaling:PutScalingPolicy","application-autoscaling:RegisterScalableTarget","cloudwatch:DeleteAlarms","cloudwatch:DescribeAlarmHistory","cloudwatch:DescribeAlarms","cloudwatch:DescribeAlarmsForMetric","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics","cloudwatch:PutMetricAlarm","cloudwatch:GetMetricData","kms:DescribeKey","kms:ListAliases","kinesis:ListStreams","kinesis:DescribeStream","kinesis:DescribeStreamSummary"],"Resource":"*"}"#,
    ),
    (
        "AmazonDynamoDBReadOnlyAccess",
        "Provides read only access to Amazon DynamoDB via the AWS Management Console.",
        r#"{"Effect":"Allow","Action":["application-autoscaling:DescribeScalableTargets","application-autoscaling:DescribeScalingActivities","application-autoscaling:DescribeScalingPolicies","cloudwatch:DescribeAlarmHistory","cloudwatch:DescribeAlarms","cloudwatch:DescribeAlarmsForMetric","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics","cloudwatch:GetMetricData","dax:Describe*","dax:List*","dax:GetItem","dax:BatchGetItem","dax:Query","dax:Scan","dynamodb:BatchGetItem","dynamodb:Describe*","dynamodb:List*","dynamodb:GetAbacStatus","dynamodb:GetItem","dynamodb:GetResourcePolicy","dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:Query","dynamodb:Scan","dynamodb:PartiQLSelect","kms:DescribeKey","kms:ListAliases","kinesis:ListStreams","kinesis:DescribeStream","kinesis:DescribeStreamSummary"],"Resource":"*"}"#,
    ),
    (
        "IAMFullAccess",
        "Provides full access to IAM via the AWS Management Console.",
        r#"{"Effect":"Allow","Action":["iam:*"],"Resource":"*"}"#,
    ),
    (
        "IAMReadOnlyAccess",
        "Provides read only access to IAM via the AWS Management Console.",
        r#"{"Effect":"Allow","Action":["iam:Get*","iam:List*","iam:GenerateServiceLastAccessedDetails","iam:GenerateCredentialReport","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}"#,
    ),
    (
        "ReadOnlyAccess",
        "Provides read-only access to AWS services and resources.",
        r#"{"Effect":"Allow","Action":["dynamodb:BatchGet*","dynamodb:Describe*","dynamodb:Get*","dynamodb:List*","dynamodb:PartiQLSelect","dynamodb:Query","dynamodb:Scan","iam:Generate*","iam:Get*","iam:List*","iam:Simulate*","lambda:Get*","lambda:List*","sts:GetAccessKeyInfo","sts:GetCallerIdentity","sts:GetSessionToken"],"Resource":"*"}"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_can_be_read_and_have_ids_of_their_own() {
        assert_eq!(all().len(), TEXTS.len());
        let ids: std::collections::BTreeSet<_> = all().iter().map(|policy| &policy.id).collect();
        assert!(ids.len() == TEXTS.len() && ids.iter().all(|id| id.len() == 21), "{ids:?}");
        assert!(find("arn:aws:iam::aws:policy/ReadOnlyAccess").is_some());
        assert!(find("arn:aws:iam::aws:policy/x/ReadOnlyAccess").is_none());
    }
}
