//! From an operation to its call through the gate of `ops`, and back.

use api::{Exception, Operation};
use auth::Caller;
use aws::{Reply, RequestContext, RequestFacts};
use bytes::Bytes;
use ops::{Call, Service, allowance, call};

use crate::decode::Decode;
use crate::encode::Encode;
use crate::{decode, exception};

/// Answers one request. Never fails: a refusal is a reply too.
pub async fn handle(service: &Service, operation: Operation, context: RequestContext<'_>, body: Bytes) -> Reply {
    answer(service, operation, context, body).await.unwrap_or_else(|refusal| exception(&refusal))
}

/// Defines what depends on the operation, for each that is built; another one answers that it is not.
macro_rules! dispatch {
    ($($operation:ident)+) => {
        /// The operations that are built.
        #[cfg(test)]
        const BUILT: &[Operation] = &[$(Operation::$operation,)+];

        async fn answer(
            service: &Service,
            operation: Operation,
            context: RequestContext<'_>,
            body: Bytes,
        ) -> Result<Reply, Exception> {
            let size = body.len();
            let is_large = size > BODY_SMALL_BYTES;
            if is_large {
                reserve(&body).await?;
            }
            match operation {
                $(Operation::$operation => {
                    // Boxed, so that the future of the whole is not as large as the largest operation's.
                    let work = Box::pin(answer_call::<call::$operation>(service, context, body));
                    if is_large { allowance::heavy(size * WORK_PER_BYTE, work).await } else { work.await }
                })+
                _ => Err(Exception::NotBuilt(operation)),
            }
        }

        /// What a request names, by the decoder that its execution uses; `None` if it cannot be decoded.
        pub(crate) fn facts(service: &Service, operation: Operation, caller: &Caller, body: &[u8]) -> Option<RequestFacts> {
            match operation {
                $(Operation::$operation => facts_of::<call::$operation>(service, caller, body),)+
                _ => None,
            }
        }
    };
}

ops::built_operations!(dispatch);

async fn answer_call<C>(service: &Service, context: RequestContext<'_>, body: Bytes) -> Result<Reply, Exception>
where
    C: Call<Request: Decode, Response: Encode>,
{
    let request = decode::request(C::OPERATION, &body, C::validate)?;
    // The request has what it needs of the body, which may be large.
    drop(body);
    service.execute::<C>(context, request).await.map(|response| reply(&response))
}

/// Nothing is executed: constraints alone are checked, not what comes between them.
fn facts_of<C: Call<Request: Decode>>(service: &Service, caller: &Caller, body: &[u8]) -> Option<RequestFacts> {
    let request = decode::request::<C::Request>(C::OPERATION, body, decode::nothing).ok()?;
    Some(service.facts(caller, C::OPERATION, &request))
}

/// What one opening bracket or comma of a body may come to in memory: an empty list is as much as a number, and vectors
/// have more room than they need. Measured; the dearest text, a list of maps of one attribute, takes 86. Unit: bytes.
const ELEMENT_MEMORY: usize = 96;

/// Up to here a body needs no memory or time worth counting. Unit: bytes.
const BODY_SMALL_BYTES: usize = 64 * 1024;
/// Short text is read slower than long: a byte of a body is as much work as so many that are only looked at.
const WORK_PER_BYTE: usize = 8;

/// Takes the memory that a request is going to need: a large body becomes up to thirty times as large.
async fn reserve(body: &[u8]) -> Result<(), Exception> {
    let count = || body.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count();
    let elements = allowance::in_one_go(body.len(), count);
    allowance::reserve(body.len() + elements * ELEMENT_MEMORY).await
}

fn reply(response: &impl Encode) -> Reply {
    let size = response.size_hint();
    let mut body = Vec::with_capacity(size.max(512));
    allowance::in_one_go(size, || response.encode(&mut body));
    Reply::new(200, body)
}

#[cfg(test)]
mod tests;
