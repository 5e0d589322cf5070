//! Whether a caller may do what it asks for: every request as questions (an action on a resource, with what the request
//! says of it), each decided by the caller's policies and the resource's own, before anything is read or written.
//!
//! `list.rs` is the one list of what an operation asks. The gate lets every request through [`Service::permit`], and
//! an operation without a row there does not compile. A caller without an identity is asked nothing.
//!
//! A table that changes between the check and the operation is the operation's own affair: policies take effect within
//! seconds, as on AWS.

mod action;
mod context;
mod facts;
mod items;
mod list;
mod outside;
mod said;
mod statements;
mod targets;

use std::borrow::Cow;
use std::sync::Arc;

use api::{Exception, Operation};
use auth::Caller;
use auth::iam::{
    Decision, Globals, Identity, Policy, PrincipalKind, Question, STEP_BYTES, Unpermitted, WorkBudget, decide,
};

pub(crate) use action::Action;
use context::RequestContext;
use outside::Outside;
pub(crate) use outside::permit_resolved_key;
use tables::{NameUse, Place, Table, TableArn, table_place};

use crate::allowance::Effort;
use crate::service::Service;
use said::Said;

/// A request that says what it needs to be allowed.
pub trait Asks: Sync {
    /// Adds the request's questions.
    ///
    /// # Errors
    /// If the request does not tell what it is about.
    fn ask<'a>(&'a self, asking: &mut Asking<'a>) -> Result<(), Exception>;

    /// Adds the questions of all parts of the request, of those too that are asked about one by one.
    ///
    /// # Errors
    /// As for [`Asks::ask`].
    fn names<'a>(&'a self, asking: &mut Asking<'a>) -> Result<(), Exception> {
        self.ask(asking)
    }

    /// The table that a request about items names, if it is about one table.
    fn table_name(&self) -> Option<&str> {
        None
    }
}

/// A reader of a stream for a caller, as DescribeStream, GetShardIterator and GetRecords read it.
pub struct StreamReader {
    pub stream_arn: String,
}

/// The questions of one request.
pub struct Asking<'a> {
    service: &'a Service,
    operation: Operation,
    asked: Vec<Asked<'a>>,
    /// Asked about after all of `asked`.
    outside: Vec<Outside<'a>>,
    /// Names beside those of the resources, for the audit log.
    parameters: Vec<(&'static str, &'a str)>,
}

/// One question: an action on a resource.
struct Asked<'a> {
    action: Action,
    resource: Resource<'a>,
    said: Said<'a>,
}

/// What an action is done to, as the request names it.
enum Resource<'a> {
    /// Nothing that has an ARN.
    Any,
    /// The caller's tables as a whole.
    Tables,
    /// The streams of the table of this name or ARN, or of all.
    Streams(Option<&'a str>),
    /// A table, by its name or ARN.
    Table(Cow<'a, str>),
    /// A table and one of its indexes.
    Index(Cow<'a, str>, Cow<'a, str>),
    /// A table's ARN or a stream's.
    Arn(&'a str),
    /// The table of this name or ARN, in another region.
    Replica { name: &'a str, region: &'a str },
    /// A global table of the version without UpdateTable, by its name.
    GlobalTable(&'a str),
}

/// What is known of a resource.
struct Found {
    arn: String,
    account: String,
    table: Option<Arc<Table>>,
    policy: Option<Arc<Policy>>,
    /// Whether the table's tags are the resource's.
    has_tags: bool,
}

impl<'a> Asking<'a> {
    fn new(service: &'a Service, operation: Operation) -> Asking<'a> {
        Asking { service, operation, asked: Vec::new(), outside: Vec::new(), parameters: Vec::new() }
    }

    fn also_names(&mut self, member: &'static str, name: &'a str) {
        self.parameters.push((member, name));
    }

    fn also_names_any(&mut self, member: &'static str, name: Option<&'a str>) {
        self.parameters.extend(name.map(|name| (member, name)));
    }

    /// Adds a resource of another service that the request names.
    fn outside(&mut self, resource: Outside<'a>) {
        self.outside.push(resource);
    }

    fn about(&mut self, action: Action, resource: Resource<'a>, said: Said<'a>) -> Result<(), Exception> {
        let envelope = self.operation.validation().request;
        self.asked.push(Asked { action, resource, said: Said { envelope, ..said } });
        Ok(())
    }

    fn any(&mut self, action: Action) -> Result<(), Exception> {
        self.about(action, Resource::Any, Said::default())
    }

    fn table(&mut self, action: Action, name_or_arn: &'a str) -> Result<(), Exception> {
        self.about(action, Resource::Table(name_or_arn.into()), Said::default())
    }

    fn global_table(&mut self, action: Action, name: &'a str) -> Result<(), Exception> {
        self.about(action, Resource::GlobalTable(name), Said::default())
    }

    fn table_or_index(&mut self, action: Action, table_name: &'a str, index: Option<&'a str>) -> Result<(), Exception> {
        match index {
            Some(index) => self.about(action, Resource::Index(table_name.into(), index.into()), Said::default()),
            None => self.table(action, table_name),
        }
    }

    fn arn(&mut self, action: Action, arn: &'a str) -> Result<(), Exception> {
        self.about(action, Resource::Arn(arn), Said::default())
    }
}

/// A table in another region; none if no table has the name.
fn replica_arn(caller: &Caller, name: &str, region: &str) -> Option<String> {
    let place = table_place(caller, name, NameUse::Lookup).ok()?;
    Some(Place { region, ..place }.arn())
}

/// It is of no region.
fn global_table_arn(caller: &Caller, name: &str) -> String {
    format!("arn:aws:dynamodb::{}:global-table/{name}", caller.account)
}

/// The caller's ARN, as refusals name it.
pub(crate) fn user(caller: &Caller) -> Cow<'_, str> {
    caller.arn()
}

impl Service {
    /// Asks the policies about a request, if its caller has an identity.
    ///
    /// # Errors
    /// The refusal, if any of its questions is denied, or if its questions cannot be determined.
    pub async fn permit<R: Asks>(&self, caller: &Caller, operation: Operation, request: &R) -> Result<(), Exception> {
        self.permit_within(caller, operation, request, &WorkBudget::default()).await
    }

    /// As [`Service::permit`], for one of the parts of a request that are permitted each for itself.
    ///
    /// # Errors
    /// As for [`Service::permit`].
    pub(crate) async fn permit_within<R: Asks>(
        &self,
        caller: &Caller,
        operation: Operation,
        request: &R,
        work: &WorkBudget,
    ) -> Result<(), Exception> {
        match &caller.identity {
            Some(identity) => self.permit_all(caller, identity, operation, request, work).await,
            None => Ok(()),
        }
    }

    async fn permit_all<R: Asks>(
        &self,
        caller: &Caller,
        identity: &Identity,
        operation: Operation,
        request: &R,
        work: &WorkBudget,
    ) -> Result<(), Exception> {
        let mut asking = Asking::new(self, operation);
        request.ask(&mut asking)?;
        let mut effort = Effort::default();
        for asked in &asking.asked {
            let spent = work.spent();
            self.permit_one(caller, identity, asked, work).await?;
            // A batch whose policies are expensive makes room for others between its parts, as any large request does.
            effort.spend(work.spent().saturating_sub(spent) as usize * STEP_BYTES).await;
        }
        asking.outside.iter().try_for_each(|outside| outside.permit(caller, identity, work))
    }

    async fn permit_one(
        &self,
        caller: &Caller,
        identity: &Identity,
        asked: &Asked<'_>,
        work: &WorkBudget,
    ) -> Result<(), Exception> {
        let mut found = self.resource(caller, &asked.resource)?;
        if found.table.is_none() && !matches!(asked.resource, Resource::Any | Resource::Tables) {
            // It may be new on another node.
            self.catalog.refresh().await?;
            found = self.resource(caller, &asked.resource)?;
        }
        judge(caller, identity, asked, &found, work)
    }

    fn resource(&self, caller: &Caller, resource: &Resource<'_>) -> Result<Found, Exception> {
        let space = |rest: &str| {
            let arn = format!("arn:aws:dynamodb:{}:{}:{rest}", caller.region, caller.account);
            Found { arn, account: caller.account.clone(), table: None, policy: None, has_tags: false }
        };
        match resource {
            Resource::Any => Ok(Found { arn: "*".to_owned(), ..space("") }),
            Resource::Tables => Ok(space("table/*")),
            Resource::Streams(None) => Ok(space("table/*/stream/*")),
            Resource::Streams(Some(name)) => {
                let place = table_place(caller, name, NameUse::Lookup)?;
                Ok(Found { has_tags: false, ..self.at(place, Some("stream/*")) })
            }
            Resource::Table(name) => Ok(self.at(table_place(caller, name, NameUse::Lookup)?, None)),
            Resource::Index(name, index) => {
                let place = table_place(caller, name, NameUse::Lookup)?;
                Ok(self.at(place, Some(&format!("index/{index}"))))
            }
            Resource::Arn(text) => {
                let arn = TableArn::parse(text);
                Ok(match arn.and_then(|arn| Some((arn.place(caller)?, arn.rest))) {
                    Some((place, rest)) => self.at(place, rest),
                    None => Found { arn: (*text).to_owned(), ..space("") },
                })
            }
            Resource::Replica { name, region } => {
                let place = table_place(caller, name, NameUse::Lookup)?;
                Ok(self.at(Place { region, ..place }, None))
            }
            Resource::GlobalTable(name) => Ok(Found { arn: global_table_arn(caller, name), ..space("") }),
        }
    }

    /// A table, or what belongs to it.
    fn at(&self, place: Place<'_>, rest: Option<&str>) -> Found {
        let table = self.catalog.find(place);
        let arn = match rest {
            None => place.arn(),
            Some(rest) => format!("{}/{rest}", place.arn()),
        };
        let stream = rest.and_then(|rest| rest.strip_prefix("stream/"));
        let is_backup = rest.is_some_and(|rest| rest.starts_with("backup/"));
        let policy = match stream {
            // A backup has neither a policy nor tags, and outlives its table.
            None if is_backup => None,
            None => table.as_ref().and_then(|table| table.policy.clone()),
            Some(label) => self.stream_policy(place, table.as_deref(), label),
        };
        Found { arn, account: place.account.to_owned(), table, policy, has_tags: stream.is_none() && !is_backup }
    }

    /// What a stream says itself, its table being there or not any more.
    fn stream_policy(&self, place: Place<'_>, table: Option<&Table>, label: &str) -> Option<Arc<Policy>> {
        let of = |table: &Table| {
            let mut policies = table.stream_policies.iter();
            policies.find(|(own, _)| own == label).map(|(_, policy)| policy.clone())
        };
        let remaining = || self.catalog.remains_at(place).iter().find_map(|table| of(table));
        table.and_then(of).or_else(remaining)
    }

    /// Whether a caller could do something to a table or stream if that had this policy.
    pub(crate) fn would_permit(
        &self,
        caller: &Caller,
        action: Action,
        arn: &str,
        table: &Arc<Table>,
        policy: &Policy,
    ) -> bool {
        let Some(identity) = &caller.identity else { return true };
        let said = Said::default();
        let own = RequestContext::new(&said, Some(table), Some(&table.definition.tags));
        let account = &table.definition.account;
        let context = Globals { identity, region: &caller.region, resource_account: account, own: &own };
        let question = Question {
            principal: &identity.principal,
            action: action.name(),
            resource: arn,
            resource_account: account,
            resource_policy: Some(policy),
            context: &context,
        };
        decide(&question) == Decision::Allowed
    }
}

fn judge(
    caller: &Caller,
    identity: &Identity,
    asked: &Asked<'_>,
    found: &Found,
    work: &WorkBudget,
) -> Result<(), Exception> {
    let table = found.table.as_deref();
    let tags = table.filter(|_| found.has_tags).map(|table| &table.definition.tags);
    let own = RequestContext::new(&asked.said, table, tags);
    let context = Globals { identity, region: &caller.region, resource_account: &found.account, own: &own };
    let question = Question {
        principal: &identity.principal,
        action: asked.action.name(),
        resource: &found.arn,
        resource_account: &found.account,
        resource_policy: found.policy.as_deref().filter(|_| !is_rescue(identity, asked.action, found)),
        context: &context,
    };
    question.permit(work).map_err(refusal)?;
    own.problem().map_or(Ok(()), Err)
}

fn refusal(reason: Unpermitted) -> Exception {
    match reason {
        Unpermitted::Exhausted => Exception::LimitExceeded(reason.to_string()),
        Unpermitted::Denied(text) => Exception::AccessDenied(text),
    }
}

/// The root user takes away a policy of its account's, whatever that says. Source: API Reference, DeleteResourcePolicy.
fn is_rescue(identity: &Identity, action: Action, found: &Found) -> bool {
    let principal = &identity.principal;
    let is_root = principal.kind == PrincipalKind::Root && principal.account == found.account;
    is_root && action == Action::DeleteResourcePolicy
}
