//! Who may use IAM's API: what policies say of it, as of any other service.

use std::sync::Arc;

use crate::node::{ACCOUNT, caller_as, node};

const ALL_OF_IAM: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#;

#[tokio::test]
async fn users_may_what_their_policies_and_their_groups_say() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob&Path=/team/&Tags.member.1.Key=Team&Tags.member.1.Value=a").await;
    let own = "Action=GetUser";
    let denied = node.ask_as(&caller_as(node.user("bob")), own).await;
    assert_eq!(denied.status, 403);
    let text = denied.refusal.unwrap().text;
    assert_eq!(
        text,
        "User: arn:aws:iam::123456789012:user/team/bob is not authorized to perform: iam:GetUser on resource: \
         arn:aws:iam::123456789012:user/team/bob because no identity-based policy allows the iam:GetUser action"
    );

    // Inline.
    let inline = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/team/${aws:username}"}}"#;
    node.done(&format!("Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument={inline}")).await;
    assert_eq!(node.ask_as(&caller_as(node.user("bob")), own).await.status, 200);
    node.done("Action=CreateUser&UserName=eve").await;
    assert_eq!(node.ask_as(&caller_as(node.user("bob")), "Action=GetUser&UserName=eve").await.status, 403);

    // Of a group, renamed meanwhile.
    node.done("Action=CreateGroup&GroupName=admins").await;
    node.done(&format!("Action=PutGroupPolicy&GroupName=admins&PolicyName=p&PolicyDocument={ALL_OF_IAM}")).await;
    node.done("Action=AddUserToGroup&GroupName=admins&UserName=bob").await;
    node.done("Action=UpdateGroup&GroupName=admins&NewGroupName=rulers&NewPath=/r/").await;
    assert_eq!(node.ask_as(&caller_as(node.user("bob")), "Action=GetUser&UserName=eve").await.status, 200);

    // Within a boundary.
    let boundary = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess";
    node.done(&format!("Action=PutUserPermissionsBoundary&UserName=bob&PermissionsBoundary={boundary}")).await;
    assert_eq!(node.ask_as(&caller_as(node.user("bob")), own).await.status, 403);
    node.done("Action=DeleteUserPermissionsBoundary&UserName=bob").await;
    assert_eq!(node.ask_as(&caller_as(node.user("bob")), own).await.status, 200);
}

#[tokio::test]
async fn managed_policies_count_in_their_default_version() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    node.done(&format!("Action=CreatePolicy&PolicyName=P&PolicyDocument={ALL_OF_IAM}")).await;
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/P");
    node.done(&format!("Action=AttachUserPolicy&UserName=bob&PolicyArn={arn}")).await;
    let status = async |form: &str| node.ask_as(&caller_as(node.user("bob")), form).await.status;
    assert_eq!(status("Action=ListUsers").await, 200);
    let none = ALL_OF_IAM.replace("Allow", "Deny");
    node.done(&format!("Action=CreatePolicyVersion&PolicyArn={arn}&PolicyDocument={none}")).await;
    assert_eq!(status("Action=ListUsers").await, 200);
    node.done(&format!("Action=SetDefaultPolicyVersion&PolicyArn={arn}&VersionId=v2")).await;
    assert_eq!(status("Action=ListUsers").await, 403);
}

#[tokio::test]
async fn conditions_see_what_is_asked_for() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*",
         "Condition":{"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/*ReadOnlyAccess"}}},
        {"Effect":"Allow","Action":"iam:CreateUser","Resource":"*",
         "Condition":{"StringEquals":{"aws:RequestTag/team":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}}},
        {"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*",
         "Condition":{"StringEquals":{"iam:ResourceTag/Team":"a"}}},
        {"Effect":"Allow","Action":"iam:CreateRole","Resource":"*",
         "Condition":{"StringLike":{"iam:PermissionsBoundary":"*/ReadOnlyAccess"}}}]}"#;
    node.done(&format!("Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument={policy}")).await;
    let bob = caller_as(node.user("bob"));
    let trust =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}"#;
    let aws = "arn:aws:iam::aws:policy";
    for (form, status) in [
        (format!("Action=AttachUserPolicy&UserName=bob&PolicyArn={aws}/ReadOnlyAccess"), 200),
        (format!("Action=AttachUserPolicy&UserName=bob&PolicyArn={aws}/AdministratorAccess"), 403),
        ("Action=CreateUser&UserName=x".to_owned(), 403),
        ("Action=CreateUser&UserName=x&Tags.member.1.Key=Team&Tags.member.1.Value=b".to_owned(), 403),
        ("Action=CreateUser&UserName=x&Tags.member.1.Key=Team&Tags.member.1.Value=a".to_owned(), 200),
        ("Action=DeleteUser&UserName=x".to_owned(), 200),
        ("Action=DeleteUser&UserName=bob".to_owned(), 403),
        (format!("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={trust}"), 403),
        (
            format!(
                "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={trust}&PermissionsBoundary={aws}/ReadOnlyAccess"
            ),
            200,
        ),
    ] {
        let reply = node.ask_as(&bob, &form).await;
        assert_eq!(reply.status, status, "{form}: {}", reply.body);
    }
}

#[tokio::test]
async fn the_account_itself_may_everything_and_is_the_user_that_is_not_named() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    let root = caller_as(Arc::new(node.0.snapshot().account(ACCOUNT).unwrap().root_principal()));
    let shown = node.ask_as(&root, "Action=GetUser").await;
    assert!(shown.body.contains("<Arn>arn:aws:iam::123456789012:root</Arn>"), "{}", shown.body);
    for expected in [200, 200, 409] {
        assert_eq!(node.ask_as(&root, "Action=CreateAccessKey").await.status, expected);
    }
    let keys = node.ask_as(&root, "Action=ListAccessKeys").await.body;
    assert!(keys.matches("<AccessKeyId>").count() == 2 && !keys.contains("<UserName>"), "{keys}");
}

/// No operation is without a check: with no policy none is answered, and each with its own action alone.
#[tokio::test]
async fn every_operation_asks_for_its_action() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    for name in identity::iam::OPERATION_NAMES {
        let form = format!("Action={name}");
        let denied = node.ask_as(&caller_as(node.user("bob")), &form).await.refusal.unwrap();
        assert_eq!(denied.code.name(), "AccessDenied", "{name}");
        assert!(denied.text.contains(&format!("not authorized to perform: iam:{name} on resource: ")), "{denied}");

        let policy = ALL_OF_IAM.replace("iam:*", &format!("iam:{name}"));
        node.done(&format!("Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument={policy}")).await;
        let allowed = node.ask_as(&caller_as(node.user("bob")), &form).await;
        assert!(allowed.status != 403, "{name}: {}", allowed.body);
        node.done("Action=DeleteUserPolicy&UserName=bob&PolicyName=p").await;
    }
}

#[tokio::test]
async fn entities_of_other_accounts_are_not_there() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    node.done(&format!("Action=CreatePolicy&PolicyName=P&PolicyDocument={ALL_OF_IAM}")).await;
    let other = auth::Caller { account: "210987654321".to_owned(), ..crate::node::caller() };
    for form in [
        "Action=GetUser&UserName=bob".to_owned(),
        "Action=CreateAccessKey&UserName=bob".to_owned(),
        format!("Action=GetPolicy&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/P"),
        format!("Action=DeletePolicy&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/P"),
    ] {
        assert_eq!(node.ask_as(&other, &form).await.status, 404, "{form}");
    }
    assert!(!node.ask_as(&other, "Action=ListUsers").await.body.contains("bob"));
    assert_eq!(node.ask_as(&other, "Action=CreateUser&UserName=bob").await.status, 200);
}

#[tokio::test]
async fn lists_are_of_all_below_a_path() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    let below = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:List*","Resource":"arn:aws:iam::*:user/team/*"}}"#;
    node.done(&format!("Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument={below}")).await;
    for (form, denied) in [
        ("Action=ListUsers&PathPrefix=/team/", None),
        ("Action=ListUsers", Some("iam:ListUsers on resource: arn:aws:iam::123456789012:user/ because")),
        ("Action=ListRoles", Some("iam:ListRoles on resource: arn:aws:iam::123456789012:role/ because")),
        (
            "Action=ListGroups&PathPrefix=/t/",
            Some("iam:ListGroups on resource: arn:aws:iam::123456789012:group/t/ because"),
        ),
        ("Action=ListPolicies", Some("iam:ListPolicies on resource: * because")),
    ] {
        let said = node.ask_as(&caller_as(node.user("bob")), form).await.refusal;
        assert_eq!(said.is_some(), denied.is_some(), "{form}");
        assert!(said.is_none_or(|said| said.text.contains(denied.unwrap_or_default())), "{form}");
    }
}
