//! Where the actions of alarms lead to, and how they are executed.
//!
//! | action | what is sent |
//! |---|---|
//! | `http://…`, `https://…` | the message, as JSON, by POST: if the server may be called (`client::Egress`) |
//! | `arn:aws:sns:REGION:ACCOUNT:TOPIC` | Publish to `--sns-endpoint`, signed with the server's keys: of the alarm's account's topics (`auth::ServiceArns`) |
//! | all others | nothing: the history says why |
//!
//! What a target answers is for the log alone: callers choose URLs, and would read by the server what only it can reach.

use std::path::PathBuf;
use std::time::Duration;

use auth::ServiceArns;
use bytes::Bytes;
use client::{
    Answer, AwsCall, Backoff, Call, Credentials, Egress, Endpoint, Holder, ReplyBounds, Retries, Server, SignedFor,
    Trouble, Url, Via, aws_call, reserve_call,
};

use crate::alarm::PendingAction;

/// Of one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts behind the first one, and the pauses between them. Unit: milliseconds.
const RETRIES: u32 = 2;
const PAUSES_MS: (u64, u64) = (1_000, 4_000);
/// What of an answer is read, and what the log has of it. Unit: bytes.
const ANSWER_BYTES: ReplyBounds = ReplyBounds { read: 64 * 1024, kept: 1024 };

/// Where actions lead to.
#[derive(Clone, Debug)]
pub struct ActionTargets {
    /// Where topics are: a URL, which is looked up when it is needed.
    pub sns: Option<String>,
    /// Authorities to believe instead of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Which servers the URLs of alarms may lead to.
    pub egress: Egress,
    /// Whose topics an account may name.
    pub service_arns: ServiceArns,
    /// Whether this process executes none: they wait for one that does.
    pub paused: bool,
}

impl Default for ActionTargets {
    fn default() -> ActionTargets {
        let (egress, service_arns) = (Egress::open(), ServiceArns::open());
        ActionTargets { sns: None, ca_bundle: None, egress, service_arns, paused: false }
    }
}

/// An action as it is executed.
enum Target<'a> {
    Url(Url),
    Topic { arn: &'a str, region: &'a str },
}

/// The region and the name of an alarm.
pub(crate) type AlarmName = (String, String);

/// The alarms with actions that this process knows of, by account.
pub(crate) type DueActions = jobs::Lines<String, AlarmName>;

impl ActionTargets {
    /// Why an action of an account's alarm is not executed, as callers see it; none if it is attempted.
    pub(crate) fn refusal(&self, account: &str, action: &str) -> Option<String> {
        self.target(account, action).err()
    }

    fn target<'a>(&self, account: &str, action: &'a str) -> Result<Target<'a>, String> {
        if action.starts_with("http://") || action.starts_with("https://") {
            let url = Url::parse(action).map_err(|error| format!("It is not a URL: {error}"))?;
            self.egress.check_text(&url).map_err(|closed| closed.to_string())?;
            return Ok(Target::Url(url));
        }
        let ["arn", _, "sns", region, _, topic] = action.splitn(6, ':').collect::<Vec<_>>()[..] else {
            return Err("This server calls URLs and SNS topics alone".to_owned());
        };
        if self.sns.is_none() {
            return Err("This server has no --sns-endpoint".to_owned());
        }
        if !auth::credential::is_region(region) || topic.is_empty() {
            return Err("It is not a topic".to_owned());
        }
        if !self.service_arns.allows(account, action) {
            return Err("The topic is another account's, and not allowed with --allow-arn".to_owned());
        }
        Ok(Target::Topic { arn: action, region })
    }

    /// Executes an action.
    ///
    /// # Errors
    /// What went wrong: as callers see it, and for the log.
    pub(crate) async fn execute(&self, account: &str, pending: &PendingAction) -> Result<(), (String, String)> {
        let target = self.target(account, &pending.action).map_err(|why| (why.clone(), why))?;
        let holder = Holder::new(account, "alarms");
        let answer = match &target {
            Target::Url(url) => self.post(url, &pending.message, &holder).await,
            Target::Topic { arn, region } => self.publish(arn, region, pending, &holder).await,
        };
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => {
                let text = String::from_utf8_lossy(&answer.body).escape_debug().to_string();
                let status = answer.status;
                Err((format!("The endpoint answered with status {status}"), format!("status {status}: {text}")))
            }
            Err(trouble) => Err(("The endpoint could not be reached".to_owned(), trouble.to_string())),
        }
    }

    async fn post(&self, url: &Url, message: &str, holder: &Holder) -> Result<Answer, Trouble> {
        let mut backoff = Backoff::new(PAUSES_MS.0, PAUSES_MS.1);
        let mut left = RETRIES;
        loop {
            let answer = self.post_once(url, message, holder).await;
            let may_pass = match &answer {
                Ok(answer) => matches!(answer.status, 408 | 429 | 500..),
                Err(trouble) => matches!(trouble, Trouble::Connection(_) | Trouble::Timeout),
            };
            if left == 0 || !may_pass {
                return answer;
            }
            left -= 1;
            backoff.pause().await;
        }
    }

    /// A name is looked up, and authorities are read, each time: receivers move.
    async fn post_once(&self, url: &Url, message: &str, holder: &Holder) -> Result<Answer, Trouble> {
        let _reservation = within(reserve_call(holder)).await?;
        let finding = Endpoint::find(url, self.ca_bundle.clone(), &self.egress, Some(holder));
        let endpoint = within(finding).await?.map_err(|failure| Trouble::Unusable(failure.to_string()))?;
        let (headers, body) = ([("content-type", "application/json")], Bytes::from(message.to_owned()));
        let call = Call { method: "POST", target: url.target(), headers: &headers, body };
        call.send_within(&endpoint, None, TIMEOUT, ANSWER_BYTES).await
    }

    /// Source: SNS API Reference, Publish.
    async fn publish(
        &self,
        arn: &str,
        region: &str,
        pending: &PendingAction,
        holder: &Holder,
    ) -> Result<Answer, Trouble> {
        let unusable = |failure: client::Failure| Trouble::Unusable(failure.to_string());
        let url = self.sns.as_deref().unwrap_or_default();
        let server = Server::parse(url, self.ca_bundle.clone()).map_err(unusable)?;
        let credentials = &Credentials::for_server(&server, Some(region)).map_err(unusable)?;
        let encoded = |text: &str| base::percent_encoded(text.as_bytes()).into_owned();
        let (topic, subject, message) = (encoded(arn), encoded(&pending.subject), encoded(&pending.message));
        let body =
            format!("Action=Publish&Version=2010-03-31&TopicArn={topic}&Subject={subject}&Message={message}").into();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let call = AwsCall {
            call: Call { method: "POST", target: "/", headers: &headers, body },
            signed_for: SignedFor { credentials, service: "sns" },
            timeout: TIMEOUT,
            reply: ANSWER_BYTES,
            retries: Retries::new(RETRIES, Backoff::new(PAUSES_MS.0, PAUSES_MS.1)),
        };
        aws_call(Via::Reserving(&server, holder), &call).await
    }
}

async fn within<F: Future>(waiting: F) -> Result<F::Output, Trouble> {
    tokio::time::timeout(TIMEOUT, waiting).await.map_err(|_| Trouble::Timeout)
}
