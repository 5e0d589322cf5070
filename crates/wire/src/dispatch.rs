//! From an operation to its call through the gate of `ops`, and back.

use api::{Exception, Operation};
use auth::Caller;
use aws::{Reply, RequestContext, RequestFacts};
use bytes::Bytes;
use ops::allowance::{self, BodyCost};
use ops::{Call, Service, call};

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
            // Before the decoder and for every operation, also one that is not built: the memory that is reserved here is what
            // decoding takes.
            let admitted = BODY.admit(&body).await?;
            match operation {
                $(Operation::$operation => {
                    // Boxed, so that the future of the whole is not as large as the largest operation's.
                    admitted.run(Box::pin(answer_call::<call::$operation>(service, context, body))).await
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

/// A large body becomes up to thirty times as large. Short text is read slower than long.
const BODY: BodyCost = BodyCost { small_bytes: 64 * 1024, memory: memory_of, work_per_byte: 8 };

fn memory_of(body: &[u8]) -> usize {
    let count = || body.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count();
    let elements = allowance::in_one_go(body.len(), count);
    body.len() + elements * ELEMENT_MEMORY
}

fn reply(response: &impl Encode) -> Reply {
    let size = response.size_hint();
    let mut body = Vec::with_capacity(size.max(512));
    allowance::in_one_go(size, || response.encode(&mut body));
    Reply::new(200, body)
}

#[cfg(test)]
mod tests;
