//! What peers call: one path on a listener of its own. A client of it is known by its certificate alone, which must be for the host
//! that the `--peer` of its region names; it is answered about replication and about nothing else.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use ops::allowance::MemoryBudget;
use ops::peers::{MESSAGE_BYTES_MAX, Message};
use tokio::sync::Semaphore;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;

use super::PATH;
use super::calls::decompress;
use crate::answer::{Answer, ContentType};
use crate::body::BodyReader;
use crate::connection_states::ConnectionState;
use crate::listener::Responder;
use crate::operator::too_many_pages;
use crate::unsent::AnswerBody;

/// Messages that are decompressed and answered at once. The others wait, compressed.
const ANSWERED_MAX: usize = 8;

/// Answers peers.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) service: Arc<ops::Service>,
    /// The hosts of the regions' processes, as their URLs name them.
    pub(super) hosts: Arc<[(String, ServerName<'static>)]>,
    /// Peers have no certificates.
    pub(super) is_insecure: bool,
    pub(super) bodies: Arc<BodyReader>,
    /// For answers that peers do not read.
    pub(super) memory: Arc<MemoryBudget>,
    pub(super) answered: Arc<Semaphore>,
}

impl Endpoint {
    pub(super) fn answered() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(ANSWERED_MAX))
    }

    async fn answer(&self, request: Request<Incoming>, state: &Arc<ConnectionState>) -> Answer {
        let (head, body) = request.into_parts();
        if head.uri.path() != PATH || head.method != Method::POST {
            return refused(StatusCode::NOT_FOUND, "this address answers peers, at POST /replication");
        }
        let body = self.bodies.read(&head.headers, body, state, MESSAGE_BYTES_MAX, |_| Ok(())).await;
        let Ok(body) = body else {
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "the message is too long, or has not arrived").closing();
        };
        // Never an error: the semaphore is not closed.
        let _turn = self.answered.acquire().await;
        let answered = match decompress(&body.bytes) {
            Ok(message) => {
                let certificate = state.tls().and_then(|session| session.client_certificate.as_deref());
                self.service.answer_peer(&Message(message), |region| self.is_of(region, certificate)).await
            }
            Err(why) => Err(why),
        };
        match answered {
            Ok(answer) => {
                let compressed = lz4_flex::compress_prepend_size(&answer.0);
                Answer::text(StatusCode::OK, ContentType::Binary, compressed)
            }
            Err(why) => refused(StatusCode::BAD_REQUEST, &why),
        }
    }

    /// Whether a client with this certificate is the process of a region. The listener has checked its authority, and that the client
    /// has its key.
    fn is_of(&self, region: &str, certificate: Option<&[u8]>) -> bool {
        if self.is_insecure {
            return true;
        }
        let Some(certificate) = certificate else { return false };
        let certificate = CertificateDer::from(certificate);
        let Ok(parsed) = ParsedCertificate::try_from(&certificate) else { return false };
        let mut hosts = self.hosts.iter().filter(|(named, _)| named == region);
        hosts.any(|(_, host)| verify_server_name(&parsed, host).is_ok())
    }
}

fn refused(status: StatusCode, why: &str) -> Answer {
    Answer::text(status, ContentType::Text, format!("{why}\n"))
}

impl Responder for Endpoint {
    async fn respond(&self, request: Request<Incoming>, state: Arc<ConnectionState>) -> Response<AnswerBody> {
        let (parts, _) = Request::new(()).into_parts();
        let answer = self.answer(request, &state).await;
        let (answer, unsent) = answer.counted(&state, &self.memory, |_| Some(too_many_pages())).await;
        answer.into_response(&parts, &base::random::request_id(), unsent).await
    }
}
