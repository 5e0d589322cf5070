//! Managed policies that AWS has and every account knows: those that are about what this server does.
//!
//! Source: AWS Managed Policy Reference Guide. What theirs say of services that are not here is left out.

use std::sync::LazyLock;

use auth::iam::PolicyKind;

use super::document::PolicyDocument;

pub(crate) struct AwsPolicy {
    pub name: &'static str,
    pub path: &'static str,
    pub description: &'static str,
    pub document: PolicyDocument,
}

/// They do not change, and have one version. 2015-02-06, as AWS's oldest ones.
pub(crate) const VERSION_ID: &str = "v1";
pub(crate) const CREATED_MS: u64 = 1_423_247_940_000;

impl AwsPolicy {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// An id of the right form that is the same on every server.
    pub(crate) fn id(&self) -> String {
        let letters = self.name.bytes().cycle().take(17).enumerate();
        let letters = letters.map(|(at, byte)| {
            let mixed = u32::from(byte) * 31 + (at as u32) * 7 + self.name.len() as u32;
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(mixed & 31) as usize])
        });
        "ANPA".chars().chain(letters).collect()
    }
}

static POLICIES: LazyLock<Vec<AwsPolicy>> = LazyLock::new(|| {
    let policy = |(name, description, statement): &(&'static str, &'static str, &str)| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let document = PolicyDocument::parse(PolicyKind::Identity, &text).ok()?;
        Some(AwsPolicy { name, path: "/", description, document })
    };
    TEXTS.iter().filter_map(policy).collect()
});

pub(crate) fn all() -> &'static [AwsPolicy] {
    &POLICIES
}

pub(crate) fn find(arn: &str) -> Option<&'static AwsPolicy> {
    arn.starts_with("arn:aws:iam::aws:").then(|| POLICIES.iter().find(|policy| policy.arn() == arn)).flatten()
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
        let ids: std::collections::BTreeSet<_> = all().iter().map(AwsPolicy::id).collect();
        assert!(ids.len() == TEXTS.len() && ids.iter().all(|id| id.len() == 21), "{ids:?}");
        assert!(find("arn:aws:iam::aws:policy/ReadOnlyAccess").is_some());
        assert!(find("arn:aws:iam::aws:policy/x/ReadOnlyAccess").is_none());
    }
}
