//! Where AWS's front ends do not say what their published models say: DynamoDB's, IAM's and Lambda's.
//!
//! Everything here is about the words of refusals, and was observed on AWS. How refusals of single members differ by
//! operation is in `api::validation`.

use crate::model::Model;
use crate::service_model::{ServiceModel, Shape};

/// Makes the model say what the front end does, where the two differ about members or bounds.
pub(super) fn correct(model: &mut Model) {
    // The tagging of resources looks at tags by itself, behind the front end, and words what it refuses.
    for (name, shape) in &mut model.shapes {
        match name.as_str() {
            "Tag" => shape.required.clear(),
            "TagKeyString" | "TagValueString" => (shape.min, shape.max) = (None, None),
            "KMSMasterKeyId" => shape.min = Some(1),
            _ => {}
        }
    }
}

/// The words of an enumeration in the order in which refusals list them. Others keep the model's order.
pub(super) fn enum_order(shape: &str) -> Option<&'static [&'static str]> {
    ENUM_ORDERS.iter().find(|(name, _)| *name == shape).map(|(_, order)| *order)
}

const ENUM_ORDERS: &[(&str, &[&str])] = &[
    (
        "ComparisonOperator",
        &[
            "IN",
            "NULL",
            "BETWEEN",
            "LT",
            "NOT_CONTAINS",
            "EQ",
            "GT",
            "NOT_NULL",
            "NE",
            "LE",
            "BEGINS_WITH",
            "GE",
            "CONTAINS",
        ],
    ),
    ("ConditionalOperator", &["OR", "AND"]),
    ("InputCompressionType", &["ZSTD", "NONE", "GZIP"]),
    ("ProjectionType", &["ALL", "INCLUDE", "KEYS_ONLY"]),
    ("ReturnValue", &["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"]),
    ("ScalarAttributeType", &["B", "N", "S"]),
    ("Select", &["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"]),
    ("StreamViewType", &["OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"]),
];

/// A member's place before others, where DynamoDB does not list the members of a structure in the model's order.
pub(super) fn member_order(structure: &str, member: &str) -> usize {
    let first: &[&str] = match structure {
        "AttributeDefinition" => &["AttributeType"],
        "ProvisionedThroughput" => &["WriteCapacityUnits"],
        "WriteRequest" => &["PutRequest"],
        _ => &[],
    };
    first.iter().position(|name| *name == member).unwrap_or(first.len())
}

/// A shape that differs for some of the members that have it.
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) shape: &'static str,
    /// What is added to the definition of the shape.
    pub(super) differs: &'static str,
    /// Whether a structure's member has it.
    of: fn(structure: &str, member: &str) -> bool,
}

impl Variant {
    pub(super) fn is_of(&self, structure: &str, member: &str, shape: &str) -> bool {
        shape == self.shape && (self.of)(structure, member)
    }
}

pub(super) const VARIANTS: [Variant; 2] = [
    // Keys of global indexes share the shape and may have more attributes.
    Variant {
        name: "CREATE_TABLE_INPUT_KEY_SCHEMA",
        shape: "KeySchema",
        differs: ".at_most(2)",
        of: |structure, _| structure == "CreateTableInput",
    },
    // Operations on items report one broken rule of a table's name, and look one up that is too short.
    Variant {
        name: "TABLE_ARN_OF_TABLE",
        shape: NAME_OR_ARN,
        differs: ".of_table()",
        of: |structure, member| member == "TableName" && !ITEM_REQUESTS.contains(&structure),
    },
];

/// Shapes with a length that is reported before their pattern.
pub(super) const LENGTH_FIRST: [&str; 1] = ["IndexName"];

/// The shape of a table's name or ARN: a name is held to the rules of names.
pub(super) const NAME_OR_ARN: &str = "TableArn";

const ITEM_REQUESTS: &[&str] = &[
    "ConditionCheck",
    "Delete",
    "DeleteItemInput",
    "Get",
    "GetItemInput",
    "Put",
    "PutItemInput",
    "QueryInput",
    "ScanInput",
    "SearchVectorsInput",
    "Update",
    "UpdateItemInput",
];

/// Services that refuse the single invalid item of a list.
pub(super) fn refuses_items(service_id: &str) -> bool {
    service_id == "IAM"
}

/// Makes a model say what its front end does, where the two differ about the constraints of requests.
pub(super) fn correct_service(service: &mut ServiceModel) {
    let correct = match &*service.metadata.service_id {
        "IAM" => correct_iam,
        "Lambda" => correct_lambda,
        _ => return,
    };
    if service.metadata.service_id == "Lambda" {
        service.shapes.insert("SerializationException".to_owned(), lambda_serialization());
    }
    let of_answers = service.of_answers();
    for (name, shape) in &mut service.shapes {
        if service.metadata.service_id == "IAM" && of_answers.contains(name) {
            shape.order = iam_order(name, shape);
        }
        correct(name, shape);
    }
}

/// The order of members in IAM's answers: those that are required are in the order of their list; a page's list is before its end.
/// Source: IAM API Reference, the response elements and the contents of each data type.
fn iam_order(name: &str, shape: &Shape) -> Vec<String> {
    const END: [&str; 2] = ["IsTruncated", "Marker"];
    let first = match IAM_ORDERS.iter().find(|(structure, _)| *structure == name) {
        Some((_, order)) => order.iter().map(|member| (*member).to_owned()).collect(),
        None => shape.required.clone(),
    };
    let rest = shape.members.keys().filter(|member| !first.contains(member) && !END.contains(&member.as_str()));
    first.iter().chain(rest).cloned().collect()
}

const IAM_ORDERS: &[(&str, &[&str])] = &[
    ("AccessKeyLastUsed", &["LastUsedDate", "ServiceName", "Region"]),
    ("AccessKeyMetadata", &["UserName", "AccessKeyId", "Status", "CreateDate"]),
    ("AttachedPermissionsBoundary", &["PermissionsBoundaryType", "PermissionsBoundaryArn"]),
    ("AttachedPolicy", &["PolicyName", "PolicyArn"]),
    ("EvaluationResult", &["EvalActionName", "EvalResourceName", "EvalDecision"]),
    ("GetAccessKeyLastUsedResponse", &["UserName", "AccessKeyLastUsed"]),
    ("GetAccountAuthorizationDetailsResponse", &["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"]),
    ("GetOpenIDConnectProviderResponse", &["Url", "ClientIDList", "ThumbprintList", "CreateDate", "Tags"]),
    (
        "GroupDetail",
        &["Path", "GroupName", "GroupId", "Arn", "CreateDate", "GroupPolicyList", "AttachedManagedPolicies"],
    ),
    ("ListEntitiesForPolicyResponse", &["PolicyGroups", "PolicyUsers", "PolicyRoles"]),
    ("ManagedPolicyDetail", POLICY_ORDER),
    ("Policy", POLICY_ORDER),
    ("PolicyDetail", &["PolicyName", "PolicyDocument"]),
    ("PolicyGroup", &["GroupName", "GroupId"]),
    ("PolicyRole", &["RoleName", "RoleId"]),
    ("PolicyUser", &["UserName", "UserId"]),
    ("PolicyVersion", &["Document", "VersionId", "IsDefaultVersion", "CreateDate"]),
    ("Role", ROLE_ORDER),
    ("RoleDetail", ROLE_ORDER),
    ("Statement", &["SourcePolicyId", "SourcePolicyType", "StartPosition", "EndPosition"]),
    (
        "UserDetail",
        &["Path", "UserName", "UserId", "Arn", "CreateDate", "UserPolicyList", "GroupList", "AttachedManagedPolicies"],
    ),
];

const POLICY_ORDER: &[&str] = &[
    "PolicyName",
    "PolicyId",
    "Arn",
    "Path",
    "DefaultVersionId",
    "AttachmentCount",
    "PermissionsBoundaryUsageCount",
    "IsAttachable",
    "Description",
    "CreateDate",
    "UpdateDate",
];

/// Of a role and of its details, which have other members each.
const ROLE_ORDER: &[&str] = &[
    "Path",
    "RoleName",
    "RoleId",
    "Arn",
    "CreateDate",
    "AssumeRolePolicyDocument",
    "Description",
    "MaxSessionDuration",
    "InstanceProfileList",
    "RolePolicyList",
    "AttachedManagedPolicies",
    "PermissionsBoundary",
    "Tags",
    "RoleLastUsed",
];

fn correct_iam(name: &str, shape: &mut Shape) {
    match name {
        // The account's root user has neither a name nor a path.
        "AccessKey" | "User" => shape.required.retain(|member| !matches!(&**member, "Path" | "UserName")),
        // Keys of answers may be expired, and none is set so.
        "statusType" => shape.values.retain(|word| word != "Expired"),
        // IAM counts tags by its quota, behind the front end.
        "tagListType" => shape.max = None,
        // What a name has that no name can have is refused behind the front end, in other words.
        _ if matches!(&*shape.pattern, "[\\w+=,.@-]+" | "[\\w]+") => shape.pattern.clear(),
        _ => {}
    }
}

/// An error of Lambda's front end, which its model does not have.
fn lambda_serialization() -> Shape {
    let text = r#"{"type": "structure", "exception": true, "members": {"Message": {"shape": "String"}}}"#;
    serde_json::from_str(text).expect("a shape")
}

fn correct_lambda(name: &str, shape: &mut Shape) {
    const BOUNDED: [&str; 8] = [
        "Arn",
        "BatchSize",
        "FunctionResponseTypeList",
        "MaxListItems",
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttemptsEventSourceMapping",
        "ParallelizationFactor",
    ];
    match name {
        "EventSourcePosition" => shape.values = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"].map(str::to_owned).into(),
        _ if BOUNDED.contains(&name) => {}
        // Functions and destinations may be URLs here. Tags, filters and the members of other event sources are refused behind the
        // front end, in other words.
        _ => {
            (shape.min, shape.max) = (None, None);
            shape.pattern.clear();
        }
    }
}
