//! `stator policy check`: why a request would be allowed or denied by policies in files, statement by statement. It asks no
//! server: the files, the principal and the request's context are all that a decision depends on.
//!
//! `asker` makes the principal and the context from the arguments, `possible` refuses what no request asks, `locate` finds where a
//! policy is wrong, and `report` writes what was found.

mod asker;
mod locate;
mod possible;
mod report;

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth::iam::{
    Decision, Globals, Identity, Malformed, Policy, PolicyKind, PolicyType, Question, REQUEST_STEPS_MAX, Transport,
    WorkBudget, decide_within, explain_within, reference,
};
use base::{Clock, RegularFile, Unreadable};
use clap::Args;

use asker::Given;
use report::Report;

const EXAMPLES: &str = "\
Examples:
  stator policy check --principal arn:aws:iam::111122223333:user/ada --identity-policy read.json \\
    --action dynamodb:GetItem --resource arn:aws:dynamodb:eu-west-3:111122223333:table/Music
  stator policy check --principal arn:aws:sts::111122223333:assumed-role/app/i-1 --identity-policy app.json \\
    --action dynamodb:Query --resource arn:aws:dynamodb:eu-west-3:111122223333:table/Music \\
    --context dynamodb:LeadingKeys=ada --context aws:PrincipalTag/team=red --json

Ends with 0 if the request is allowed, 1 if it is denied, and 2 if it cannot be told.";

/// The largest policies of AWS are a fiftieth of it. Unit: bytes.
const POLICY_BYTES_MAX: u64 = 1 << 20;

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PolicyCheckArguments {
    /// The caller: the ARN of a user, of a session (assumed-role or federated-user), or an account's :root
    #[arg(long, value_name = "ARN")]
    principal: String,

    /// The role or user behind a session, if it has a path [default for assumed roles: the role in the session's ARN]
    #[arg(long, value_name = "ARN")]
    session_of: Option<String>,

    /// What is asked for, such as dynamodb:GetItem
    #[arg(long)]
    action: String,

    /// The ARN of what it is asked for [default: *, for actions that have no resource]
    #[arg(long, value_name = "ARN")]
    resource: Option<String>,

    /// The account that owns the resource [default: the account in its ARN, else the principal's]
    #[arg(long, value_name = "ID")]
    resource_account: Option<String>,

    /// Policy of the principal, of its groups or of its role; may be given several times
    #[arg(long, value_name = "FILE")]
    identity_policy: Vec<PathBuf>,

    /// The principal's permissions boundary
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,

    /// Policy that the session was given; may be given several times
    #[arg(long, value_name = "FILE")]
    session_policy: Vec<PathBuf>,

    /// The resource's own policy
    #[arg(long, value_name = "FILE", conflicts_with = "trust_policy")]
    resource_policy: Option<PathBuf>,

    /// The trust policy of a role, where the action is to assume it
    #[arg(long, value_name = "FILE")]
    trust_policy: Option<PathBuf>,

    /// A key of the request's context; given again with the same key, it has several values. One that the action does
    /// not have is reported and ignored, as a server ignores it
    #[arg(long, value_name = "KEY=VALUE", value_parser = asker::pair)]
    context: Vec<(String, String)>,

    /// Region of the request [default: the one in the resource's ARN, else us-east-1]
    #[arg(long)]
    region: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) enum Failure {
    Read(PathBuf, Unreadable),
    Text(PathBuf),
    /// With the place of what is wrong.
    Malformed(PathBuf, Malformed, Option<String>),
    Principal(String),
    Action(String),
    /// No request of the action is about this resource.
    Resource(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Failure::Text(path) => write!(f, "cannot read {}: it is no UTF-8 text", path.display()),
            Failure::Malformed(path, malformed, place) => {
                write!(f, "{} is not such a policy: {malformed}", path.display())?;
                place.iter().try_for_each(|place| write!(f, " ({place})"))
            }
            Failure::Resource(text) => f.write_str(text),
            Failure::Action(action) => {
                write!(
                    f,
                    "{action} is no action: name one as the Service Authorization Reference has it, such as dynamodb:GetItem"
                )
            }
            Failure::Principal(arn) => {
                write!(
                    f,
                    "{arn} is no principal's ARN: it must be a user's, an assumed role's or federated user's session, or :root"
                )
            }
        }
    }
}

/// A name that is misspelt is denied, and proves nothing.
fn check_action(action: &str) -> Result<(), Failure> {
    match reference::is_unknown(action) || action.contains(['*', '?']) {
        true => Err(Failure::Action(action.to_owned())),
        false => Ok(()),
    }
}

/// Prints the reason; returns whether the request is allowed.
pub(crate) fn run(arguments: &PolicyCheckArguments) -> Result<bool, Failure> {
    check_action(&arguments.action)?;
    let resource = possible::resource(&arguments.action, arguments.resource.as_deref()).map_err(Failure::Resource)?;
    let mut principal = asker::principal(&arguments.principal, arguments.session_of.as_deref())
        .ok_or_else(|| Failure::Principal(arguments.principal.clone()))?;
    let mut misspelt = Vec::new();
    let mut policy = |kind, path: &PathBuf| policy(kind, path, &mut misspelt);
    let mut identity = |path: &PathBuf| policy(PolicyKind::Identity, path);
    principal.identity_policies = arguments.identity_policy.iter().map(&mut identity).collect::<Result<_, _>>()?;
    principal.boundary = arguments.boundary.as_ref().map(&mut identity).transpose()?;
    let session: Vec<Arc<Policy>> = arguments.session_policy.iter().map(identity).collect::<Result<_, _>>()?;
    principal.session_policies = (!session.is_empty()).then_some(session);
    let resource_policy = match (&arguments.resource_policy, &arguments.trust_policy) {
        (Some(path), _) => Some(policy(PolicyKind::Resource, path)?),
        (None, Some(path)) => Some(policy(PolicyKind::Trust, path)?),
        (None, None) => None,
    };

    let place = asker::place(resource);
    let region = arguments.region.as_deref().or(place.region).unwrap_or("us-east-1");
    let resource_account =
        arguments.resource_account.as_deref().or(place.account).unwrap_or(&principal.account).to_owned();
    let transport = Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false };
    let identity =
        Identity { principal: Arc::new(principal), transport, user_agent: None, now_ms: Clock::system().now_ms() };
    let nothing = Given::new(&[], None);
    let globals = Globals { identity: &identity, region, resource_account: &resource_account, own: &nothing };
    let context = Given::new(&arguments.context, Some(&globals));
    let question = Question {
        principal: &identity.principal,
        action: &arguments.action,
        resource,
        resource_account: &resource_account,
        resource_policy: resource_policy.as_deref(),
        context: &context,
    };
    // The server's own decision, within what a question may cost there; the reports of an explanation cost more.
    let work = WorkBudget::default();
    let decision = decide_within(&question, &work);
    let (_, statements) = explain_within(&question, &WorkBudget::new(REQUEST_STEPS_MAX));
    let report = Report {
        question: &question,
        decision,
        is_exhausted: work.is_exhausted(),
        ignored: &arguments.ignored(resource),
        missing: &possible::missing_keys(&question, &statements),
        misspelt: &misspelt,
        statements: &statements,
        file: &|from, at| arguments.file(from, at),
    };
    let text = if arguments.json { report.json() } else { report.text() };
    // A reader that closes the pipe has read enough.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(decision == Decision::Allowed)
}

/// Notes its actions that are none.
fn policy(kind: PolicyKind, path: &Path, misspelt: &mut Vec<(PathBuf, String)>) -> Result<Arc<Policy>, Failure> {
    let read = RegularFile::read(path, POLICY_BYTES_MAX).map_err(|error| Failure::Read(path.to_owned(), error))?;
    let text = std::str::from_utf8(&read.bytes).map_err(|_| Failure::Text(path.to_owned()))?;
    let policy = Policy::parse(kind, text)
        .map_err(|malformed| Failure::Malformed(path.to_owned(), malformed, locate::locate(kind, text)))?;
    let unknown = policy.actions().filter(|action| reference::is_unknown(action));
    misspelt.extend(unknown.map(|action| (path.to_owned(), action.to_owned())));
    Ok(Arc::new(policy))
}

impl PolicyCheckArguments {
    /// The keys that were given and that the action does not have, once each.
    fn ignored(&self, resource: &str) -> Vec<&str> {
        let mut ignored: Vec<&str> = Vec::new();
        for (key, _) in &self.context {
            let lower = key.to_lowercase();
            let is_new = !ignored.iter().any(|other| other.to_lowercase() == lower);
            if is_new && !reference::can_have(&self.action, resource, &lower) {
                ignored.push(key);
            }
        }
        ignored
    }

    /// Where a policy was read from.
    fn file(&self, from: PolicyType, at: usize) -> Option<&Path> {
        let found = match from {
            PolicyType::Identity => self.identity_policy.get(at),
            PolicyType::Session => self.session_policy.get(at),
            PolicyType::Boundary => self.boundary.as_ref(),
            PolicyType::Resource => self.resource_policy.as_ref(),
            PolicyType::Trust => self.trust_policy.as_ref(),
        };
        found.map(PathBuf::as_path)
    }
}
