//! Another access key for a root while its server runs, by IAM's own API: the new key is made, written down, and with it
//! the ones from before are deleted. Nothing is deleted before the new key is where it belongs, except a second key where
//! there are two already, which is as many as there may be.

use std::time::Duration;

use client::{Answer, Call, Credentials, Endpoint, SignedFor};
use zeroize::Zeroizing;

use super::output::{Made, Output, OutputArguments, account_of};
use super::profile::Keys;
use crate::outbound;

const IAM: (&str, &str) = ("iam", "2010-05-08");
const STS: (&str, &str) = ("sts", "2011-06-15");
const TIMEOUT: Duration = Duration::from_secs(30);
/// Other servers on the same database know a new key within two seconds.
const PROPAGATION_TRIES: usize = 50;
const PROPAGATION_PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn run(arguments: &OutputArguments, url: &str) -> Result<(), String> {
    let ca_bundle = arguments.ca_bundle.clone().or_else(outbound::ca_bundle);
    let endpoint = Endpoint::parse(url, ca_bundle.as_deref()).map_err(|error| error.to_string())?;
    // The key in the profile is the one that is replaced.
    let output = Output::of(arguments, true)?;
    let root = Root { credentials: credentials(&endpoint, &output, arguments)?, endpoint };
    root.check().await?;
    let before = root.keys().await?;
    if before.len() > 1 {
        for other in before.iter().filter(|id| **id != root.credentials.access_key) {
            root.delete(other).await?;
        }
    }
    let made = root.create().await?;
    output.put(&made).map_err(|error| {
        format!("{error}. The access key {} was made and is lost; delete it, and try again", made.keys.id)
    })?;
    let credentials = Credentials {
        access_key: made.keys.id.clone(),
        secret: made.keys.secret.to_string(),
        session_token: None,
        ..root.credentials.clone()
    };
    let root = Root { credentials, ..root };
    root.until_known().await?;
    for old in root.keys().await?.iter().filter(|id| **id != made.keys.id) {
        root.delete(old).await.map_err(|error| format!("the new access key works; {old} is still there: {error}"))?;
    }
    Ok(())
}

/// Of the profile, if it has any, or of the environment.
fn credentials(endpoint: &Endpoint, output: &Output, arguments: &OutputArguments) -> Result<Credentials, String> {
    let environment = Credentials::from_environment(endpoint, None).map_err(|error| error.to_string())?;
    let kept = match output {
        Output::File(target) => (target.keys()?, target.exists()?),
        Output::Print(_) => (None, false),
    };
    match kept {
        (Some(Keys { id, secret, token }), _) => {
            Ok(Credentials { access_key: id, secret: secret.to_string(), session_token: token, ..environment })
        }
        (None, true) if !arguments.replace_profile => {
            Err("the profile exists and has no keys; --replace-profile puts the new ones into it".to_owned())
        }
        (None, _) if std::env::var_os("AWS_ACCESS_KEY_ID").is_none_or(|id| id.is_empty()) => {
            let profile = arguments.profile.as_deref().map(|name| format!("there is no profile {name}, and "));
            Err(format!(
                "{}AWS_ACCESS_KEY_ID is not set: name the profile of the root with --profile, or set its access key",
                profile.unwrap_or_default()
            ))
        }
        (None, _) => Ok(environment),
    }
}

/// The root of an account, as a server sees it.
struct Root {
    credentials: Credentials,
    endpoint: Endpoint,
}

impl Root {
    async fn check(&self) -> Result<(), String> {
        let xml = self.ask(STS, "GetCallerIdentity", &[]).await?;
        let arn = element(&xml, "Arn").unwrap_or_default();
        match arn.ends_with(":root") {
            true => Ok(()),
            false => Err(format!(
                "the access key {} is that of {arn}, and not a root's; name the profile of the root with --profile",
                self.credentials.access_key
            )),
        }
    }

    /// The ids of the root's access keys.
    async fn keys(&self) -> Result<Vec<String>, String> {
        let xml = self.ask(IAM, "ListAccessKeys", &[]).await?;
        let ids = xml.split("<AccessKeyId>").skip(1);
        Ok(ids.filter_map(|rest| rest.split_once('<')).map(|(id, _)| id.to_owned()).collect())
    }

    async fn create(&self) -> Result<Made, String> {
        let xml = self.ask(IAM, "CreateAccessKey", &[]).await?;
        let [id, secret, created] = ["AccessKeyId", "SecretAccessKey", "CreateDate"].map(|name| element(&xml, name));
        let (Some(id), Some(secret), Some(created)) = (id, secret, created) else {
            return Err("the server's answer to CreateAccessKey holds no access key".to_owned());
        };
        let keys = Keys { id: id.to_owned(), secret: Zeroizing::new(secret.to_owned()), token: None };
        Ok(Made { account: account_of(id), keys, created: created.to_owned() })
    }

    async fn delete(&self, id: &str) -> Result<(), String> {
        self.ask(IAM, "DeleteAccessKey", &[("AccessKeyId", id)]).await.map(|_| ())
    }

    /// Waits until the server that answers knows the key.
    async fn until_known(&self) -> Result<(), String> {
        let mut tried = 1;
        loop {
            match self.check().await {
                Err(_) if tried < PROPAGATION_TRIES => tried += 1,
                done => {
                    return done
                        .map_err(|error| format!("the new access key does not work, the old ones stay: {error}"));
                }
            }
            tokio::time::sleep(PROPAGATION_PAUSE).await;
        }
    }

    /// The XML of a good answer. Parameters need no encoding.
    async fn ask(
        &self,
        (service, version): (&'static str, &str),
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Zeroizing<String>, String> {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body.push_str(&format!("&{name}={value}"));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let call = Call { method: "POST", target: "/", headers: &headers, body: body.into() };
        let signed = SignedFor { credentials: &self.credentials, service };
        let answer = call.send(&self.endpoint, Some(signed), TIMEOUT).await;
        let Answer { status, body, .. } = answer.map_err(|trouble| format!("{}: {trouble}", self.endpoint.url))?;
        let xml = Zeroizing::new(String::from_utf8(body).map_err(|_| format!("{action}: the answer is no text"))?);
        match status {
            200 => Ok(xml),
            _ => Err(format!(
                "{action} was refused ({}): {}",
                element(&xml, "Code").unwrap_or("no reason"),
                element(&xml, "Message").unwrap_or_default()
            )),
        }
    }
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(value, _)| value)
}
