//! Any sequence of operations against a model of plain sets: users, groups, their members, and attached policies.
//! The node is asked through one of two stores on one engine, so that each has to read the changes of the other.

use std::collections::{BTreeMap, BTreeSet};

use identity::AuthKey;
use proptest::prelude::*;
use storage::Memory;

use crate::node::{Node, nodes};

#[derive(Clone, Debug)]
enum Step {
    CreateUser(u8),
    DeleteUser(u8),
    Rename(u8, u8),
    CreateGroup(u8),
    DeleteGroup(u8),
    Add(u8, u8),
    Remove(u8, u8),
    Attach(u8),
    Detach(u8),
    CreateKey(u8),
}

#[derive(Clone, Debug, Default)]
struct User {
    groups: BTreeSet<u8>,
    attached: bool,
    keys: usize,
}

#[derive(Default)]
struct Model {
    users: BTreeMap<u8, User>,
    groups: BTreeSet<u8>,
}

const POLICY: &str = "PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess";
/// Of two letters' case, for names differ in more than that.
const LETTERS: [&str; 6] = ["u0", "U0", "u1", "U1", "u2", "U2"];

fn letter(at: u8) -> &'static str {
    LETTERS[usize::from(at)]
}

impl Model {
    /// The status of what is asked for.
    fn step(&mut self, step: &Step) -> u16 {
        match *step {
            Step::CreateUser(user) if self.users.contains_key(&(user / 2)) => 409,
            Step::CreateUser(user) => {
                self.users.insert(user / 2, User::default());
                200
            }
            Step::CreateGroup(group) => {
                if self.groups.insert(group / 2) {
                    200
                } else {
                    409
                }
            }
            Step::DeleteGroup(group) => self.delete_group(group / 2),
            Step::Add(group, _) | Step::Remove(group, _) if !self.groups.contains(&(group / 2)) => 404,
            Step::Rename(user, name) => self.rename(user / 2, name / 2),
            Step::DeleteUser(user)
            | Step::Add(_, user)
            | Step::Remove(_, user)
            | Step::Attach(user)
            | Step::Detach(user)
            | Step::CreateKey(user) => self.of_user(step, user / 2),
        }
    }

    fn of_user(&mut self, step: &Step, name: u8) -> u16 {
        let Some(user) = self.users.get_mut(&name) else { return 404 };
        match *step {
            Step::Add(group, _) => drop(user.groups.insert(group / 2)),
            Step::Remove(group, _) => drop(user.groups.remove(&(group / 2))),
            Step::Attach(_) => user.attached = true,
            Step::Detach(_) => return if std::mem::take(&mut user.attached) { 200 } else { 404 },
            Step::CreateKey(_) if user.keys == 2 => return 409,
            Step::CreateKey(_) => user.keys += 1,
            _ if !user.groups.is_empty() || user.attached || user.keys > 0 => return 409,
            _ => drop(self.users.remove(&name)),
        }
        200
    }

    fn rename(&mut self, user: u8, name: u8) -> u16 {
        if !self.users.contains_key(&user) {
            return 404;
        }
        if user != name && self.users.contains_key(&name) {
            return 409;
        }
        if let Some(renamed) = self.users.remove(&user) {
            self.users.insert(name, renamed);
        }
        200
    }

    fn delete_group(&mut self, group: u8) -> u16 {
        match () {
            () if !self.groups.contains(&group) => 404,
            () if self.users.values().any(|user| user.groups.contains(&group)) => 409,
            () => {
                self.groups.remove(&group);
                200
            }
        }
    }
}

fn form(step: &Step) -> String {
    let user = |action: &str, user: u8| format!("Action={action}&UserName={}", letter(user));
    let member = |action: &str, group: u8, of: u8| format!("{}&GroupName={}", user(action, of), letter(group));
    match *step {
        Step::CreateUser(name) => user("CreateUser", name),
        Step::DeleteUser(name) => user("DeleteUser", name),
        Step::Rename(name, other) => format!("{}&NewUserName={}", user("UpdateUser", name), letter(other)),
        Step::CreateGroup(group) => format!("Action=CreateGroup&GroupName={}", letter(group)),
        Step::DeleteGroup(group) => format!("Action=DeleteGroup&GroupName={}", letter(group)),
        Step::Add(group, name) => member("AddUserToGroup", group, name),
        Step::Remove(group, name) => member("RemoveUserFromGroup", group, name),
        Step::Attach(name) => format!("{}&{POLICY}", user("AttachUserPolicy", name)),
        Step::Detach(name) => format!("{}&{POLICY}", user("DetachUserPolicy", name)),
        Step::CreateKey(name) => user("CreateAccessKey", name),
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let name = || 0..LETTERS.len() as u8;
    prop_oneof![
        3 => name().prop_map(Step::CreateUser),
        2 => name().prop_map(Step::DeleteUser),
        1 => (name(), name()).prop_map(|(user, other)| Step::Rename(user, other)),
        2 => name().prop_map(Step::CreateGroup),
        1 => name().prop_map(Step::DeleteGroup),
        2 => (name(), name()).prop_map(|(group, user)| Step::Add(group, user)),
        1 => (name(), name()).prop_map(|(group, user)| Step::Remove(group, user)),
        1 => name().prop_map(Step::Attach),
        1 => name().prop_map(Step::Detach),
        1 => name().prop_map(Step::CreateKey),
    ]
}

async fn count(node: &Node, form: &str, element: &str) -> usize {
    node.done(form).await.matches(element).count()
}

async fn compare(node: &Node, model: &Model) {
    assert_eq!(count(node, "Action=ListUsers", "<UserName>").await, model.users.len());
    assert_eq!(count(node, "Action=ListGroups", "<GroupName>").await, model.groups.len());
    for (name, user) in &model.users {
        let of = |action: &str| format!("Action={action}&UserName=u{name}");
        assert_eq!(count(node, &of("ListGroupsForUser"), "<GroupName>").await, user.groups.len());
        assert_eq!(count(node, &of("ListAttachedUserPolicies"), "<PolicyArn>").await, usize::from(user.attached));
        assert_eq!(count(node, &of("ListAccessKeys"), "<AccessKeyId>").await, user.keys);
        let granted = node.user(&format!("u{name}")).identity_policies.len();
        assert_eq!(granted, usize::from(user.attached));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn two_nodes_are_as_one_model(steps in proptest::collection::vec((any_step(), 0..2usize), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let nodes = nodes(Memory::new(), &AuthKey::random(), 2).await;
            let mut model = Model::default();
            for (step, at) in &steps {
                let node = &nodes[*at];
                node.0.refresh().await.unwrap();
                let reply = node.ask(&form(step)).await;
                assert_eq!(reply.status, model.step(step), "{step:?}: {}", reply.body);
            }
            for node in &nodes {
                node.0.refresh().await.unwrap();
                compare(node, &model).await;
            }
        });
    }

    /// Requests that no client would send: refused or answered, and never with a failure of the server.
    #[test]
    fn any_form_is_answered(
        action in 0..OPERATIONS.len(),
        members in proptest::collection::vec((0..MEMBERS.len(), "\\PC{0,12}|arn:aws:iam::123456789012:[a-z]{1,9}/u[0-2]|u[0-2]|v[0-9]"), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut form = format!("Action={}", OPERATIONS[action]);
        // A form names each parameter once.
        for (member, value) in members.into_iter().collect::<BTreeMap<_, _>>() {
            form += &format!("&{}={}", MEMBERS[member], value.replace(['&', '%'], "x"));
        }
        runtime.block_on(async {
            let node = nodes(Memory::new(), &AuthKey::random(), 1).await.remove(0);
            node.done("Action=CreateUser&UserName=u1").await;
            let reply = node.ask(&form).await;
            assert!(reply.status < 500, "{form}: {reply:?}");
            assert!(reply.body.ends_with("Response>"), "{form}: {}", reply.body);
        });
    }
}

const OPERATIONS: &[&str] = identity::iam::OPERATION_NAMES;
const MEMBERS: [&str; 24] = [
    "UserName",
    "GroupName",
    "RoleName",
    "PolicyName",
    "PolicyArn",
    "Path",
    "PathPrefix",
    "NewPath",
    "NewUserName",
    "Tags.member.1.Key",
    "Tags.member.1.Value",
    "Tags.member.99999999999.Key",
    "TagKeys.member.1",
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "VersionId",
    "Marker",
    "MaxItems",
    "AccessKeyId",
    "Status",
    "Url",
    "OpenIDConnectProviderArn",
    "PermissionsBoundary",
    "AccountAlias",
];
