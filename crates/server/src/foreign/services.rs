//! Services of AWS that programs use beside DynamoDB, and by what their requests are known.

/// What AWS's service models say of a service: `signingName`, `targetPrefix`, and, of the Query protocol, `apiVersion`.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    scope: &'static str,
    /// Without its version.
    target: &'static str,
    version: &'static str,
}

const fn service(name: &'static str, scope: &'static str, target: &'static str, version: &'static str) -> Service {
    Service { name, scope, target, version }
}

/// Empty for what a service does not have. Of several with one scope, the first one is named by it.
static SERVICES: [Service; 51] = [
    service("Amazon S3", "s3", "", ""),
    service("Amazon S3 Express", "s3express", "", ""),
    service("Amazon SQS", "sqs", "AmazonSQS", "2012-11-05"),
    service("Amazon SNS", "sns", "", "2010-03-31"),
    service("Amazon Kinesis Data Streams", "kinesis", "Kinesis", ""),
    service("Amazon Data Firehose", "firehose", "Firehose", ""),
    service("Amazon CloudWatch", "monitoring", "GraniteServiceVersion20100801", "2010-08-01"),
    service("Amazon CloudWatch Logs", "logs", "Logs", ""),
    service("Amazon EventBridge", "events", "AWSEvents", ""),
    service("EventBridge Pipes", "pipes", "", ""),
    service("EventBridge Scheduler", "scheduler", "", ""),
    service("DynamoDB Accelerator (DAX)", "dax", "AmazonDAXV3", ""),
    service("Application Auto Scaling", "application-autoscaling", "AnyScaleFrontendService", ""),
    service("Amazon EC2 Auto Scaling", "autoscaling", "", "2011-01-01"),
    service("AWS KMS", "kms", "TrentService", ""),
    service("AWS Secrets Manager", "secretsmanager", "secretsmanager", ""),
    service("AWS Systems Manager", "ssm", "AmazonSSM", ""),
    service("AWS Step Functions", "states", "AWSStepFunctions", ""),
    service("Amazon EC2", "ec2", "", "2016-11-15"),
    service("Amazon ECS", "ecs", "AmazonEC2ContainerServiceV20141113", ""),
    service("Amazon ECR", "ecr", "AmazonEC2ContainerRegistry", ""),
    service("Amazon EKS", "eks", "", ""),
    service("Amazon RDS", "rds", "", "2014-10-31"),
    service("RDS Data API", "rds-data", "", ""),
    service("AWS CloudFormation", "cloudformation", "", "2010-05-15"),
    service("Amazon CloudFront", "cloudfront", "", ""),
    service("Amazon Route 53", "route53", "", ""),
    service("Elastic Load Balancing", "elasticloadbalancing", "", "2015-12-01"),
    service("Elastic Load Balancing", "elasticloadbalancing", "", "2012-06-01"),
    service("Amazon ElastiCache", "elasticache", "", "2015-02-02"),
    service("Amazon Redshift", "redshift", "", "2012-12-01"),
    service("Amazon SES", "ses", "SimpleEmailService", "2010-12-01"),
    service("AWS Elastic Beanstalk", "elasticbeanstalk", "", "2010-12-01"),
    service("Amazon API Gateway", "apigateway", "", ""),
    service("Amazon Cognito", "cognito-idp", "AWSCognitoIdentityProviderService", ""),
    service("Amazon Cognito", "cognito-identity", "AWSCognitoIdentityService", ""),
    service("AWS Glue", "glue", "AWSGlue", ""),
    service("Amazon Athena", "athena", "AmazonAthena", ""),
    service("Amazon OpenSearch Service", "es", "", ""),
    service("AWS X-Ray", "xray", "", ""),
    service("AWS Resource Groups Tagging", "tagging", "ResourceGroupsTaggingAPI", ""),
    service("AWS Backup", "backup", "", ""),
    service("AWS CloudTrail", "cloudtrail", "CloudTrail", ""),
    service("IAM Identity Center", "sso", "", ""),
    service("IAM Identity Center", "awsssoportal", "", ""),
    service("IAM Identity Center", "sso-oidc", "", ""),
    service("IAM Identity Center", "oidc", "", ""),
    service("AWS Sign-In", "signin", "", ""),
    service("Amazon SimpleDB", "sdb", "", "2009-04-15"),
    service("Amazon SimpleDB", "simpledb", "", "2009-04-15"),
    service("AWS Import/Export", "importexport", "", "2010-06-01"),
];

/// Paths of requests that have no signature, and the scope of their service. Source: the service models, operations with
/// `"authtype": "none"`.
const UNSIGNED: [(&str, &str); 10] = [
    ("/federation/credentials", "sso"),
    ("/assignment/accounts", "sso"),
    ("/assignment/roles", "sso"),
    ("/logout", "sso"),
    ("/token", "sso-oidc"),
    ("/client/register", "sso-oidc"),
    ("/device_authorization", "sso-oidc"),
    ("/authorize", "sso-oidc"),
    ("/v1/token", "signin"),
    ("/v1/authorize", "signin"),
];

impl Service {
    /// Of a request without a signature.
    pub(super) fn by_path(path: &str) -> Option<&'static Service> {
        let (_, scope) = UNSIGNED.iter().find(|(own, _)| *own == path)?;
        Service::by_name(scope)
    }

    /// Whether some of its requests are known by their path.
    pub(super) fn has_paths(&self) -> bool {
        UNSIGNED.iter().any(|(_, scope)| *scope == self.scope)
    }

    /// By the prefix of an operation's name: the target's prefix, mostly with a version (`Kinesis_20131202`).
    pub(super) fn by_target(prefix: &str) -> Option<&'static Service> {
        let prefix = prefix.rsplit('.').next().unwrap_or(prefix);
        let name = prefix.split_once('_').map_or(prefix, |(name, _)| name);
        SERVICES.iter().find(|service| !service.target.is_empty() && service.target == name)
    }

    pub(super) fn by_version(version: &str) -> Option<&'static Service> {
        SERVICES.iter().find(|service| !service.version.is_empty() && service.version == version)
    }

    /// By its scope, which is the name of its endpoints for most of them.
    pub(super) fn by_name(scope: &str) -> Option<&'static Service> {
        SERVICES.iter().find(|service| service.scope == scope)
    }
}
