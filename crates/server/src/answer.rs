//! From a status and a body to an HTTP response: compression, checksum and request id.

use std::io::Write;
use std::sync::Arc;

use ::aws::{Protocol, Reply, ReplyError};
use base::random::REQUEST_ID_SIZE;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode, Version};
use ops::allowance::{self, MemoryBudget};

use crate::connection_states::{ConnectionState, Held};
use crate::unsent::{AnswerBody, Unsent};

/// Smaller bodies are never compressed. Unit: bytes. Source: DynamoDB compresses responses from 4 KB on.
const COMPRESSED_SIZE_BYTES_MIN: usize = 4096;
/// Compressing more than this takes milliseconds, which other connections must not wait for. Unit: bytes.
const COMPRESSED_INLINE_BYTES_MAX: usize = 64 * 1024;

const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");
/// The `Server` of every response, as DynamoDB has it. It says nothing about the program or its version.
pub(crate) const SERVER: HeaderValue = HeaderValue::from_static("Server");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// Every request and every response of RPC v2 has it.
pub(crate) const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
pub(crate) const RPC_V2_CBOR: HeaderValue = HeaderValue::from_static("rpc-v2-cbor");

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContentType {
    AmzCbor11,
    AmzJson10,
    AmzJson11,
    Cbor,
    Css,
    Html,
    JavaScript,
    Json,
    Prometheus,
    Svg,
    Text,
    TextXml,
    Xml,
}

impl ContentType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            ContentType::AmzCbor11 => "application/x-amz-cbor-1.1",
            ContentType::AmzJson10 => "application/x-amz-json-1.0",
            ContentType::AmzJson11 => "application/x-amz-json-1.1",
            ContentType::Cbor => "application/cbor",
            ContentType::Css => "text/css; charset=utf-8",
            ContentType::Html => "text/html; charset=utf-8",
            ContentType::JavaScript => "text/javascript; charset=utf-8",
            ContentType::Json => "application/json",
            ContentType::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            ContentType::Svg => "image/svg+xml",
            ContentType::Text => "text/plain",
            ContentType::TextXml => "text/xml",
            ContentType::Xml => "application/xml",
        }
    }
}

/// What a request is answered with, before it becomes HTTP.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: Option<ContentType>,
    /// Of an answer of a service.
    protocol: Option<Protocol>,
    body: Bytes,
    /// Of the body, if it was compressed beforehand.
    coding: Option<Coding>,
    /// The rest of the connection cannot be understood: it ends with this answer.
    closes: bool,
    /// The exception's name, where it is in a header.
    error_type: Option<&'static str>,
    /// Of the service.
    headers: Vec<(&'static str, String)>,
    /// The memory of its body.
    share: Option<Held>,
    /// What the operator hears of it, if it is an exception.
    pub(crate) error: Option<ReplyError>,
}

impl Answer {
    pub(crate) fn empty(status: StatusCode) -> Answer {
        Answer {
            status,
            content_type: None,
            protocol: None,
            body: Bytes::new(),
            coding: None,
            closes: false,
            error_type: None,
            headers: Vec::new(),
            share: None,
            error: None,
        }
    }

    pub(crate) fn text(status: StatusCode, content_type: ContentType, body: impl Into<Bytes>) -> Answer {
        Answer { content_type: Some(content_type), body: body.into(), ..Answer::empty(status) }
    }

    /// A file that is there compressed as well.
    pub(crate) fn file(head: &Parts, content_type: ContentType, bytes: &'static [u8], gzip: &'static [u8]) -> Answer {
        let coding = Coding::wanted(head).filter(|coding| *coding == Coding::Gzip);
        let body = Bytes::from_static(if coding.is_some() { gzip } else { bytes });
        Answer { coding, ..Answer::text(StatusCode::OK, content_type, body) }
    }

    pub(crate) fn with_headers(self, headers: impl IntoIterator<Item = (&'static str, String)>) -> Answer {
        Answer { headers: headers.into_iter().collect(), ..self }
    }

    pub(crate) fn reply(reply: Reply, content_type: ContentType) -> Answer {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Answer { error: reply.error, headers: reply.headers, ..Answer::text(status, content_type, reply.body) }
    }

    pub(crate) fn in_protocol(self, protocol: Protocol) -> Answer {
        Answer { protocol: Some(protocol), ..self }
    }

    pub(crate) fn of_type(self, error_type: Option<&'static str>) -> Answer {
        Answer { error_type, ..self }
    }

    /// The exception's name, if it is one.
    pub(crate) fn exception(&self) -> Option<&'static str> {
        self.error.as_ref().map(|error| error.name).or(self.error_type)
    }

    /// The status says so, whatever the body does.
    pub(crate) fn is_refusal(&self) -> bool {
        self.status.as_u16() >= 400
    }

    pub(crate) fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    pub(crate) fn content_type(&self) -> Option<ContentType> {
        self.content_type
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn closing(self) -> Answer {
        Answer { closes: true, ..self }
    }

    pub(crate) fn holding(self, share: Option<Held>) -> Answer {
        Answer { share, ..self }
    }

    /// Counts the body for its connection, until it is sent. If that takes memory and there is none in time, the answer
    /// becomes the refusal; one for which there is no refusal is sent in any case.
    pub(crate) async fn counted(
        mut self,
        state: &Arc<ConnectionState>,
        memory: &Arc<MemoryBudget>,
        refusal: impl FnOnce(&Answer) -> Option<Answer>,
    ) -> (Answer, Unsent) {
        let mut unsent = Unsent::new(state, self.body.len(), self.share.take());
        if unsent.needs_share() {
            match refusal(&self) {
                None => unsent.overdraw(memory),
                Some(refusal) => {
                    // Boxed, so that answers which are free have no room for it.
                    if Box::pin(unsent.take_share(memory)).await.is_err() {
                        let unsent = Unsent::new(state, refusal.body.len(), None);
                        return (Answer { closes: self.closes, ..refusal }, unsent);
                    }
                }
            }
        }
        (self, unsent)
    }

    pub(crate) async fn into_response(
        self,
        head: &Parts,
        request_id: &[u8; REQUEST_ID_SIZE],
        unsent: Unsent,
    ) -> Response<AnswerBody> {
        let wanted = || Coding::wanted(head).filter(|_| self.body.len() >= COMPRESSED_SIZE_BYTES_MIN);
        let coding = self.coding.or_else(wanted);
        let body = match coding {
            Some(coding) if self.coding.is_none() => compressed(coding, self.body).await,
            _ => self.body,
        };
        // A HEAD is answered with the headers alone.
        let sent = if head.method == Method::HEAD { Bytes::new() } else { body.clone() };
        let mut response = Response::new(AnswerBody::new(sent, unsent));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(8);
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type.as_str()));
        }
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        if !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        if self.content_type == Some(ContentType::Cbor) {
            headers.insert(SMITHY_PROTOCOL, RPC_V2_CBOR);
        }
        headers.insert(header::SERVER, SERVER);
        // Over the bytes as they are sent: clients check before they decompress.
        headers.insert(CRC32, HeaderValue::from(crc32fast::hash(&body)));
        if let Ok(id) = HeaderValue::from_bytes(request_id) {
            headers.insert(REQUEST_ID, id);
        }
        for (name, value) in self.headers {
            // A value that no header can have is left out: the body has what its client needs.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        if let Some(error_type) = self.error_type {
            headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
        }
        if self.closes && head.version < Version::HTTP_2 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Gives an answer the checksum of other bytes.
pub(crate) fn break_crc32(headers: &mut HeaderMap) {
    let crc32 = headers.get(CRC32).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    headers.insert(CRC32, HeaderValue::from(!crc32.unwrap_or_default()));
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
        }
    }

    /// The coding that the client accepts, gzip before deflate; `q=0` means that it does not.
    fn wanted(head: &Parts) -> Option<Coding> {
        let accepted = head.headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
        let accepts = |name: &str| {
            accepted.split(',').any(|entry| {
                let mut parts = entry.split(';').map(str::trim);
                let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
                named && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        [Coding::Gzip, Coding::Deflate].into_iter().find(|coding| accepts(coding.name()))
    }
}

async fn compressed(coding: Coding, body: Bytes) -> Bytes {
    if body.len() <= COMPRESSED_INLINE_BYTES_MAX {
        return encode(coding, &body);
    }
    let _turn = allowance::turn().await;
    let shared = body.clone();
    match tokio::task::spawn_blocking(move || encode(coding, &shared)).await {
        Ok(bytes) => bytes,
        // Only a panic or the end of the runtime leads here; the body is still good uncompressed, but its header
        // would lie, so do the work in place.
        Err(_) => encode(coding, &body),
    }
}

/// Writing into memory cannot fail, so the empty fallback is never seen.
fn encode(coding: Coding, body: &[u8]) -> Bytes {
    let out = Vec::with_capacity(body.len() / 4);
    let encoded = match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(out, Compression::fast());
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(out, Compression::fast());
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
    };
    Bytes::from(encoded.unwrap_or_default())
}
