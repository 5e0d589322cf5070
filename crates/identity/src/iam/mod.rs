//! IAM's API, version 2010-05-08: what each operation means.
//!
//! There is one list of operations: each names what it does, whether it changes anything, and the resource on which its
//! caller must be allowed to do it. Reading operations are functions of an account, changing ones of a draft.

mod access_key;
mod asked;
mod constraint;
mod holder;
pub(crate) mod managed;
mod permission;
mod target;
mod user;

use asked::Ask;
use auth::Caller;

use crate::query::{Api, Code, Refusal, Reply, Request, Xml};
use crate::store::{Account, Draft, Identities};

/// What stands in an operation's result, if it has one.
type Answer = Result<Option<Xml>, Refusal>;

enum Handler {
    Read(fn(&Ask<'_>, &Account) -> Answer),
    Write(fn(&Ask<'_>, &mut Draft) -> Answer),
    /// Asks beside the account when a key was last used.
    LastUsed,
}

struct Operation {
    name: &'static str,
    /// As policies name it.
    action: &'static str,
    handler: Handler,
    /// The ARN of what it is about.
    target: fn(&Ask<'_>, &Account) -> String,
}

macro_rules! operations {
    ($($name:ident $handler:expr, $target:expr;)+) => {
        const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            action: concat!("iam:", stringify!($name)),
            handler: $handler,
            target: $target,
        },)+];
    };
}

use Handler::{LastUsed, Read, Write};

operations! {
    CreateUser Write(user::create), target::new_user;
    GetUser Read(user::get), target::own_user;
    CreateAccessKey Write(access_key::create), target::own_user;
    GetAccessKeyLastUsed LastUsed, target::key_owner;
}

impl Identities {
    /// The answer to a request of IAM's API. Without an identity, the caller may do everything in its account.
    pub async fn answer(&self, caller: &Caller, request: &Request<'_>) -> Reply {
        let name = request.parameters.get("Action").unwrap_or_default();
        match self.answered(caller, request, name).await {
            Ok(result) => Reply::answer(Api::Iam, name, result.as_ref(), request.request_id),
            Err(refusal) => refusal.reply(Api::Iam, request.request_id),
        }
    }

    async fn answered(&self, caller: &Caller, request: &Request<'_>, name: &str) -> Answer {
        let Some(operation) = OPERATIONS.iter().find(|operation| operation.name == name) else {
            return Err(unknown(name, request));
        };
        let ask = Ask { identities: self, caller, parameters: request.parameters, now_ms: self.clock.now_ms() };
        let account = self.account(&caller.account);
        permission::check(&ask, operation.action, &(operation.target)(&ask, &account), &account)?;
        match operation.handler {
            Read(read) => read(&ask, &account),
            Write(write) => self.change(&caller.account, |draft| write(&ask, draft)).await,
            LastUsed => access_key::last_used(&ask, &account).await,
        }
    }
}

fn unknown(name: &str, request: &Request<'_>) -> Refusal {
    if name.is_empty() {
        return Refusal::new(Code::MissingAction, "The request must contain the parameter Action.");
    }
    let version = request.parameters.get("Version").unwrap_or("2010-05-08");
    Refusal::new(Code::InvalidAction, format!("Could not find operation {name} for version {version}"))
}
