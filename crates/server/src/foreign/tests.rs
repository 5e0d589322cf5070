//! Requests as AWS's SDKs send them to services that are not here, and those that are none of these.

use std::sync::Arc;

use ::aws::AwsService;
use ::identity::{Api, QueryService};
use hyper::Request;

use super::*;

fn services() -> Services {
    let query = |api| Arc::new(QueryService::new(api, None)) as Arc<dyn AwsService>;
    Services::of(vec![query(Api::Iam), query(Api::Sts)])
}

struct Sent {
    method: &'static str,
    target: &'static str,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
}

fn sent(method: &'static str, target: &'static str) -> Sent {
    Sent { method, target, headers: Vec::new(), body: "" }
}

impl Sent {
    fn with(mut self, name: &'static str, value: &str) -> Sent {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn signed_for(self, service: &str) -> Sent {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host");
        self.with("authorization", &scope)
    }

    fn form(self, body: &'static str) -> Sent {
        let sent = self.with("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        Sent { body, ..sent }
    }

    fn head(&self) -> Parts {
        let mut request = Request::builder().method(self.method).uri(self.target);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn answer(&self) -> Option<Answer> {
        answer(&self.head(), self.body.as_bytes(), &services())
    }
}

/// The answer is in this protocol and names the service; its text says what is here.
fn check(sent: &Sent, dialect: Dialect, service: &str) {
    let answer = sent.answer().unwrap_or_else(|| panic!("no answer to {} {:?}", sent.target, sent.headers));
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert_eq!(Dialect::of(&sent.head()), dialect, "{text}");
    assert!(text.contains(service) && text.contains("AWS_ENDPOINT_URL_DYNAMODB"), "{service}: {text}");
    assert!(answer.is_refusal());
}

#[test]
fn services_of_every_protocol() {
    use crate::answer::ContentType::*;
    let target = |target: &str, content_type: &str| {
        sent("POST", "/").with("x-amz-target", target).with("content-type", content_type)
    };
    let json = "application/x-amz-json-1.1";
    for (prefix, service) in [
        ("Kinesis_20131202.PutRecord", "Amazon Kinesis Data Streams"),
        ("AmazonSQS.SendMessage", "Amazon SQS"),
        ("AmazonDAXV3.CreateCluster", "DynamoDB Accelerator"),
        ("AnyScaleFrontendService.RegisterScalableTarget", "Application Auto Scaling"),
        ("TrentService.Encrypt", "AWS KMS"),
        ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", "AWS CloudTrail"),
        ("Unheard_20990101.Of", "'Unheard_20990101'"),
    ] {
        check(&target(prefix, json), Dialect::Json(AmzJson11), service);
    }
    check(&target("AmazonSQS.SendMessage", "application/x-amz-json-1.0"), Dialect::Json(AmzJson10), "Amazon SQS");
    check(&target("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1"), Dialect::Cbor(AmzCbor11), "Kinesis");
    let cloudwatch = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    check(&sent("POST", cloudwatch).with("content-type", "application/cbor"), Dialect::Cbor(Cbor), "Amazon CloudWatch");

    let query = |body| sent("POST", "/").form(body);
    check(&query("Action=SendMessage&Version=2012-11-05"), Dialect::Query, "Amazon SQS");
    check(&query("Action=Publish&Version=2010-03-31").signed_for("sns"), Dialect::Query, "Amazon SNS");
    check(&query("Action=DescribeVpcs&Version=2016-11-15").signed_for("ec2"), Dialect::Ec2Query, "Amazon EC2");
    check(&query("Action=Anything").signed_for("newest"), Dialect::Query, "'newest'");
    check(&sent("GET", "/queue?Action=ReceiveMessage&Version=2012-11-05"), Dialect::Query, "Amazon SQS");

    // Without a signature, or with one of an older kind.
    let old = "AWSAccessKeyId=k&SignatureVersion=2&Signature=x&Action=ListDomains";
    check(
        &sent("GET", "/?Action=ListDomains&SignatureVersion=2&Version=2009-04-15"),
        Dialect::Query,
        "Amazon SimpleDB",
    );
    check(&query("AWSAccessKeyId=k&Action=ListJobs&Version=2010-06-01"), Dialect::Query, "AWS Import/Export");
    check(&query("Action=ListJobs&%56ersion=2010-06-01"), Dialect::Query, "AWS Import/Export");
    assert!(query(old).answer().is_none());
    check(&query("SignatureVersion=2&Action=Any&Version=2001-01-01"), Dialect::Query, "'2001-01-01'");
    for service in ["sso", "sso-oidc", "sdb", "importexport", "unheard-of"] {
        let name = match service {
            "sdb" => "Amazon SimpleDB",
            "importexport" => "AWS Import/Export",
            "unheard-of" => "'unheard-of'",
            _ => "IAM Identity Center",
        };
        check(&sent("GET", "/any/path").signed_for(service), Dialect::RestJson, name);
        let agent = format!("aws-sdk-go/2.0 os/linux api/{service}#1.28.0 md/x");
        for header in ["user-agent", "x-amz-user-agent"] {
            check(
                &sent("GET", "/any/path").with("content-type", "application/json").with(header, &agent),
                Dialect::RestJson,
                name,
            );
        }
    }
    for (host, service) in [
        ("portal.sso.eu-west-3.amazonaws.com", "IAM Identity Center"),
        ("oidc.eu-west-3.amazonaws.com:443", "IAM Identity Center"),
        ("sdb.amazonaws.com", "Amazon SimpleDB"),
        ("bucket.s3.eu-west-3.amazonaws.com", "Amazon S3"),
    ] {
        check(
            &sent("GET", "/x").with("host", host).with("content-type", "application/json"),
            Dialect::RestJson,
            service,
        );
    }
    let json = |path| sent("POST", path).with("content-type", "application/json");
    check(&json("/token"), Dialect::RestJson, "IAM Identity Center");
    check(&json("/client/register"), Dialect::RestJson, "IAM Identity Center");
    let token = sent("GET", "/federation/credentials?account_id=1&role_name=r").with("x-amz-sso_bearer_token", "t");
    let answer = token.answer().expect("an answer");
    assert!(answer.content_type() == Some(Json) && answer.exception() == Some("UnknownOperationException"));

    for (method, path) in [("GET", "/"), ("PUT", "/bucket/key"), ("HEAD", "/bucket"), ("POST", "/bucket?delete")] {
        check(&sent(method, path).signed_for("s3"), Dialect::S3, "Amazon S3");
    }
    let presigned =
        "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fs3%2Faws4_request";
    check(&sent("GET", presigned), Dialect::S3, "Amazon S3");
    check(&sent("GET", "/2013-04-01/hostedzone").signed_for("route53"), Dialect::RestXml, "Amazon Route 53");
    check(&sent("GET", "/clusters").signed_for("eks"), Dialect::RestJson, "Amazon EKS");
    check(&sent("GET", "/2015-03-31/functions/f").signed_for("lambda"), Dialect::RestJson, "AWS Lambda");
    check(&sent("GET", "/2015-03-31/functions/"), Dialect::Text, "AWS Lambda");
}

/// Their own APIs say what is wrong with them, or nothing is.
#[test]
fn requests_for_services_that_are_here() {
    let target = |target: &str| sent("POST", "/").with("x-amz-target", target).signed_for("dynamodb");
    for target in
        [target("DynamoDB_20120810.Nope"), target("DynamoDB_20111205.PutItem"), target("ListTables"), target("")]
    {
        assert!(target.answer().is_none(), "{:?}", target.headers);
    }
    let form = |body, service| sent("POST", "/").form(body).signed_for(service);
    for sent in [
        form("Action=ListUsers&Version=2010-05-08", "iam"),
        form("Action=GetCallerIdentity&Version=2011-06-15", "sts"),
        form("Action=Nothing", "iam"),
        sent("POST", "/").form("Action=AssumeRoleWithWebIdentity&Version=2011-06-15"),
        sent("GET", "/"),
        sent("GET", "/bucket/key"),
        sent("POST", "/").form("Action=ListUsers&Version=2010-05-08&SignatureVersion=2"),
        sent("GET", "/").with("host", "dynamodb.eu-west-3.amazonaws.com"),
        sent("GET", "/").with("user-agent", "aws-sdk-go/2.0 api/dynamodb#1.28.0"),
        sent("GET", "/healthz").with("host", "example.com"),
        sent("GET", "/").with("host", "lb-1.eu-west-3.elb.amazonaws.com"),
        form("Action=ListUsers&Version=2010-05-08", "iam").with("host", "bucket.s3.amazonaws.com"),
        sent("OPTIONS", "/").signed_for("s3"),
    ] {
        assert!(sent.answer().is_none(), "{} {}", sent.target, sent.body);
    }
    let rpc = sent("POST", "/service/DynamoDB_20120810/operation/PutItem").answer().expect("an answer");
    assert!(String::from_utf8_lossy(rpc.body()).contains("AWS JSON 1.0"));
}

#[test]
fn names_that_clients_make_up_are_shortened() {
    let long = format!("<b>{}.Operation", "x".repeat(1_000));
    let answer = sent("POST", "/").with("x-amz-target", &long).answer().expect("an answer");
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(!text.contains('<') && text.len() < 700, "{text}");
}
