//! The output of a new access key: to standard output, as a profile or as JSON, or into the AWS CLI's credentials file.

use std::io::Write;
use std::path::PathBuf;

use auth::issued_account;
use clap::{Args, ValueEnum};
use serde_json::json;
use zeroize::Zeroizing;

use super::credentials_file::Target;
use super::profile::{self, Keys};
use crate::log::{self, Value};

#[derive(Args, Debug)]
pub(crate) struct OutputArguments {
    /// Write the access key into this profile of the AWS CLI's credentials file (AWS_SHARED_CREDENTIALS_FILE or
    /// ~/.aws/credentials) instead of printing it. All else in the file stays
    #[arg(long, value_name = "NAME", value_parser = profile::name, conflicts_with = "output")]
    pub(super) profile: Option<String>,

    /// If the profile exists, replace its keys, and remove what would have clients take others (role_arn, credential_process,
    /// sso_…)
    #[arg(long, requires = "profile")]
    pub(super) replace_profile: bool,

    /// How the access key is printed
    #[arg(long, value_name = "FORMAT", default_value = "profile")]
    pub(super) output: Format,

    /// With --rotate-root: ask the server at this URL, which keeps running, as the root whose key is in the profile or in
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long, value_name = "URL", requires = "rotate_root")]
    pub(super) endpoint: Option<String>,

    /// File of the authorities that may have signed the certificate of --endpoint, instead of AWS_CA_BUNDLE or the system's
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    pub(super) ca_bundle: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    /// As the AWS CLI's credentials file has it
    Profile,
    /// As 'aws iam create-access-key' answers
    Json,
}

/// A root's access key that was made.
pub(super) struct Made {
    pub(super) account: String,
    pub(super) keys: Keys,
    /// As IAM writes times.
    pub(super) created: String,
}

/// Where a key will go, settled before there is one.
pub(super) enum Output {
    Print(Format),
    File(Box<Target>),
}

impl Output {
    pub(super) fn of(arguments: &OutputArguments, replace: bool) -> Result<Output, String> {
        match &arguments.profile {
            None => Ok(Output::Print(arguments.output)),
            Some(name) => Ok(Output::File(Box::new(Target::find(name, replace)?))),
        }
    }

    /// # Errors
    /// If the key cannot be written; then it is lost.
    pub(super) fn put(&self, made: &Made) -> Result<(), String> {
        match self {
            Output::Print(format) => print(&printed(*format, made)),
            Output::File(target) => {
                target.write(&made.keys, &remark(&made.account))?;
                let file = target.file().display().to_string();
                let message =
                    format!("the access key {} of account {}'s root is in {file}", made.keys.id, made.account);
                log::info("root_key_written", &message, &[("file", Value::Text(&file))]);
                Ok(())
            }
        }
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| format!("cannot print the access key: {error}"))
}

fn remark(account: &str) -> String {
    format!("the root of account {account}")
}

fn printed(format: Format, made: &Made) -> Zeroizing<String> {
    let Keys { id, secret, .. } = &made.keys;
    Zeroizing::new(match format {
        Format::Profile => format!(
            "# {}\n[default]\naws_access_key_id = {id}\naws_secret_access_key = {}\n",
            remark(&made.account),
            &**secret
        ),
        Format::Json => {
            let key = json!({
                "AccessKeyId": id,
                "Status": "Active",
                "SecretAccessKey": &**secret,
                "CreateDate": made.created,
            });
            format!("{:#}\n", json!({ "AccessKey": key, "Account": made.account }))
        }
    })
}

/// The account that an access key's id holds, for messages.
pub(super) fn account_of(id: &str) -> String {
    issued_account(id).unwrap_or_default()
}
