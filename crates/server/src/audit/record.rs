//! An event as it is written: one of CloudTrail's records.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents".

use std::sync::{Arc, OnceLock};

use ::aws::RequestFacts;
use api::Operation;
use auth::Caller;
use autoscaling::{Access, CapacityChange};
use base::{Clock, cut};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::oneshot;

use super::action::{Action, Category, DYNAMODB};
use super::identity::UserIdentity;
use super::names::{NameCounts, Names, shown};
use super::origin::{Origin, USER_AGENT_UNKNOWN_SIZE_MAX};
use super::outcome::Outcome;
use super::unauthenticated::HeldBack;
use super::writer::Message;
use super::{Audit, PATIENCE, Unaudited};
use crate::answer::Answer;
use crate::log::time::rfc3339;

const VERSION: &str = "1.11";
/// Unit: bytes.
const MESSAGE_SIZE_MAX: usize = 2048;

/// An event that has not ended yet. One whose request is given up once it may have been executed ends with that.
pub(crate) struct Draft {
    audit: Arc<Audit>,
    action: Action,
    origin: Origin,
    began_ms: u64,
    who: UserIdentity,
    region: Option<String>,
    names: OnceLock<Names>,
    /// Its room in the queue, from before the request is executed.
    slot: Option<OwnedPermit<Message>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: &'a UserIdentity,
    event_time: String,
    event_source: &'static str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress", skip_serializing_if = "Option::is_none")]
    source_ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a Map<String, Value>>,
    response_elements: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<Additional<'a>>,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource>,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'static str>,
    management_event: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event_details: Option<Details>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Additional<'a> {
    #[serde(flatten)]
    counts: Option<NameCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement_errors: Option<&'a [Option<String>]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    requests: u64,
    since: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    account_id: String,
    r#type: &'static str,
    #[serde(rename = "ARN")]
    arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails<'a> {
    tls_version: &'static str,
    cipher_suite: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_provided_host_header: Option<&'a str>,
}

impl Draft {
    pub(super) fn new(audit: &Arc<Audit>, action: Action, origin: Origin) -> Draft {
        Draft {
            audit: Arc::clone(audit),
            action,
            origin,
            began_ms: Clock::system().now_ms(),
            who: UserIdentity::unknown(None),
            region: None,
            names: OnceLock::new(),
            slot: None,
        }
    }

    /// The caller is known.
    pub(crate) fn by(&mut self, caller: &Caller) {
        self.who = UserIdentity::of(caller);
        self.region = Some(caller.region.clone());
    }

    /// The caller is not let in, and claims this access key.
    pub(crate) fn by_unknown(&mut self, claimed: Option<&str>) {
        self.who = UserIdentity::unknown(claimed);
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.who.is_unknown()
    }

    pub(super) fn began_ms(&self) -> u64 {
        self.began_ms
    }

    /// Takes room in the queue, so that nothing is done without its event.
    ///
    /// # Errors
    /// If the request must not be executed, for there is none.
    pub(crate) async fn reserve(&mut self) -> Result<(), Unaudited> {
        let audit = Arc::clone(&self.audit);
        self.slot = audit.reserve(self.is_unknown()).await?;
        Ok(())
    }

    /// The request is decoded.
    pub(crate) fn decoded(&self, facts: &RequestFacts) {
        // Only the first one counts, and there is no second.
        let _ = self.names.set(Names::of(self.action.operation, facts));
    }

    /// The event is as good as written, or counted as lost or held back.
    ///
    /// # Errors
    /// If requests must be audited, this one was executed, and its event is not in the file after a moment.
    pub(crate) async fn end(mut self, outcome: &Outcome) -> Result<(), Unaudited> {
        let slot = self.slot.take();
        if !self.audit.required || outcome.is_denial() {
            self.audit.end(&self, slot, outcome, None);
            return Ok(());
        }
        let (done, written) = oneshot::channel();
        self.audit.end(&self, slot, outcome, Some(done));
        let written = tokio::time::timeout(PATIENCE, written).await;
        written.ok().and_then(Result::ok).ok_or(Unaudited::Unwritten)
    }

    /// The service that has the request, as CloudTrail names it.
    pub(crate) fn source(&self) -> &'static str {
        self.action.source
    }

    /// How the request ended.
    pub(crate) fn outcome(&self, answer: &Answer) -> Outcome {
        match self.action.makes() {
            Some(making) => Outcome::of_making(making, answer),
            None if self.action.operation == Some(Operation::BatchExecuteStatement) => Outcome::of_statements(answer),
            None => Outcome::of(answer),
        }
    }

    pub(super) fn line(&self, outcome: &Outcome, region: &str) -> Vec<u8> {
        let Draft { action, origin, .. } = self;
        let region = self.region.as_deref().unwrap_or(region);
        let account = self.who.account_id.as_deref();
        let none = Names::default();
        let names = self.names.get().unwrap_or(&none);
        // A caller that may do nothing writes small events, however large its requests are.
        let few = outcome.is_denial().then(|| names.of_refused());
        let names = few.as_ref().unwrap_or(names);
        // The sentence of a refusal may repeat what is in the place of an access key's id.
        let message = outcome.message.as_deref().filter(|_| !names.has_cut_key);
        let statement_errors = outcome.statement_errors.as_deref();
        let agent_size_max = if self.is_unknown() { USER_AGENT_UNKNOWN_SIZE_MAX } else { usize::MAX };
        let record = Record {
            source_ip_address: Some(origin.state.transport().peer.to_string()),
            user_agent: origin.user_agent.as_deref().map(|agent| cut(agent, agent_size_max)),
            error_code: outcome.error.as_deref(),
            error_message: message.map(|message| cut(message, MESSAGE_SIZE_MAX)),
            request_parameters: Some(&names.parameters).filter(|parameters| !parameters.is_empty()),
            response_elements: outcome.made.as_ref(),
            additional_event_data: (names.counts.is_some() || statement_errors.is_some())
                .then_some(Additional { counts: names.counts, statement_errors }),
            request_id: Some(&origin.request_id),
            read_only: names.writes.map_or(action.read_only, |writes| !writes),
            resources: account.map(|account| resources(&names.resources, account)).unwrap_or_default(),
            api_version: action.api_version,
            management_event: action.category == Category::Management,
            recipient_account_id: account,
            event_category: action.category.name(),
            tls_details: origin.state.tls().map(|tls| TlsDetails {
                tls_version: tls.version,
                cipher_suite: &tls.cipher_suite,
                client_provided_host_header: origin.host.as_deref(),
            }),
            ..Record::new(&self.who, self.began_ms, action.source, &action.name, region)
        };
        record.into_line()
    }
}

impl Drop for Draft {
    /// The client has disconnected, or the server ends: what has begun may have been done.
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.audit.end(self, Some(slot), &Outcome::given_up(), None);
        }
    }
}

/// The event of unauthenticated requests that have no events of their own.
pub(super) fn summary(held_back: HeldBack, now_ms: u64, region: &str) -> Vec<u8> {
    let details = Details { requests: held_back.requests, since: time(held_back.since_ms) };
    let who = UserIdentity::unknown(None);
    let record = Record {
        service_event_details: Some(details),
        event_type: "AwsServiceEvent",
        ..Record::new(&who, now_ms, DYNAMODB, "UnauthenticatedRequests", region)
    };
    record.into_line()
}

/// The event of what a user of this machine does over the operator's socket.
pub(super) fn of_operator(name: &str, uid: u32, now_ms: u64, region: &str) -> Vec<u8> {
    let who = UserIdentity::operator(uid);
    Record { event_type: "AwsServiceEvent", ..Record::new(&who, now_ms, DYNAMODB, name, region) }.into_line()
}

/// The event of a change that Application Auto Scaling has made, or that the table has refused.
pub(super) fn of_scaling(change: &CapacityChange<'_>, now_ms: u64) -> Vec<u8> {
    let CapacityChange { of, access, units, cause, by, failure } = *change;
    let who = UserIdentity::service("dynamodb.application-autoscaling.amazonaws.com", of.account);
    let units_of = match access {
        Access::Read => "readCapacityUnits",
        Access::Write => "writeCapacityUnits",
    };
    let mut parameters = Map::new();
    let texts =
        [("tableName", Some(of.table)), ("indexName", of.index), ("cause", Some(cause)), ("requestedBy", Some(by))];
    parameters.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), shown(text?).into()))));
    parameters.insert(units_of.to_owned(), units.into());
    let arn = format!("arn:aws:dynamodb:{}:{}:table/{}", of.region, of.account, of.table);
    let record = Record {
        error_code: failure.map(|_| "ChangeRefused"),
        error_message: failure.map(|failure| cut(&failure.reason, MESSAGE_SIZE_MAX)),
        request_parameters: Some(&parameters),
        read_only: false,
        resources: resources(&[arn], of.account),
        recipient_account_id: Some(of.account),
        event_type: "AwsServiceEvent",
        ..Record::new(&who, now_ms, DYNAMODB, "UpdateTable", of.region)
    };
    record.into_line()
}

impl<'a> Record<'a> {
    fn new(
        user_identity: &'a UserIdentity,
        began_ms: u64,
        event_source: &'static str,
        event_name: &'a str,
        aws_region: &'a str,
    ) -> Record<'a> {
        Record {
            event_version: VERSION,
            user_identity,
            event_time: time(began_ms),
            event_source,
            event_name,
            aws_region,
            source_ip_address: None,
            user_agent: None,
            error_code: None,
            error_message: None,
            request_parameters: None,
            response_elements: None,
            additional_event_data: None,
            request_id: None,
            event_id: base::random::uuid_v4(),
            read_only: true,
            resources: Vec::new(),
            event_type: "AwsApiCall",
            api_version: None,
            management_event: true,
            recipient_account_id: None,
            service_event_details: None,
            event_category: Category::Management.name(),
            tls_details: None,
        }
    }

    fn into_line(self) -> Vec<u8> {
        let line = serde_json::to_string(&self).unwrap_or_default();
        let mut line = base::into_visible(line).into_bytes();
        line.push(b'\n');
        line
    }
}

fn time(ms: u64) -> String {
    format!("{}Z", &rfc3339(ms)[..19])
}

/// Tables, streams and roles.
fn resources(arns: &[String], account: &str) -> Vec<Resource> {
    let resource = |arn: &String| Resource {
        // An ARN may be of another account's table.
        account_id: arn.split(':').nth(4).unwrap_or(account).to_owned(),
        r#type: match arn {
            arn if arn.contains(":role/") => "AWS::IAM::Role",
            arn if arn.contains("/stream/") => "AWS::DynamoDB::Stream",
            _ => "AWS::DynamoDB::Table",
        },
        arn: arn.clone(),
    };
    arns.iter().map(resource).collect()
}
