//! An event as it is written: one of CloudTrail's records.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents".

use auth::Caller;
use base::Clock;
use hyper::header;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value};

use super::action::{Action, Category};
use super::identity::UserIdentity;
use super::outcome::Outcome;
use crate::log::time::rfc3339;
use crate::seats::Seat;

const VERSION: &str = "1.11";
/// CloudTrail's own bound. Unit: bytes.
const USER_AGENT_SIZE_MAX: usize = 1024;
const HOST_SIZE_MAX: usize = 255;

/// An event that has not ended yet.
pub(crate) struct Draft {
    action: Action,
    began_ms: u64,
    who: UserIdentity,
    region: Option<String>,
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
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a Map<String, Value>>,
    response_elements: (),
    #[serde(rename = "requestID")]
    request_id: &'a str,
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
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails<'a>>,
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
    pub(super) fn new(action: Action) -> Draft {
        Draft { action, began_ms: Clock::system().now_ms(), who: UserIdentity::unknown(None), region: None }
    }

    /// Who asks is known, and is who they say.
    pub(crate) fn by(&mut self, caller: &Caller) {
        self.who = UserIdentity::of(caller);
        self.region = Some(caller.region.clone());
    }

    /// Who asks is not let in.
    pub(crate) fn by_nobody(&mut self, claimed: Option<&str>) {
        self.who = UserIdentity::unknown(claimed);
    }

    pub(super) fn into_line(
        self,
        head: &Parts,
        seat: &Seat,
        request_id: &str,
        outcome: &Outcome,
        region: &str,
    ) -> Vec<u8> {
        let region = self.region.as_deref().unwrap_or(region);
        let account = self.who.account_id.as_deref();
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let authority = || head.uri.authority().map(|authority| authority.as_str());
        let host = text(header::HOST).or_else(authority).filter(|host| host.len() <= HOST_SIZE_MAX);
        let action = &self.action;
        let record = Record {
            event_version: VERSION,
            user_identity: &self.who,
            event_time: format!("{}Z", &rfc3339(self.began_ms)[..19]),
            event_source: action.source,
            event_name: &action.name,
            aws_region: region,
            source_ip_address: seat.transport().peer.to_string(),
            // A header's text is ASCII: it can be cut anywhere.
            user_agent: text(header::USER_AGENT).map(|agent| &agent[..agent.len().min(USER_AGENT_SIZE_MAX)]),
            error_code: outcome.error.as_deref(),
            error_message: outcome.message.as_deref(),
            request_parameters: Some(&action.parameters).filter(|parameters| !parameters.is_empty()),
            response_elements: (),
            request_id,
            event_id: base::random::uuid_v4(),
            read_only: action.read_only,
            resources: account.map(|account| resources(action, account, region)).unwrap_or_default(),
            event_type: "AwsApiCall",
            api_version: action.api_version,
            management_event: action.category == Category::Management,
            recipient_account_id: account,
            event_category: action.category.name(),
            tls_details: seat.tls().map(|tls| TlsDetails {
                tls_version: tls.version,
                cipher_suite: &tls.cipher_suite,
                client_provided_host_header: host,
            }),
        };
        let mut line = serde_json::to_vec(&record).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// Tables and streams by their ARNs.
fn resources(action: &Action, account: &str, region: &str) -> Vec<Resource> {
    let resource = |name: &String| {
        let arn = match name.starts_with("arn:") {
            true => name.clone(),
            false => format!("arn:aws:dynamodb:{region}:{account}:table/{name}"),
        };
        let r#type = match &arn {
            arn if arn.contains(":role/") => "AWS::IAM::Role",
            arn if arn.contains("/stream/") => "AWS::DynamoDB::Stream",
            _ => "AWS::DynamoDB::Table",
        };
        // An ARN may be of somebody else's table.
        let account_id = name.split(':').nth(4).unwrap_or(account).to_owned();
        Resource { account_id, r#type, arn }
    };
    action.resources.iter().map(resource).collect()
}
