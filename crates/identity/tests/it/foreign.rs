//! Parameters that an operation has not: whatever they say, no condition sees them. And those that it has: conditions and
//! the operation see the same of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use auth::Caller;
use auth::iam::{Policy, PolicyKind, Principal, PrincipalKind, Transport, reference};
use identity::sts::RequestOrigin;
use identity::{Api, AuthKey, Authority, Parameters, Reply, Request};
use serde_json::Value;

use crate::node::{ACCOUNT, Node, caller_as, node, nodes, text_of};

const MODELS: [(&str, &str); 2] =
    [("iam", include_str!("../../../../models/iam.json")), ("sts", include_str!("../../../../models/sts.json"))];
const BOUNDARY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const OTHER_BOUNDARY: &str = "arn:aws:iam::aws:policy/IAMFullAccess";

/// A user with one policy of these statements, which is not in the store.
fn caller_with(statements: &str) -> Caller {
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let policy = Policy::parse(PolicyKind::Identity, &document).unwrap_or_else(|error| panic!("{error} {document}"));
    caller_as(Arc::new(Principal {
        kind: PrincipalKind::User,
        account: ACCOUNT.to_owned(),
        arn: format!("arn:aws:iam::{ACCOUNT}:user/tester"),
        role_arn: None,
        role_id: None,
        user_id: "AIDATESTER".to_owned(),
        username: Some("tester".to_owned()),
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: vec![Arc::new(policy)],
        boundary: None,
        session_policies: None,
    }))
}

fn allowed_if(action: &str, condition: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*","Condition":{condition}}}"#)
}

fn if_present(action: &str, key: &str) -> String {
    allowed_if(action, &format!(r#"{{"Null":{{"{key}":"false"}}}}"#))
}

/// The members of each operation's input, by its action.
fn members() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for (prefix, text) in MODELS {
        let model: Value = serde_json::from_str(text).unwrap();
        for (name, operation) in model["operations"].as_object().unwrap() {
            let shape = operation["input"]["shape"].as_str().map(|shape| &model["shapes"][shape]["members"]);
            let own = shape.and_then(Value::as_object).into_iter().flatten().map(|(member, _)| member.clone());
            found.insert(format!("{prefix}:{name}"), own.collect());
        }
    }
    found
}

/// A parameter in each form that a reader could take it in.
fn in_all_forms(member: &str) -> String {
    format!(
        "&{member}={BOUNDARY}&{member}.member.1={BOUNDARY}&{member}.member.2.Key=k&{member}.member.2.Value=v&\
         {member}.entry.1.Key=k&{member}.1=k&{member}.Key=k"
    )
}

/// The keys of services that any action of IAM and STS has, and that no claim is.
fn keys() -> Vec<String> {
    let of_both =
        reference::actions().iter().filter(|action| ["iam:", "sts:"].iter().any(|at| action.name.starts_with(at)));
    let own = of_both.flat_map(|action| {
        let of_types = action.resources.iter().flat_map(|of| of.resource_type.condition_keys);
        action.condition_keys.iter().chain(of_types)
    });
    let own = own.map(|key| key.replace("${TagKey}", "k").replace("${ContextKey}", "k"));
    let own: BTreeSet<String> = own.filter(|key| reference::is_of_service(&key.to_lowercase())).collect();
    own.into_iter().collect()
}

fn is_denied(reply: &Reply) -> bool {
    reply.refusal.as_ref().is_some_and(|refusal| refusal.code.name() == "AccessDenied")
}

/// Every action, and every parameter of any other action of IAM and STS: with none of them a key is there that the action
/// would otherwise not have.
#[tokio::test]
async fn no_parameter_of_another_action_is_seen() {
    let node = node().await;
    for form in ["Action=CreateUser&UserName=bob", "Action=CreateGroup&GroupName=bob"] {
        node.done(form).await;
    }
    let (members, keys) = (members(), keys());
    let all: BTreeSet<&String> = members.values().flatten().collect();
    assert!(all.len() > 100 && keys.len() > 40, "{} {}", all.len(), keys.len());
    for name in identity::iam::OPERATION_NAMES {
        let action = format!("iam:{name}");
        let own = &members[&action];
        let named = ["UserName", "GroupName", "RoleName"].into_iter().filter(|member| own.contains(*member));
        let form: String = named.fold(format!("Action={name}"), |form, member| format!("{form}&{member}=bob"));
        let foreign: Vec<&&String> = all.iter().filter(|member| !own.contains(**member)).collect();
        let at_once: String = foreign.iter().map(|member| in_all_forms(member)).collect();
        // One statement for each key: a denial says that none of them is there.
        let any: Vec<String> = keys.iter().map(|key| if_present(&action, key)).collect();
        let caller = caller_with(&any.join(","));
        let reply = node.ask_as(&caller, &format!("{form}{at_once}")).await;
        assert!(is_denied(&reply), "{name}: {}", reply.body);
        for member in foreign {
            let reply = node.ask_as(&caller, &format!("{form}{}", in_all_forms(member))).await;
            assert!(is_denied(&reply), "{name} reads {member}: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn the_boundary_is_the_attached_one_unless_the_action_sets_it() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    let bounded = |action: &str| {
        caller_with(&allowed_if(action, &format!(r#"{{"StringEquals":{{"iam:PermissionsBoundary":"{BOUNDARY}"}}}}"#)))
    };
    let attach = "Action=AttachUserPolicy&UserName=bob&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess";
    let status = async |form: &str| {
        let action = form.split(['=', '&']).nth(1).unwrap();
        node.ask_as(&bounded(&format!("iam:{action}")), form).await.status
    };
    assert_eq!(status(attach).await, 403);
    assert_eq!(status(&format!("{attach}&PermissionsBoundary={BOUNDARY}")).await, 403);
    let put = "Action=PutUserPermissionsBoundary&UserName=bob";
    node.done(&format!("{put}&PermissionsBoundary={BOUNDARY}")).await;
    assert_eq!(status(attach).await, 200);
    assert_eq!(status(&format!("{attach}&PermissionsBoundary={OTHER_BOUNDARY}")).await, 200);
    // What is to be set decides, and not what is there.
    assert_eq!(status(&format!("{put}&PermissionsBoundary={OTHER_BOUNDARY}")).await, 403);
    assert_eq!(status(put).await, 403);
    assert_eq!(status(&format!("{put}&PermissionsBoundary={BOUNDARY}")).await, 200);
    node.done(&format!("{put}&PermissionsBoundary={OTHER_BOUNDARY}")).await;
    assert_eq!(status("Action=DeleteUserPermissionsBoundary&UserName=bob").await, 403);
    assert_eq!(status(attach).await, 403);
    for (create, expected) in [("Action=CreateUser&UserName=eve", 403), ("Action=CreateUser&UserName=bob", 403)] {
        assert_eq!(status(create).await, expected);
        assert_eq!(status(&format!("{create}&PermissionsBoundary={OTHER_BOUNDARY}")).await, expected);
    }
    assert_eq!(status(&format!("Action=CreateUser&UserName=eve&PermissionsBoundary={BOUNDARY}")).await, 200);
}

/// Tags in every spelling: what is set is what the conditions saw, or nothing.
#[tokio::test]
async fn conditions_and_operations_read_the_same_tags() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    let team = r#"{"StringEquals":{"aws:RequestTag/team":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}"#;
    let caller = caller_with(&allowed_if("iam:TagUser", team));
    let good = "Tags.member.1.Key=team&Tags.member.1.Value=a";
    for more in [
        "Tags.member.01.Key=evil&Tags.member.01.Value=b",
        "Tags.member.%2B1.Key=evil&Tags.member.%2B1.Value=b",
        "Tags.member.2.Key=evil&Tags.member.2.Value=b",
        "Tags.member.2.Key=Team&Tags.member.2.Value=b",
        "Tags.member.9.Key=TEAM&Tags.member.9.Value=b",
        "Tags.member.2.Key=evil",
        "Tags.member.2.Value=b",
        "Tags.member.0.Key=evil&Tags.member.0.Value=b",
        "Tags.entry.1.Key=evil&Tags.entry.1.Value=b",
        "Tags.1.Key=evil&Tags.1.Value=b",
        "Tags.member.1.key=evil&Tags.member.1.value=b",
        "TagKeys.member.1=team",
        "tags.member.1.Key=evil&tags.member.1.Value=b",
    ] {
        for form in [format!("{good}&{more}"), format!("{more}&{good}")] {
            node.ask_as(&caller, &format!("Action=TagUser&UserName=bob&{form}")).await;
            let tags = node.done("Action=ListUserTags&UserName=bob").await;
            let keys: Vec<&str> = tags.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
            assert!(keys.iter().all(|key| *key == "team") && !tags.contains("<Value>b<"), "{form}: {tags}");
            node.done("Action=UntagUser&UserName=bob&TagKeys.member.1=team").await;
        }
    }
    assert_eq!(node.ask_as(&caller, &format!("Action=TagUser&UserName=bob&{good}")).await.status, 200);
    // Keys that are taken away are TagKeys, and no others.
    let idle = caller_with(&allowed_if("iam:UntagUser", r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"idle"}}"#));
    let untag = "Action=UntagUser&UserName=bob&TagKeys.member.1=team&Tags.member.1.Key=idle&Tags.member.1.Value=x";
    assert_eq!(node.ask_as(&idle, untag).await.status, 403);
}

/// Tags that conditions cannot read are read by no operation: none that has them takes bad ones.
#[tokio::test]
async fn every_operation_with_tags_refuses_bad_ones() {
    let node = node().await;
    for form in ["Action=CreateUser&UserName=bob", "Action=CreateGroup&GroupName=bob"] {
        node.done(form).await;
    }
    let trust =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}"#;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}"#;
    node.done(&format!("Action=CreateRole&RoleName=bob&AssumeRolePolicyDocument={trust}")).await;
    let own = format!(
        "UserName=bob&RoleName=bob&PolicyName=new&PolicyDocument={policy}&AssumeRolePolicyDocument={trust}&\
         Url=https://issuer.example/a"
    );
    let members = members();
    let with_tags =
        identity::iam::OPERATION_NAMES.iter().filter(|name| members[&format!("iam:{name}")].contains("Tags"));
    for name in with_tags {
        let own = if name.starts_with("Create") { own.replace("=bob", "=new") } else { own.clone() };
        for bad in [
            "Tags.member.1.Key=k",
            "Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=A&Tags.member.2.Value=c",
        ] {
            let reply = node.ask(&format!("Action={name}&{own}&{bad}")).await;
            assert!(reply.status >= 400, "{name} {bad}: {}", reply.body);
        }
    }
}

/// AWS's refusals of these lists name all of a kind below a path, where the reference has no resource type for them.
const LISTS: [&str; 3] = ["ListGroups", "ListRoles", "ListUsers"];

#[tokio::test]
async fn targets_are_of_the_types_that_the_reference_has() {
    let node = node().await;
    let caller = caller_with(&allowed_if("iam:None", "{}"));
    let account = format!("arn:aws:iam::{ACCOUNT}");
    let own = format!(
        "UserName=bob&GroupName=bob&RoleName=bob&PolicyName=bob&PolicyArn={account}:policy/bob&InstanceProfileName=bob&\
         OpenIDConnectProviderArn={account}:oidc-provider/issuer.example&Url=https://issuer.example/&\
         PolicySourceArn={account}:user/bob&AccessKeyId=AKIAIOSFODNN7EXAMPLE"
    );
    for name in identity::iam::OPERATION_NAMES {
        let refusal = node.ask_as(&caller, &format!("Action={name}&{own}")).await.refusal.unwrap();
        let (_, rest) = refusal.text.split_once(" on resource: ").unwrap();
        let resource = rest.split(' ').next().unwrap();
        let action = reference::find(&format!("iam:{name}")).unwrap_or_else(|| panic!("{name} is in the reference"));
        // Entities are shown by their names: `user bob`, and `access key AKIA…` of a user.
        let shown = rest.replacen("access key ", "user ", 1);
        let is_named = |kind: &str| shown.starts_with(&format!("{} ", kind.replace('-', " ")));
        if action.resources.iter().any(|of| is_named(of.resource_type.name)) {
            continue;
        }
        if LISTS.contains(name) {
            assert!(action.resources.is_empty() && resource.ends_with('/'), "{name} {resource}");
        } else if action.resources.is_empty() {
            assert_eq!(resource, "*", "{name}");
        } else {
            let is_of_type = action.resources.iter().any(|of| of.resource_type.has(resource));
            assert!(resource != "*" && is_of_type, "{name} {resource}");
        }
    }
    let refused = node.ask_as(&caller, "Action=CreateOpenIDConnectProvider&Url=http://127.0.0.1:9/a/").await.refusal;
    assert!(refused.unwrap().text.contains(&format!("{account}:oidc-provider/127.0.0.1:9/a because")));
}

/// An authority over the same identities as a node, in an account with a role that all of it may take on.
async fn with_sts() -> (Node, Arc<Authority>) {
    let key = AuthKey::random();
    let node = nodes(storage::Memory::new(), &key, 1).await.remove(0);
    let authority = Authority::new(node.0.clone(), &key, None, client::Egress::open());
    node.0.found_account(ACCOUNT, false).await.unwrap();
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:*","Principal":{{"AWS":"{ACCOUNT}"}}}}}}"#
    );
    node.done(&format!("Action=CreateRole&RoleName=work&AssumeRolePolicyDocument={trust}")).await;
    (node, authority)
}

async fn ask_sts(authority: &Authority, caller: &Caller, form: &str) -> Reply {
    let parameters = Parameters::parse(form.as_bytes()).unwrap();
    let transport = Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false };
    let origin = RequestOrigin { transport, user_agent: None };
    authority.answer(Api::Sts, Some(caller), &origin, &Request { parameters: &parameters, request_id: "id" }).await
}

#[tokio::test]
async fn sts_sees_no_parameter_of_another_action_either() {
    let (_node, authority) = with_sts().await;
    let members = members();
    let all: BTreeSet<&String> = members.values().flatten().collect();
    for (name, own_parameters, own_keys) in [
        (
            "AssumeRole",
            format!("&RoleArn=arn:aws:iam::{ACCOUNT}:role/work&RoleSessionName=now&DurationSeconds=900"),
            &["sts:RoleSessionName"][..],
        ),
        ("GetFederationToken", "&Name=guest&DurationSeconds=900".to_owned(), &[]),
        ("DecodeAuthorizationMessage", "&EncodedMessage=x".to_owned(), &[]),
    ] {
        let own = &members[&format!("sts:{name}")];
        let foreign = all.iter().filter(|member| !own.contains(**member));
        let form = format!("Action={name}{own_parameters}");
        let at_once: String = foreign.map(|member| in_all_forms(member)).collect();
        for key in keys() {
            let caller = caller_with(&if_present("sts:*", &key));
            for form in [&form, &format!("{form}{at_once}")] {
                let reply = ask_sts(&authority, &caller, form).await;
                let expected = !own_keys.contains(&&*key);
                assert_eq!(is_denied(&reply), expected, "{name} {key}: {}", reply.body);
            }
        }
    }
}

#[tokio::test]
async fn the_keys_of_sts_are_those_of_its_requests() {
    let (_node, authority) = with_sts().await;
    let assume = format!("Action=AssumeRole&RoleArn=arn:aws:iam::{ACCOUNT}:role/work&RoleSessionName=now");
    let federate = "Action=GetFederationToken&Name=guest".to_owned();
    let tag = "&Tags.member.1.Key=Team&Tags.member.1.Value=a";
    for (form, more, condition, expected) in [
        (&assume, "&ExternalId=secret", r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#, true),
        (&assume, "", r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#, false),
        (&assume, "", r#"{"StringEquals":{"sts:RoleSessionName":"now"}}"#, true),
        (&assume, "&SourceIdentity=ada", r#"{"StringEquals":{"sts:SourceIdentity":"ada"}}"#, true),
        (&assume, "&SourceIdentity=eve", r#"{"StringEquals":{"sts:SourceIdentity":"ada"}}"#, false),
        (&assume, tag, r#"{"StringEquals":{"aws:RequestTag/team":"a"}}"#, true),
        (&assume, tag, r#"{"StringEquals":{"aws:RequestTag/team":"b"}}"#, false),
        (
            &assume,
            "&Tags.member.1.Key=Team&Tags.member.1.Value=a&TransitiveTagKeys.member.1=Team",
            r#"{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"Team"}}"#,
            true,
        ),
        (&federate, tag, r#"{"StringEquals":{"aws:RequestTag/team":"a"}}"#, true),
        (&federate, tag, r#"{"StringEquals":{"aws:RequestTag/team":"b"}}"#, false),
        (&federate, tag, r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"Team"}}"#, true),
        (&federate, "", r#"{"Null":{"aws:TagKeys":"false"}}"#, false),
    ] {
        let reply = ask_sts(&authority, &caller_with(&allowed_if("sts:*", condition)), &format!("{form}{more}")).await;
        assert_eq!(!is_denied(&reply), expected, "{form}{more} {condition}: {}", reply.body);
    }
}

#[tokio::test]
async fn simulations_see_the_keys_that_actions_have() {
    let node = node().await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"b"}}}}"#;
    let form = |action: &str, entries: &str| {
        format!("Action=SimulateCustomPolicy&ActionNames.member.1={action}&PolicyInputList.member.1={policy}{entries}")
    };
    let entry = "&ContextEntries.member.1.ContextKeyName=iam:PermissionsBoundary&ContextEntries.member.1.ContextKeyType=\
                 string&ContextEntries.member.1.ContextKeyValues.member.1=b";
    let simulated = node.done(&form("iam:AttachUserPolicy", entry)).await;
    assert_eq!(text_of(&simulated, "EvalDecision"), "allowed");
    let simulated = node.done(&form("iam:DeleteUser", entry)).await;
    assert_eq!(text_of(&simulated, "EvalDecision"), "implicitDeny");
    // It is missing where it would be looked at.
    assert!(node.done(&form("iam:AttachUserPolicy", "")).await.contains("<member>iam:PermissionsBoundary</member>"));
    assert!(!node.done(&form("iam:DeleteUser", "")).await.contains("<member>iam:PermissionsBoundary</member>"));
}

/// A policy whose simulation would take minutes is refused, whatever it says, and others are answered.
#[tokio::test]
async fn simulations_are_bounded() {
    let node = node().await;
    let patterns: Vec<String> = (0..1_500).map(|at| format!("\"*?a{at}?*?b*\"")).collect();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringNotLike":{{"aws:userid":[{}]}}}}}}}}"#,
        patterns.join(",")
    );
    let actions: String = (1..=100).map(|at| format!("&ActionNames.member.{at}=iam:GetUser")).collect();
    let resources: String = (1..=10).map(|at| format!("&ResourceArns.member.{at}=arn:aws:iam::1:user/x")).collect();
    let entry = format!(
        "&ContextEntries.member.1.ContextKeyName=aws:userid&ContextEntries.member.1.ContextKeyValues.member.1={}",
        "a".repeat(2_000)
    );
    let form = format!(
        "Action=SimulateCustomPolicy&MaxItems=1000&PolicyInputList.member.1={policy}{actions}{resources}{entry}"
    );
    assert_eq!(node.refused(&form).await, "LimitExceeded");
    node.done("Action=GetAccountSummary").await;
}

/// An answer has each resource again for each action: what is asked for in a few hundred kilobytes is not answered in
/// hundreds of megabytes.
#[tokio::test]
async fn answers_of_simulations_are_bounded() {
    let node = node().await;
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let policy = |count: usize| format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, vec![all; count].join(","));
    let form = |statements: usize, resource: usize| {
        let actions: String = (1..=1_000).map(|at| format!("&ActionNames.member.{at}=iam:GetUser")).collect();
        let resource = format!("arn:aws:iam::1:user/{}", "x".repeat(resource));
        let policy = policy(statements);
        format!(
            "Action=SimulateCustomPolicy&MaxItems=1000&PolicyInputList.member.1={policy}{actions}&ResourceArns.member.1={resource}"
        )
    };
    assert_eq!(node.refused(&form(2_000, 1)).await, "LimitExceeded");
    assert_eq!(node.refused(&form(1, 100_000)).await, "ValidationError");
    let answer = node.done(&form(1, 100)).await;
    assert_eq!(answer.matches("<EvalDecision>allowed<").count(), 1_000);
}

#[tokio::test]
async fn members_of_simulations_are_as_long_as_the_model_says() {
    let node = node().await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let form =
        format!("Action=SimulateCustomPolicy&ActionNames.member.1=iam:GetUser&PolicyInputList.member.1={policy}&");
    let arn = |length: usize| format!("arn:aws:iam::1:user/{}", "x".repeat(length - 20));
    let entry = |key: usize| {
        format!(
            "ContextEntries.member.1.ContextKeyName={}&ContextEntries.member.1.ContextKeyValues.member.1=x",
            "k".repeat(key)
        )
    };
    for (member, expected) in [
        (format!("ResourceArns.member.1={}", arn(2_048)), ""),
        (format!("ResourceArns.member.1={}", arn(2_049)), "resourceArns"),
        (format!("CallerArn={}", arn(2_049)), "callerArn"),
        (format!("ResourceOwner={}", arn(2_049)), "resourceOwner"),
        (entry(256), ""),
        (entry(257), "contextEntries.1.member.contextKeyName"),
        (entry(4), "contextEntries.1.member.contextKeyName"),
        (format!("PolicyInputList.member.2={}", " ".repeat(131_073)), "policyInputList"),
        (format!("ResourcePolicy={}", " ".repeat(131_073)), "resourcePolicy"),
    ] {
        let reply = node.ask(&format!("{form}{member}")).await;
        let (status, text) = if expected.is_empty() { (200, "") } else { (400, expected) };
        assert_eq!(reply.status, status, "{member:.90}: {:.300}", reply.body);
        let at = format!("at '{text}' failed to satisfy constraint: Member must have length");
        assert!(expected.is_empty() || reply.body.contains(&at), "{member:.90}: {:.3000}", reply.body);
    }
}

/// A caller without permissions: what it names is as long as the model says before any policy looks at it.
#[tokio::test]
async fn lengths_are_checked_before_permission() {
    let node = node().await;
    let caller = caller_with(&allowed_if("sts:*", "{}"));
    for (form, max) in [
        ("Action=GetUser&UserName=", 128),
        ("Action=CreateUser&UserName=", 64),
        ("Action=CreateRole&RoleName=", 64),
        ("Action=DeleteRole&RoleName=", 64),
        ("Action=GetGroup&GroupName=", 128),
        ("Action=CreatePolicy&PolicyName=", 128),
        ("Action=GetPolicy&PolicyArn=", 2_048),
        ("Action=AttachUserPolicy&UserName=bob&PolicyArn=", 2_048),
        ("Action=TagPolicy&PolicyArn=", 2_048),
        ("Action=GetOpenIDConnectProvider&OpenIDConnectProviderArn=", 2_048),
        ("Action=CreateOpenIDConnectProvider&Url=", 255),
        ("Action=SimulatePrincipalPolicy&PolicySourceArn=", 2_048),
        ("Action=GetAccessKeyLastUsed&AccessKeyId=", 128),
        ("Action=GetInstanceProfile&InstanceProfileName=", 128),
        ("Action=ListUsers&PathPrefix=/", 511),
        ("Action=CreateUser&UserName=bob&Path=/", 511),
        ("Action=UpdateUser&UserName=bob&NewPath=/", 511),
        ("Action=UpdateUser&UserName=bob&NewUserName=", 64),
        ("Action=UpdateGroup&GroupName=bob&NewGroupName=", 128),
        ("Action=PutUserPermissionsBoundary&UserName=bob&PermissionsBoundary=", 2_048),
    ] {
        let reply = node.ask_as(&caller, &format!("{form}{}", "a".repeat(max))).await;
        assert_eq!(reply.status, 403, "{form}: {}", reply.body);
        let reply = node.ask_as(&caller, &format!("{form}{}", "a".repeat(max + 1))).await;
        assert_eq!(reply.status, 400, "{form}: {}", reply.body);
        assert!(reply.body.contains("Member must have length less than or equal to"), "{form}: {}", reply.body);
    }
    let keys: String = (1..=51).map(|at| format!("&TagKeys.member.{at}=k{at}")).collect();
    assert_eq!(node.ask_as(&caller, &format!("Action=UntagUser&UserName=bob{keys}")).await.status, 400);
}

/// A key in other letters replaces or removes the stored tag: conditions see the stored key too.
#[tokio::test]
async fn tag_keys_are_also_those_that_are_stored_in_another_case() {
    let node = node().await;
    let trust =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}"#;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}"#;
    let tag = "Tags.member.1.Key=team&Tags.member.1.Value=red&Tags.member.2.Key=%C3%A9tat&Tags.member.2.Value=x";
    for form in [
        "Action=CreateUser&UserName=bob".to_owned(),
        format!("Action=CreateRole&RoleName=bob&AssumeRolePolicyDocument={trust}"),
        format!("Action=CreatePolicy&PolicyName=bob&PolicyDocument={policy}"),
        "Action=CreateOpenIDConnectProvider&Url=https://issuer.example/a&ThumbprintList.member.1=0123456789012345678901234567890123456789".to_owned(),
    ] {
        node.done(&format!("{form}&{tag}")).await;
    }
    let caller = caller_with(
        r#"{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*",
            "Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["team","état"]}}}"#,
    );
    for (kind, of) in [
        ("User", "UserName=bob".to_owned()),
        ("Role", "RoleName=bob".to_owned()),
        ("Policy", format!("PolicyArn=arn:aws:iam::{ACCOUNT}:policy/bob")),
        (
            "OpenIDConnectProvider",
            format!("OpenIDConnectProviderArn=arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example/a"),
        ),
    ] {
        for (key, status) in [("team", 403), ("TEAM", 403), ("Team", 403), ("%C3%89TAT", 403), ("other", 200)] {
            let untag = format!("Action=Untag{kind}&{of}&TagKeys.member.1=x&TagKeys.member.2={key}");
            let reply = node.ask_as(&caller, &untag).await;
            assert_eq!(reply.status, status, "{untag}: {}", reply.body);
            let tag = format!("Action=Tag{kind}&{of}&Tags.member.1.Key={key}&Tags.member.1.Value=x");
            let reply = node.ask_as(&caller, &tag).await;
            assert_eq!(reply.status, status, "{tag}: {}", reply.body);
        }
    }
}
