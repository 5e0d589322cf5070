//! SimulateCustomPolicy and SimulatePrincipalPolicy: what policies would say, with reasons.
//!
//! A request brings its own policies, actions and resources, so its evaluation is bounded as a whole and runs apart from
//! the threads that answer others, one simulation at a time.
//!
//! Source: IAM API Reference. The position of a statement in its document is not in the answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use auth::iam::{
    AppliedStatement, Context, Decision, Denial, Effect, Policy, PolicyKind, PolicyType, Principal, PrincipalKind,
    Question, REQUEST_STEPS_MAX, Summary, Values, WorkBudget, reference, summarize_within,
};
use aws::iam::{
    ContextEntry, EvaluationResult, SimulateCustomPolicyRequest, SimulatePrincipalPolicyRequest, Statement,
};
use ops::allowance;
use tokio::sync::Semaphore;

use super::page::Page;
use super::{Answer, constraint};
use crate::query::{Code, Refusal};
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
pub(super) async fn apart<T>(simulate: impl FnOnce() -> T) -> T {
    // Never an error: the semaphore is not closed.
    let _place = RUNNING.acquire().await;
    let _turn = allowance::turn().await;
    allowance::in_one_go(usize::MAX, simulate)
}

/// What a principal is tried out with.
struct Tried {
    principal: Principal,
    /// Of the identity policies, in their order: id and kind, as answers have them.
    sources: Vec<(String, &'static str)>,
    resource_policy: Option<Policy>,
}

/// The condition keys that a request gives.
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

pub(super) fn custom(account: &Account, request: SimulateCustomPolicyRequest) -> Answer<Page<EvaluationResult>> {
    if request.policy_input_list.is_empty() {
        return Err(Refusal::missing("PolicyInputList"));
    }
    let mut principal = account.root_principal();
    principal.kind = PrincipalKind::User;
    if let Some(arn) = &request.caller_arn {
        constraint::arn(arn)?.clone_into(&mut principal.arn);
    }
    simulated(account, request, Tried { principal, sources: Vec::new(), resource_policy: None })
}

/// Of a user, a group or a role, and with more policies if there are some in the request.
pub(super) fn principal(account: &Account, request: SimulatePrincipalPolicyRequest) -> Answer<Page<EvaluationResult>> {
    let arn = constraint::arn(&request.policy_source_arn)?;
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
    let request = SimulateCustomPolicyRequest {
        action_names: request.action_names,
        context_entries: request.context_entries,
        marker: request.marker,
        max_items: request.max_items,
        permissions_boundary_policy_input_list: request.permissions_boundary_policy_input_list,
        policy_input_list: request.policy_input_list.unwrap_or_default(),
        resource_arns: request.resource_arns,
        resource_policy: request.resource_policy,
        ..SimulateCustomPolicyRequest::default()
    };
    simulated(account, request, Tried { principal, sources, resource_policy: None })
}

fn simulated(
    account: &Account,
    request: SimulateCustomPolicyRequest,
    mut tried: Tried,
) -> Answer<Page<EvaluationResult>> {
    for (at, policy) in inputs("PolicyInputList", &request.policy_input_list)?.into_iter().enumerate() {
        tried.principal.identity_policies.push(policy);
        tried.sources.push((format!("PolicyInputList.{}", at + 1), "none"));
    }
    let boundaries = request.permissions_boundary_policy_input_list.as_deref().unwrap_or_default();
    if let Some(boundary) = inputs("PermissionsBoundaryPolicyInputList", boundaries)?.pop() {
        tried.principal.boundary = Some(boundary);
    }
    if let Some(text) = request.resource_policy.as_ref().filter(|text| !text.is_empty()) {
        tried.resource_policy = Some(Policy::parse(PolicyKind::Resource, text).map_err(malformed)?);
    }
    let given = Given(condition_context(&request));
    let results = questions(&request)?.into_iter().enumerate().map(|(at, asked)| (format!("{at:06}"), asked));
    let work = WorkBudget::new(STEPS_MAX);
    let page = Page::of((request.marker.clone(), request.max_items), results)?.map(|(action, resource)| {
        let question = Question {
            principal: &tried.principal,
            action,
            resource,
            resource_account: &account.id,
            resource_policy: tried.resource_policy.as_ref(),
            context: &given,
        };
        evaluated(&tried, &question, &work)
    });
    match work.is_exhausted() {
        true => Err(Refusal::new(Code::LimitExceeded, TOO_MUCH)),
        false => Ok(page),
    }
}

const TOO_MUCH: &str = "The simulation of these policies takes more work than a request may cause. Simulate fewer \
                        actions, resources or policies in one request.";

/// Every action on every resource.
fn questions(request: &SimulateCustomPolicyRequest) -> Answer<Vec<(&str, &str)>> {
    let actions = &request.action_names;
    if actions.is_empty() {
        return Err(Refusal::missing("ActionNames"));
    }
    for action in actions {
        if !action.contains(':') {
            return Err(Refusal::invalid_input(format!("Invalid Action name: {action}")));
        }
    }
    let mut resources: Vec<&str> = request.resource_arns.iter().flatten().map(String::as_str).collect();
    if resources.is_empty() {
        resources.push("*");
    }
    if actions.len() * resources.len() > QUESTIONS_MAX {
        return Err(Refusal::invalid_input(format!(
            "More than {QUESTIONS_MAX} combinations of actions and resources."
        )));
    }
    Ok(actions.iter().flat_map(|action| resources.iter().map(|resource| (action.as_str(), *resource))).collect())
}

fn inputs(member: &str, texts: &[String]) -> Result<Vec<Arc<Policy>>, Refusal> {
    if texts.len() > POLICIES_MAX {
        return Err(Refusal::invalid_input(format!("{member} has more than {POLICIES_MAX} policies.")));
    }
    texts.iter().map(|text| Policy::parse(PolicyKind::Identity, text).map(Arc::new).map_err(malformed)).collect()
}

fn malformed(error: auth::iam::Malformed) -> Refusal {
    Refusal::new(Code::MalformedPolicyDocument, error.0)
}

fn condition_context(request: &SimulateCustomPolicyRequest) -> BTreeMap<String, Vec<String>> {
    let entry = |entry: &ContextEntry| {
        let values = entry.context_key_values.clone().unwrap_or_default();
        Some((entry.context_key_name.as_ref()?.to_lowercase(), values))
    };
    request.context_entries.iter().flatten().filter_map(entry).collect()
}

/// Nothing, if the answer costs more work than is left.
fn evaluated(tried: &Tried, question: &Question<'_>, work: &WorkBudget) -> EvaluationResult {
    let Question { action, resource, .. } = *question;
    let (decision, Summary { applied, missing_keys: missing }) = summarize_within(question, work);
    let decisive = |part: &&AppliedStatement| decision == Decision::Allowed || part.effect == Effect::Deny;
    let matched: Vec<(&str, &str)> =
        applied.iter().filter(decisive).filter(|_| !is_implicit(decision)).map(|part| source(tried, part)).collect();
    let sources = matched.iter().map(|(id, _)| ENTRY_BYTES + id.len()).sum::<usize>();
    let keys = missing.iter().map(|key| ENTRY_BYTES + key.len()).sum::<usize>();
    if !work.spend(BYTE_STEPS * (ENTRY_BYTES + action.len() + resource.len() + sources + keys)) {
        return EvaluationResult::default();
    }
    let statement = |(id, kind): (&str, &str)| Statement {
        source_policy_id: Some(id.to_owned()),
        source_policy_type: Some(kind.to_owned()),
        ..Statement::default()
    };
    EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_resource_name: Some(resource.to_owned()),
        eval_decision: word(decision).to_owned(),
        matched_statements: Some(matched.into_iter().map(statement).collect()),
        missing_context_values: Some(missing.into_iter().map(|key| key.to_string()).collect()),
        ..EvaluationResult::default()
    }
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

    /// The runtime has one thread, which a simulation must not block for others.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn simulations_run_one_at_a_time_and_others_go_on() {
        let (started, is_started) = oneshot::channel();
        let (release, is_released) = mpsc::channel();
        let first = tokio::spawn(apart(move || {
            started.send(()).expect("the test waits for it");
            is_released.recv().expect("the test sends it");
        }));
        is_started.await.expect("the first runs");
        let has_run = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&has_run);
        let second = tokio::spawn(apart(move || {
            runs.store(true, Ordering::SeqCst);
        }));
        for _ in 0..10 {
            assert_eq!(tokio::spawn(async { 7 }).await.expect("another task"), 7);
        }
        assert!(!has_run.load(Ordering::SeqCst));
        release.send(()).expect("the first waits for it");
        first.await.expect("no panic");
        second.await.expect("no panic");
        assert!(has_run.load(Ordering::SeqCst));
    }
}
