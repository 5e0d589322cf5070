//! Permissions for IAM's own API, which are decided by policies, as those of other services.

use std::sync::Arc;

use crate::node::{ACCOUNT, Node, caller_as, node, text_of};

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
         user bob because no identity-based policy allows the iam:GetUser action"
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
        {"Effect":"Allow","Action":["iam:CreateUser","iam:TagUser"],"Resource":"*",
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

async fn as_bob(node: &Node, statements: &str, forms: &[(&str, u16)]) {
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    node.done(&format!("Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument={policy}")).await;
    for (form, status) in forms {
        let reply = node.ask_as(&caller_as(node.user("bob")), &format!("Action={form}")).await;
        assert_eq!(reply.status, *status, "{form}: {}", reply.body);
    }
}

/// Permission to change `eve` is no permission to make another user of it, or one on another path.
#[tokio::test]
async fn a_rename_needs_permission_on_both_names() {
    for (operation, kind, word) in [("UpdateUser", "user", "User"), ("UpdateGroup", "group", "Group")] {
        let node = node().await;
        node.done("Action=CreateUser&UserName=bob").await;
        node.done(&format!("Action=Create{word}&{word}Name=eve&Path=/staff/")).await;
        let statement =
            |resources: &str| format!(r#"{{"Effect":"Allow","Action":"iam:{operation}","Resource":[{resources}]}}"#);
        let arn = |name: &str| format!("\"arn:aws:iam::*:{kind}{name}\"");
        let form = |more: &str| format!("{operation}&{word}Name=eve{more}").replace("New&", &format!("New{word}Name="));
        let rename = form("&New&admin");
        let (to_root, both) = (form("&NewPath=/"), form("&New&admin&NewPath=/admins/"));
        let (nothing, same) = (form(""), form("&New&eve&NewPath=/staff/"));
        let own = statement(&arn("/staff/eve"));
        as_bob(&node, &own, &[(&rename, 403), (&to_root, 403), (&both, 403), (&nothing, 200), (&same, 200)]).await;
        // Of the target alone.
        as_bob(&node, &statement(&arn("/staff/admin")), &[(&rename, 403)]).await;
        // A denial of the target counts.
        let denied = format!(
            r#"{},{{"Effect":"Deny","Action":"iam:{operation}","Resource":{}}}"#,
            statement("\"*\""),
            arn("/*admin*")
        );
        as_bob(&node, &denied, &[(&rename, 403), (&both, 403), (&form("&New&bea"), 200)]).await;
        let both_names = statement(&format!("{},{}", arn("/staff/bea"), arn("/admins/admin")));
        let back = both.replace("Name=eve", "Name=bea");
        as_bob(&node, &both_names, &[(&back, 200)]).await;
        let moved = node.done(&format!("Action=Get{word}&{word}Name=admin")).await;
        assert!(moved.contains(&format!(":{kind}/admins/admin")), "{moved}");
    }
}

/// Something new gets its tags by an action of their own.
#[tokio::test]
async fn tags_of_something_new_need_the_permission_to_tag() {
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}}}"#;
    for (operation, tag, parameters) in [
        ("CreateUser", "TagUser", "UserName=x".to_owned()),
        ("CreateRole", "TagRole", format!("RoleName=x&AssumeRolePolicyDocument={trust}")),
        ("CreatePolicy", "TagPolicy", format!("PolicyName=x&PolicyDocument={ALL_OF_IAM}")),
        ("CreateOpenIDConnectProvider", "TagOpenIDConnectProvider", "Url=https://issuer.example".to_owned()),
    ] {
        let node = node().await;
        node.done("Action=CreateUser&UserName=bob").await;
        let allow = |actions: &str| format!(r#"{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}"#);
        let tagged = format!("{operation}&{parameters}&Tags.member.1.Key=team&Tags.member.1.Value=a");
        let create = format!("\"iam:{operation}\"");
        as_bob(&node, &allow(&create), &[(&tagged, 403)]).await;
        let denied = format!(
            r#"{},{{"Effect":"Deny","Action":"iam:{tag}","Resource":"*","Condition":{{"StringEquals":{{"aws:RequestTag/team":"a"}}}}}}"#,
            allow("\"iam:*\"")
        );
        as_bob(&node, &denied, &[(&tagged, 403)]).await;
        as_bob(&node, &allow(&format!("{create},\"iam:{tag}\"")), &[(&tagged, 200)]).await;
        let plain = format!("{operation}&{}", parameters.replace("=x", "=y").replace("issuer", "other"));
        as_bob(&node, &allow(&create), &[(&plain, 200)]).await;
    }
}

/// Without a permission the answer is the same whether something is there, and wherever its path leads.
#[tokio::test]
async fn refusals_do_not_show_what_is_there() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    node.done("Action=CreateUser&UserName=there&Path=/secret/").await;
    node.done("Action=CreateGroup&GroupName=there&Path=/secret/").await;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}}}"#;
    node.done(&format!("Action=CreateRole&RoleName=there&Path=/secret/&AssumeRolePolicyDocument={trust}")).await;
    node.done(&format!("Action=CreatePolicy&PolicyName=there&PolicyDocument={ALL_OF_IAM}")).await;
    let key = node.done("Action=CreateAccessKey&UserName=there").await;
    let key = text_of(&key, "AccessKeyId");
    let refusal = async |form: &str| {
        let reply = node.ask_as(&caller_as(node.user("bob")), &format!("Action={form}")).await;
        reply.refusal.unwrap_or_else(|| panic!("{form}")).to_string()
    };
    for (form, shown) in [
        ("GetUser&UserName=there", "user there"),
        ("DeleteUser&UserName=there", "user there"),
        ("CreateAccessKey&UserName=there", "user there"),
        ("UpdateUser&UserName=there&NewUserName=x", "user there"),
        ("GetGroup&GroupName=there", "group there"),
        ("GetRole&RoleName=there", "role there"),
        ("PutRolePolicy&RoleName=there&PolicyName=p&PolicyDocument=x", "role there"),
        ("GetPolicy&PolicyArn=arn:aws:iam::123456789012:policy/there", "policy arn:aws:iam::123456789012:policy/there"),
    ] {
        let there = refusal(form).await;
        assert!(there.contains(&format!(" on resource: {shown} because")), "{there}");
        assert_eq!(there.replace("there", "gone"), refusal(&form.replace("there", "gone")).await);
    }
    let form = format!("GetAccessKeyLastUsed&AccessKeyId={key}");
    let other = auth::issue_access_key("AKIA", ACCOUNT, 1).unwrap();
    assert_eq!(refusal(&form).await.replace(key, &other), refusal(&form.replace(key, &other)).await);
}
