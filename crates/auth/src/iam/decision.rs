//! Whether a principal may do something.
//!
//! Source: IAM User Guide, "Policy evaluation logic", for one account and across accounts.

use std::sync::Arc;

use super::explain::{Place, Recorder, Silence};
use super::filtered::Filtered;
use super::principals::{Asker, Grant};
use super::statement::{Effect, Extent, Request};
use super::work::WorkBudget;
use super::{Context, Policy, PolicyKind, Principal, PrincipalKind};

/// One action on one resource; a request may be several.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub principal: &'a Principal,
    /// As `dynamodb:GetItem`.
    pub action: &'a str,
    /// An ARN, or `*` for actions that have none.
    pub resource: &'a str,
    /// The account that owns the resource.
    pub resource_account: &'a str,
    /// What the resource itself says. A role's trust policy must allow what is asked, others may.
    pub resource_policy: Option<&'a Policy>,
    pub context: &'a dyn Context,
}

/// Which policies a decision came from, in the words of AWS's refusals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyType {
    Identity,
    Resource,
    Boundary,
    Session,
    Trust,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denial {
    /// A statement denies it.
    Explicit(PolicyType),
    /// No statement of these allows it.
    Implicit(PolicyType),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    Allowed,
    Denied(Denial),
}

/// Decides the only question of a request.
pub fn decide(question: &Question<'_>) -> Decision {
    decide_within(question, &WorkBudget::default())
}

/// Decides one of a request's questions. If the work that is left does not suffice, the answer is a denial, and
/// [`WorkBudget::is_exhausted`] distinguishes it from those of policies.
pub fn decide_within(question: &Question<'_>, work: &WorkBudget) -> Decision {
    let decided = evaluate(question, work, &mut Silence);
    if decided != Decision::Allowed || !question.resource.ends_with('*') {
        return decided;
    }
    // All resources of a kind are one that ends with `*`, which a pattern for names of one letter matches as well. What is allowed on
    // all is allowed on a longer one, too.
    let longer = format!("{}*", question.resource);
    evaluate(&Question { resource: &longer, ..*question }, work, &mut Silence)
}

/// As [`decide_within`], about all resources that begin with what the question's resource has before its `*` at the end: whether
/// the action is allowed on each of them. Several statements that allow a part each are not added up.
pub fn decide_below(question: &Question<'_>, work: &WorkBudget) -> Decision {
    evaluate_extent(question, Extent::Below, work, &mut Silence)
}

/// Whether a role trusts an identity provider, whose token authenticates a caller without a principal.
pub fn decide_federated(
    trust: &Policy,
    provider_arn: &str,
    action: &str,
    role_arn: &str,
    context: &dyn Context,
) -> Decision {
    let (context, work) = (&Filtered::new(action, role_arn, context), &WorkBudget::default());
    work.begin_question();
    let request = Request {
        asker: Asker::Provider(provider_arn),
        action,
        resource: role_arn,
        extent: Extent::One,
        context,
        work,
    };
    let verdict = judge(PolicyType::Trust, [trust], &request, &mut Silence);
    // Exhaustion first: an evaluation that did not end may have missed a denial.
    match verdict {
        _ if work.is_exhausted() => Decision::Denied(Denial::Implicit(PolicyType::Trust)),
        Verdict { denies: true, .. } => Decision::Denied(Denial::Explicit(PolicyType::Trust)),
        Verdict { allows: None, .. } => Decision::Denied(Denial::Implicit(PolicyType::Trust)),
        Verdict { allows: Some(_), .. } => Decision::Allowed,
    }
}

/// What all policies of one type say together.
#[derive(Clone, Copy, Default)]
struct Verdict {
    denies: bool,
    allows: Option<Grant>,
}

/// What the policies of every type say.
struct Verdicts {
    resource: Verdict,
    identity: Verdict,
    /// `None` where no boundary is set, as below.
    boundary: Option<Verdict>,
    session: Option<Verdict>,
}

pub(super) fn evaluate<R: Recorder>(question: &Question<'_>, work: &WorkBudget, recorder: &mut R) -> Decision {
    evaluate_extent(question, Extent::One, work, recorder)
}

fn evaluate_extent<R: Recorder>(
    question: &Question<'_>,
    extent: Extent,
    work: &WorkBudget,
    recorder: &mut R,
) -> Decision {
    let Question { principal, action, resource, .. } = *question;
    work.begin_question();
    let context = &Filtered::new(action, resource, question.context);
    let resource = match extent {
        Extent::One => resource,
        Extent::Below => resource.strip_suffix('*').unwrap_or(resource),
    };
    let request = Request { asker: Asker::Principal(principal), action, resource, extent, context, work };
    let verdicts = Verdicts {
        resource: judge(resource_type(question), question.resource_policy, &request, recorder),
        identity: judge(PolicyType::Identity, of(&principal.identity_policies), &request, recorder),
        boundary: principal.boundary.as_deref().map(|policy| judge(PolicyType::Boundary, [policy], &request, recorder)),
        session: principal
            .session_policies
            .as_deref()
            .map(|policies| judge(PolicyType::Session, of(policies), &request, recorder)),
    };
    match denial(question, &verdicts) {
        // A statement that was not asked may deny: nothing counts of what others say.
        _ if work.is_exhausted() => Decision::Denied(Denial::Implicit(PolicyType::Identity)),
        Some(denial) => Decision::Denied(denial),
        None => Decision::Allowed,
    }
}

fn of(policies: &[Arc<Policy>]) -> impl Iterator<Item = &Policy> {
    policies.iter().map(|policy| &**policy)
}

fn resource_type(question: &Question<'_>) -> PolicyType {
    match question.resource_policy.map(Policy::kind) {
        Some(PolicyKind::Trust) => PolicyType::Trust,
        _ => PolicyType::Resource,
    }
}

fn judge<'p, R: Recorder>(
    from: PolicyType,
    policies: impl IntoIterator<Item = &'p Policy>,
    request: &Request<'_>,
    recorder: &mut R,
) -> Verdict {
    let mut verdict = Verdict::default();
    for (policy, of_policy) in policies.into_iter().enumerate() {
        for (index, statement) in of_policy.statements().iter().enumerate() {
            let settled = match statement.effect {
                Effect::Allow => verdict.allows == Some(Grant::Direct),
                Effect::Deny => verdict.denies,
            };
            if settled && !R::THOROUGH {
                continue;
            }
            if !request.work.spend(1) {
                return verdict;
            }
            let place = Place { from, policy, statement: index };
            recorder.statement(statement, place, request.context);
            let grant = statement.applies(request, recorder);
            recorder.applied(grant.is_some());
            match statement.effect {
                Effect::Allow => verdict.allows = verdict.allows.max(grant),
                Effect::Deny => verdict.denies |= grant.is_some(),
            }
        }
    }
    verdict
}

/// Why not. A denial of any statement comes before all that others allow.
fn denial(question: &Question<'_>, verdicts: &Verdicts) -> Option<Denial> {
    let Question { principal, .. } = question;
    let denies = |verdict: Option<Verdict>| verdict.is_some_and(|verdict| verdict.denies);
    for (from, verdict) in [
        (resource_type(question), Some(verdicts.resource)),
        (PolicyType::Identity, Some(verdicts.identity)),
        (PolicyType::Boundary, verdicts.boundary),
        (PolicyType::Session, verdicts.session),
    ] {
        if denies(verdict) {
            return Some(Denial::Explicit(from));
        }
    }
    let granted = verdicts.resource.allows;
    let unheard = granted.is_none().then(|| Denial::Implicit(resource_type(question)));
    if principal.account != question.resource_account {
        // Both accounts must agree.
        return own_denial(principal, verdicts, false).or(unheard);
    }
    match granted {
        _ if resource_type(question) == PolicyType::Trust && unheard.is_some() => unheard,
        Some(Grant::Direct) => None,
        Some(Grant::Entity) => own_denial(principal, verdicts, true),
        Some(Grant::Account) | None => own_denial(principal, verdicts, false),
    }
}

/// Why the principal's own policies do not allow it; `granted` if the resource's do.
fn own_denial(principal: &Principal, verdicts: &Verdicts, granted: bool) -> Option<Denial> {
    let allows = |verdict: Option<Verdict>| verdict.is_none_or(|verdict| verdict.allows.is_some());
    // A federated user has what the session's policies name, and nothing without them.
    let unbound = verdicts.session.is_none() && principal.kind == PrincipalKind::FederatedUser;
    if !granted && principal.kind != PrincipalKind::Root && verdicts.identity.allows.is_none() {
        Some(Denial::Implicit(PolicyType::Identity))
    } else if !allows(verdicts.boundary) {
        Some(Denial::Implicit(PolicyType::Boundary))
    } else if unbound || !allows(verdicts.session) {
        Some(Denial::Implicit(PolicyType::Session))
    } else {
        None
    }
}

impl Question<'_> {
    /// AWS's sentence for a denial. Source: IAM User Guide, "Troubleshoot access denied error messages".
    pub fn refusal(&self, denial: Denial) -> String {
        let Question { principal, action, resource, .. } = self;
        let why = match denial {
            Denial::Explicit(from) => format!("with an explicit deny in {}", from.with_article()),
            Denial::Implicit(from) => format!("because no {} allows the {action} action", from.name()),
        };
        format!("User: {} is not authorized to perform: {action} on resource: {resource} {why}", principal.arn)
    }
}

impl PolicyType {
    pub fn name(self) -> &'static str {
        match self {
            PolicyType::Identity => "identity-based policy",
            PolicyType::Resource => "resource-based policy",
            PolicyType::Boundary => "permissions boundary",
            PolicyType::Session => "session policy",
            PolicyType::Trust => "role trust policy",
        }
    }

    fn with_article(self) -> String {
        let article = match self {
            PolicyType::Identity => "an",
            PolicyType::Trust => "the",
            PolicyType::Resource | PolicyType::Boundary | PolicyType::Session => "a",
        };
        format!("{article} {}", self.name())
    }
}
