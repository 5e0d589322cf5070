//! How much there can be of everything: the last one that fits, and the first one that does not.

use ops::allowance::{Allowance, MemoryBudget, Peer};

use crate::node::{ACCOUNT, Node, node};

/// A policy of so many characters that are no white space.
fn policy(size: usize) -> String {
    let (head, tail) = (
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":"arn:aws:s3:::"#,
        "\" }}  \n",
    );
    format!("{head}{}{tail}", "x".repeat(size - head.len() - 3))
}

fn trust(size: usize) -> String {
    let (head, tail) = (
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Condition":{"StringEquals":{"aws:username":""#,
        "\"}}}}",
    );
    format!("{head}{}{tail}", "x".repeat(size - head.len() - tail.len()))
}

async fn exceeded(node: &Node, form: &str, sentence: &str) {
    let refusal = node.ask(form).await.refusal.unwrap_or_else(|| panic!("{form}"));
    assert_eq!((refusal.code.name(), &*refusal.text), ("LimitExceeded", sentence), "{form}");
}

#[tokio::test]
async fn sizes_of_policies() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    node.done("Action=CreateGroup&GroupName=bob").await;
    node.done(&format!("Action=CreateRole&RoleName=bob&AssumeRolePolicyDocument={}", trust(2_048))).await;
    let form = format!("Action=UpdateAssumeRolePolicy&RoleName=bob&PolicyDocument={}", trust(2_049));
    exceeded(&node, &form, "Cannot exceed quota for ACLSizePerRole: 2048").await;
    // All inline policies of an entity count together.
    for (kind, max) in [("User", 2_048), ("Group", 5_120), ("Role", 10_240)] {
        let put = |name: &str, size: usize| {
            format!("Action=Put{kind}Policy&{kind}Name=bob&PolicyName={name}&PolicyDocument={}", policy(size))
        };
        node.done(&put("a", max - 200)).await;
        node.done(&put("b", 200)).await;
        let sentence = format!("Maximum policy size of {max} bytes exceeded for {} bob", kind.to_lowercase());
        exceeded(&node, &put("b", 201), &sentence).await;
        node.done(&put("a", 200)).await;
        node.done(&put("b", 201)).await;
    }
    node.done(&format!("Action=CreatePolicy&PolicyName=a&PolicyDocument={}", policy(6_144))).await;
    let form = format!("Action=CreatePolicy&PolicyName=b&PolicyDocument={}", policy(6_145));
    exceeded(&node, &form, "Cannot exceed quota for PolicySize: 6144").await;
}

/// White space is free as far as documents are indented by it, and an account has an end of it.
#[tokio::test]
async fn white_space_of_policies() {
    let node = node().await;
    let spaced = |policy: String, length: usize| format!("{policy}{}", " ".repeat(length - policy.chars().count()));
    node.done("Action=CreateUser&UserName=bob").await;
    node.done(&format!("Action=CreateRole&RoleName=bob&AssumeRolePolicyDocument={}", spaced(trust(200), 16_384))).await;
    let form = format!("Action=UpdateAssumeRolePolicy&RoleName=bob&PolicyDocument={}", spaced(trust(200), 16_385));
    exceeded(&node, &form, "Cannot exceed quota for ACLSizePerRole: 2048").await;
    let put = |name: &str, length: usize| {
        format!("Action=PutUserPolicy&UserName=bob&PolicyName={name}&PolicyDocument={}", spaced(policy(200), length))
    };
    node.done(&put("a", 8_192)).await;
    node.done(&put("b", 8_192)).await;
    exceeded(&node, &put("b", 8_193), "Maximum policy size of 2048 bytes exceeded for user bob").await;
    let create = |at: usize, length: usize| {
        format!("Action=CreatePolicy&PolicyName=p{at}&PolicyDocument={}", spaced(policy(200), length))
    };
    exceeded(&node, &create(0, 49_153), "Cannot exceed quota for PolicySize: 6144").await;
    // Of each 200 characters are none.
    let many = (16 << 20) / 48_952;
    for at in 0..many {
        node.done(&create(at, 49_152)).await;
    }
    let sentence = "Cannot exceed quota for PolicyWhiteSpacePerAccount: 16777216";
    exceeded(&node, &create(many + 1, 49_152), sentence).await;
    node.done(&create(many + 1, 210)).await;
    node.done(&format!("Action=DeletePolicy&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/p0")).await;
    node.done(&create(many + 2, 49_152)).await;
    // A large page needs memory of the budget that all requests have.
    let peer = Peer::of(std::net::IpAddr::from([127, 0, 0, 1]));
    let memory = MemoryBudget::new(16 << 20, std::time::Duration::ZERO);
    let held = memory.share(peer, 15 << 20).await.expect("it is free");
    let details = "Action=GetAccountAuthorizationDetails&Filter.member.1=LocalManagedPolicy";
    let asked = async || Allowance::new(&memory, peer).scope(node.ask(details)).await.refusal;
    assert_eq!(asked().await.map(|refusal| refusal.code.name()), Some("Throttling"));
    drop(held);
    assert_eq!((asked().await, memory.bytes_used()), (None, 0));
    // Pages of documents are bounded in bytes, and lead to all of them.
    let (mut policies, mut marker) = (0, String::new());
    loop {
        let page = node.done(&format!("Action=GetAccountAuthorizationDetails&MaxItems=1000{marker}")).await;
        assert!(page.len() < 2 << 20, "{}", page.len());
        policies += page.matches("<PolicyVersionList>").count();
        let Some((_, rest)) = page.split_once("<Marker>") else { break };
        marker = format!("&Marker={}", rest.split_once('<').expect("an end").0);
    }
    assert_eq!(policies, many + 1);
}

#[tokio::test]
async fn counts() {
    let node = node().await;
    node.done("Action=CreateUser&UserName=bob").await;
    for at in 0..11 {
        node.done(&format!("Action=CreateGroup&GroupName=g{at}")).await;
        node.done(&format!("Action=CreatePolicy&PolicyName=p{at}&PolicyDocument={}", policy(200))).await;
    }
    for at in 0..10 {
        node.done(&format!("Action=AddUserToGroup&UserName=bob&GroupName=g{at}")).await;
        node.done(&format!("Action=AttachUserPolicy&UserName=bob&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/p{at}")).await;
    }
    let form = "Action=AddUserToGroup&UserName=bob&GroupName=g10";
    exceeded(&node, form, "Cannot exceed quota for GroupsPerUser: 10").await;
    let form = format!("Action=AttachUserPolicy&UserName=bob&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/p10");
    exceeded(&node, &form, "Cannot exceed quota for PoliciesPerUser: 10").await;

    let form =
        format!("Action=CreatePolicyVersion&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/p0&PolicyDocument={}", policy(200));
    for _ in 0..4 {
        node.done(&form).await;
    }
    let sentence = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
    exceeded(&node, &form, sentence).await;
    node.done(&format!("Action=DeletePolicyVersion&PolicyArn=arn:aws:iam::{ACCOUNT}:policy/p0&VersionId=v3")).await;
    // A number is never given twice.
    assert!(node.done(&form).await.contains("<VersionId>v6</VersionId>"));

    let tags: String =
        (0..50).map(|at| format!("&Tags.member.{}.Key=k{at}&Tags.member.{}.Value=v", at + 1, at + 1)).collect();
    node.done(&format!("Action=TagUser&UserName=bob{tags}")).await;
    let sentence = "The number of tags has reached the maximum limit.";
    exceeded(&node, "Action=TagUser&UserName=bob&Tags.member.1.Key=x&Tags.member.1.Value=v", sentence).await;
    node.done("Action=TagUser&UserName=bob&Tags.member.1.Key=K0&Tags.member.1.Value=v").await;
}
