//! SimulateCustomPolicy and SimulatePrincipalPolicy: what policies would say, with reasons.
//!
//! A request brings its own policies, actions and resources, so its evaluation is bounded as a whole and runs apart from
//! the threads that answer others, one simulation at a time.
//!
//! Source: IAM API Reference. Where in a document a statement stands is not told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use auth::iam::{
    AppliedStatement, Context, Decision, Denial, Effect, Policy, PolicyKind, PolicyType, Principal, PrincipalKind,
    Question, REQUEST_STEPS_MAX, Summary, Values, WorkBudget, reference, summarize_within,
};
use aws::Members;
use ops::allowance;
use tokio::sync::Semaphore;

use super::asked::Ask;
use super::{Answer, constraint};
use crate::query::{Code, Refusal, Xml};
use crate::store::{Account, Granted};

/// Actions times resources. Each is a decision over all the policies.
const QUESTIONS_MAX: usize = 10_000;
const POLICIES_MAX: usize = 100;
/// For all decisions of one request: five times what the policies of any other request may cost. Unit: steps.
const STEPS_MAX: u64 = 5 * REQUEST_STEPS_MAX;
/// What an answer costs, which has the action, the resource and the matched statements of each decision again.
/// Units: steps a byte, and bytes of an entry beside its texts.
const BYTE_STEPS: usize = 4;
const ENTRY_BYTES: usize = 128;
/// How many run at once. More would only take processors from the requests that are not simulated.
const AT_ONCE: usize = 1;

static RUNNING: Semaphore = Semaphore::const_new(AT_ONCE);

/// Runs a simulation when its turn comes. It waits for the place first and only then for a processor: so simulations
/// never hold more than one of the turns that all large requests share.
pub(super) async fn apart(simulate: impl FnOnce() -> Answer) -> Answer {
    // Never an error: the semaphore is not closed.
    let _place = RUNNING.acquire().await;
    let _turn = allowance::turn().await;
    allowance::in_one_go(usize::MAX, simulate)
}

/// What a principal is tried out with.
struct Tried {
    principal: Principal,
    /// Of the identity policies, in their order: id and kind, as answers tell them.
    sources: Vec<(String, &'static str)>,
    resource_policy: Option<Policy>,
}

/// The circumstances that a request gives.
struct Given(BTreeMap<String, Vec<String>>);

impl Context for Given {
    fn values(&self, key: &str, _: &WorkBudget) -> Option<Values<'_>> {
        let values = self.0.get(key)?;
        Some(match values.as_slice() {
            [one] if !reference::is_list(key) => Values::One(Cow::Borrowed(one)),
            many => Values::Many(many.iter().map(|value| Cow::Borrowed(value.as_str())).collect()),
        })
    }
}

pub(super) fn custom(ask: &Ask<'_>, account: &Account) -> Answer {
    if ask.members.texts("PolicyInputList").is_empty() {
        return Err(Refusal::missing("PolicyInputList"));
    }
    let mut principal = account.root_principal();
    principal.kind = PrincipalKind::User;
    if let Some(arn) = ask.optional("CallerArn") {
        constraint::arn(arn)?;
        arn.clone_into(&mut principal.arn);
    }
    simulated(ask, account, Tried { principal, sources: Vec::new(), resource_policy: None })
}

/// Of a user, a group or a role, and with more policies if there are some in the request.
pub(super) fn principal(ask: &Ask<'_>, account: &Account) -> Answer {
    let arn = ask.arn("PolicySourceArn")?;
    let missing = || Refusal::no_such_entity(format!("Policy source {arn} cannot be found."));
    let name = arn.rsplit('/').next().unwrap_or_default();
    let prefix = |kind: &str| arn.starts_with(&format!("arn:aws:iam::{}:{kind}/", account.id));
    let mut principal = Principal { kind: PrincipalKind::User, arn: arn.to_owned(), ..account.root_principal() };
    let granted = if prefix("user") {
        let user = account.user(name).filter(|user| user.arn(&account.id) == arn).ok_or_else(missing)?;
        principal.user_id.clone_from(&user.id);
        principal.username = Some(user.name.clone());
        principal.tags = user.tags.clone();
        account.granted_user(user)
    } else if prefix("group") {
        let group = account.group(name).filter(|group| group.arn(&account.id) == arn).ok_or_else(missing)?;
        account.granted_group(group)
    } else {
        let role = account.role(name).filter(|role| role.arn(&account.id) == arn).ok_or_else(missing)?;
        principal.user_id.clone_from(&role.id);
        principal.tags = role.tags.clone();
        account.granted_role(role)
    };
    let Granted { policies, sources, boundary, unreadable } = granted;
    // As at a request: what cannot be read may deny.
    principal.session_policies = unreadable.then(Vec::new);
    principal.identity_policies = policies;
    principal.boundary = boundary;
    simulated(ask, account, Tried { principal, sources, resource_policy: None })
}

fn simulated(ask: &Ask<'_>, account: &Account, mut tried: Tried) -> Answer {
    for (at, policy) in inputs(ask, "PolicyInputList", PolicyKind::Identity)?.into_iter().enumerate() {
        tried.principal.identity_policies.push(policy);
        tried.sources.push((format!("PolicyInputList.{}", at + 1), "none"));
    }
    if let Some(boundary) = inputs(ask, "PermissionsBoundaryPolicyInputList", PolicyKind::Identity)?.pop() {
        tried.principal.boundary = Some(boundary);
    }
    if ask.optional("ResourcePolicy").is_some_and(|text| !text.is_empty()) {
        let text = ask.required("ResourcePolicy")?;
        tried.resource_policy = Some(Policy::parse(PolicyKind::Resource, text).map_err(malformed)?);
    }
    let given = Given(circumstances(ask));
    let results = questions(ask)?.into_iter().enumerate().map(|(at, asked)| (format!("{at:06}"), asked));
    let page = ask.items_of_page(results)?;
    let mut xml = Xml::new();
    let work = WorkBudget::new(STEPS_MAX);
    xml.list("EvaluationResults", &page.items, |xml, (_, (action, resource))| {
        let question = Question {
            principal: &tried.principal,
            action,
            resource,
            resource_account: &account.id,
            resource_policy: tried.resource_policy.as_ref(),
            context: &given,
        };
        show(xml, &tried, &question, &work);
    });
    if work.is_exhausted() {
        return Err(Refusal::new(Code::LimitExceeded, TOO_MUCH));
    }
    page.end(&mut xml);
    Ok(Some(xml))
}

const TOO_MUCH: &str = "The simulation of these policies takes more work than a request may cause. Simulate fewer \
                        actions, resources or policies in one request.";

/// Every action on every resource.
fn questions<'a>(ask: &Ask<'a>) -> Result<Vec<(&'a str, &'a str)>, Refusal> {
    let actions = ask.members.texts("ActionNames");
    if actions.is_empty() {
        return Err(Refusal::missing("ActionNames"));
    }
    for action in &actions {
        if !action.contains(':') {
            return Err(Refusal::invalid_input(format!("Invalid Action name: {action}")));
        }
    }
    let mut resources = ask.members.texts("ResourceArns");
    if resources.is_empty() {
        resources.push("*");
    }
    if actions.len() * resources.len() > QUESTIONS_MAX {
        return Err(Refusal::invalid_input(format!(
            "More than {QUESTIONS_MAX} combinations of actions and resources."
        )));
    }
    Ok(actions.iter().flat_map(|action| resources.iter().map(|resource| (*action, *resource))).collect())
}

fn inputs(ask: &Ask<'_>, member: &str, kind: PolicyKind) -> Result<Vec<Arc<Policy>>, Refusal> {
    let texts = ask.members.texts(member);
    if texts.len() > POLICIES_MAX {
        return Err(Refusal::invalid_input(format!("{member} has more than {POLICIES_MAX} policies.")));
    }
    texts.into_iter().map(|text| Policy::parse(kind, text).map(Arc::new).map_err(malformed)).collect()
}

fn malformed(error: auth::iam::Malformed) -> Refusal {
    Refusal::new(Code::MalformedPolicyDocument, error.0)
}

fn circumstances(ask: &Ask<'_>) -> BTreeMap<String, Vec<String>> {
    let entries = ask.members.structures("ContextEntries");
    let entry = |entry: &Members<'_>| {
        let values = entry.texts("ContextKeyValues").into_iter().map(str::to_owned).collect();
        Some((entry.text("ContextKeyName")?.to_lowercase(), values))
    };
    entries.iter().filter_map(entry).collect()
}

fn show(xml: &mut Xml, tried: &Tried, question: &Question<'_>, work: &WorkBudget) {
    let Question { action, resource, .. } = *question;
    let (decision, Summary { applied, missing_keys: missing }) = summarize_within(question, work);
    let decisive = |part: &&AppliedStatement| decision == Decision::Allowed || part.effect == Effect::Deny;
    let matched: Vec<(&str, &str)> =
        applied.iter().filter(decisive).filter(|_| !is_implicit(decision)).map(|part| source(tried, part)).collect();
    let sources = matched.iter().map(|(id, _)| ENTRY_BYTES + id.len()).sum::<usize>();
    let keys = missing.iter().map(|key| ENTRY_BYTES + key.len()).sum::<usize>();
    if !work.spend(BYTE_STEPS * (ENTRY_BYTES + action.len() + resource.len() + sources + keys)) {
        return;
    }
    xml.text("EvalActionName", action);
    xml.text("EvalResourceName", resource);
    xml.text("EvalDecision", word(decision));
    xml.list("MatchedStatements", matched, show_matched);
    xml.list("MissingContextValues", &missing, |xml, key| xml.content(key));
}

/// Which policy a statement is of: its id and kind, as answers have them.
fn source<'a>(tried: &'a Tried, part: &AppliedStatement) -> (&'a str, &'static str) {
    let own = (part.from == PolicyType::Identity).then(|| tried.sources.get(part.policy)).flatten();
    match (own, part.from) {
        (Some((id, kind)), _) => (id.as_str(), *kind),
        (None, PolicyType::Boundary) => ("PermissionsBoundary", "none"),
        (None, PolicyType::Resource) => ("ResourcePolicy", "resource"),
        (None, _) => ("", "none"),
    }
}

fn show_matched(xml: &mut Xml, (id, kind): (&str, &str)) {
    xml.text("SourcePolicyId", id);
    xml.text("SourcePolicyType", kind);
}

fn is_implicit(decision: Decision) -> bool {
    matches!(decision, Decision::Denied(Denial::Implicit(_)))
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::Denied(Denial::Explicit(_)) => "explicitDeny",
        Decision::Denied(Denial::Implicit(_)) => "implicitDeny",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    /// The runtime has one thread, which a simulation must not keep from others.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn simulations_run_one_at_a_time_and_others_go_on() {
        let (started, is_started) = oneshot::channel();
        let (release, is_released) = mpsc::channel();
        let first = tokio::spawn(apart(move || {
            started.send(()).expect("the test waits for it");
            is_released.recv().expect("the test sends it");
            Ok(None)
        }));
        is_started.await.expect("the first runs");
        let has_run = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&has_run);
        let second = tokio::spawn(apart(move || {
            runs.store(true, Ordering::SeqCst);
            Ok(None)
        }));
        for _ in 0..10 {
            assert_eq!(tokio::spawn(async { 7 }).await.expect("another task"), 7);
        }
        assert!(!has_run.load(Ordering::SeqCst));
        release.send(()).expect("the first waits for it");
        first.await.expect("no panic").expect("an answer");
        second.await.expect("no panic").expect("an answer");
        assert!(has_run.load(Ordering::SeqCst));
    }
}
