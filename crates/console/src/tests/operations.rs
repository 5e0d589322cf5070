//! Each operation that the server has is called by a page, or is listed here with the reason why not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aws::{APPLICATION_AUTO_SCALING, CLOUDWATCH, DYNAMODB, DYNAMODB_STREAMS, IAM, LAMBDA, STS, ServiceModel};

use crate::files::FILES;

const SERVICES: [&ServiceModel; 7] =
    [&DYNAMODB, &DYNAMODB_STREAMS, &CLOUDWATCH, &APPLICATION_AUTO_SCALING, &IAM, &STS, &LAMBDA];

const BY_OTHERS: &str = "what it does, a page does with other operations";
const NO_SUCH_THING: &str = "its lists are empty here, or what it asks for is never found";
const PROGRAMS: &str = "it is for programs, which measure or exchange tokens";
const LATER: &str = "no page yet";

/// Not on any page. The list only shrinks.
const NOT_SHOWN: &[(&str, &[&str], &str)] = &[
    ("DynamoDB", &["BatchGetItem", "TransactGetItems", "TransactWriteItems", "UpdateItem"], BY_OTHERS),
    ("DynamoDB", &["CreateGlobalTable", "UpdateGlobalTable", "DescribeGlobalTable", "ListGlobalTables"], BY_OTHERS),
    ("DynamoDB", &["DescribeGlobalTableSettings", "UpdateGlobalTableSettings"], BY_OTHERS),
    ("DynamoDB", &["DescribeTableReplicaAutoScaling", "UpdateTableReplicaAutoScaling", "SearchVectors"], LATER),
    ("CloudWatch", &["PutMetricData"], PROGRAMS),
    (
        "CloudWatch",
        &["GetMetricStatistics", "DescribeAlarmsForMetric", "EnableInsightRules", "DisableInsightRules"],
        BY_OTHERS,
    ),
    ("CloudWatch", &["DeleteInsightRules", "DescribeInsightRules", "PutInsightRule"], BY_OTHERS),
    ("CloudWatch", &["ListTagsForResource", "TagResource", "UntagResource"], LATER),
    ("ApplicationAutoScaling", &["DeleteScalingPolicy", "GetPredictiveScalingForecast"], BY_OTHERS),
    ("ApplicationAutoScaling", &["ListTagsForResource", "TagResource", "UntagResource"], LATER),
    ("Lambda", &["TagResource", "UntagResource"], LATER),
    ("IAM", &["UpdateUser", "UpdateGroup", "UpdateRole", "UpdateRoleDescription"], LATER),
    ("IAM", &["GetAccountAuthorizationDetails", "GetContextKeysForCustomPolicy"], BY_OTHERS),
    ("IAM", &["ListPolicyTags", "TagPolicy", "UntagPolicy", "ListOpenIDConnectProviderTags"], LATER),
    (
        "IAM",
        &["TagOpenIDConnectProvider", "UntagOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"],
        LATER,
    ),
    (
        "IAM",
        &["ListMFADevices", "ListVirtualMFADevices", "ListSigningCertificates", "ListSSHPublicKeys"],
        NO_SUCH_THING,
    ),
    ("IAM", &["ListServiceSpecificCredentials", "ListServerCertificates", "ListSAMLProviders"], NO_SUCH_THING),
    ("IAM", &["ListInstanceProfiles", "ListInstanceProfilesForRole", "GetInstanceProfile"], NO_SUCH_THING),
    ("IAM", &["GetLoginProfile", "DeleteLoginProfile", "GetAccountPasswordPolicy"], NO_SUCH_THING),
    ("STS", &["AssumeRoleWithWebIdentity", "GetFederationToken", "GetAccessKeyInfo"], PROGRAMS),
    ("STS", &["DecodeAuthorizationMessage", "AssumeRoleWithSAML", "AssumeRoot"], NO_SUCH_THING),
];

/// All texts of the pages' scripts that name an operation; in templates, the kinds of principals and what is done to them.
fn called() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, _, bytes) in FILES.iter().filter(|(name, ..)| name.starts_with("js/")) {
        let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} is no text"));
        for quote in ['\'', '`'] {
            found.extend(text.split(quote).filter(|part| part.len() < 80).flat_map(expanded));
        }
    }
    found
}

fn expanded(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    let filled: [(&str, &[&str]); 2] = [
        ("${one}", &["User", "Group", "Role"]),
        ("${operation}", &["Attach", "Detach", "Put", "Delete", "Tag", "Untag"]),
    ];
    for (hole, values) in filled {
        all = all.iter().flat_map(|text| values.iter().map(|value| text.replace(hole, value))).collect();
    }
    all
}

/// Names of operations in COMPATIBILITY.md are of those that are built, but for DynamoDB's, whose transcript lists what is not.
fn is_built(service: &ServiceModel, operation: &str, documents: &Documents) -> bool {
    let has = |text: &str| text.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == operation);
    match service.name {
        "DynamoDB" => !documents.not_built.lines().any(|line| line.split(' ').next() == Some(operation)),
        _ => has(&documents.compatibility),
    }
}

struct Documents {
    compatibility: String,
    not_built: String,
}

fn documents() -> Documents {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_else(|_| panic!("no {name}"));
    Documents { compatibility: read("COMPATIBILITY.md"), not_built: read("tests/transcripts/not_built.txt") }
}

#[test]
fn each_operation_is_on_a_page_or_has_a_reason() {
    let (called, documents) = (called(), documents());
    let mut missing = Vec::new();
    for service in SERVICES {
        for operation in service.operations.iter().map(|operation| operation.name) {
            let listed =
                NOT_SHOWN.iter().any(|(name, operations, _)| *name == service.name && operations.contains(&operation));
            let shown = called.contains(operation);
            if !listed && !shown && is_built(service, operation, &documents) {
                missing.push(format!("{}: {operation}", service.name));
            }
        }
    }
    assert!(missing.is_empty(), "no page calls: {missing:#?}");
}

#[test]
fn the_list_has_operations_that_there_are() {
    for (name, operations, reason) in NOT_SHOWN {
        let service =
            SERVICES.iter().find(|service| service.name == *name).unwrap_or_else(|| panic!("no service {name}"));
        for operation in *operations {
            assert!(service.operation(operation).is_some(), "{name} has no {operation}");
            assert!(!reason.is_empty());
        }
    }
}
