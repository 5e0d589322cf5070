//! Signed requests to the server under test.

use client::{Answer, Call, Connection, Credentials, Endpoint, SignedFor, Trouble};
use serde_json::Value;

use crate::program::PATIENCE;
use crate::test_server::TestServer;

impl TestServer {
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&self.url(), None).expect("a URL")
    }

    /// DynamoDB's response, or its refusal.
    pub(crate) fn ask(&self, key: &Credentials, operation: api::Operation, request: &Value) -> Result<Value, Trouble> {
        ask(&self.endpoint(), key, operation, request)
    }

    /// The response of any service.
    pub(crate) fn send(&self, call: &Call<'_>, signed_for: Option<SignedFor<'_>>) -> Answer {
        block_on(call.send(&self.endpoint(), signed_for, PATIENCE)).expect("an answer")
    }

    /// The response of IAM or STS.
    pub(crate) fn send_form(&self, signed_for: Option<SignedFor<'_>>, form: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        self.send(&Call { method: "POST", target: "/", headers: &headers, body: form.to_owned().into() }, signed_for)
    }
}

pub(crate) fn ask(
    endpoint: &Endpoint,
    key: &Credentials,
    operation: api::Operation,
    request: &Value,
) -> Result<Value, Trouble> {
    let mut connection = Connection::new(endpoint, key, PATIENCE);
    block_on(async {
        connection.open().await?;
        connection.prepare(operation, request.to_string().as_bytes());
        let body = connection.exchange().await?;
        Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(body).expect("JSON") })
    })
}

/// An access key, which signs for us-east-1.
pub(crate) fn key(access_key: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials {
        access_key: access_key.to_owned(),
        secret: secret.to_owned(),
        session_token: token.map(str::to_owned),
        region: "us-east-1".to_owned(),
    }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}
