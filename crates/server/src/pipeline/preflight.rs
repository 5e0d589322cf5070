//! What a request's head says before memory is spent on its body.
//!
//! A signature is over the body, so it cannot be checked yet. Whether it has a known access key, a scope and a time that
//! hold can be, and most bodies of strangers end here.

use ::aws::Protocol;
use hyper::header;
use hyper::http::request::Parts;

use super::signature::{SentHeaders, signed};
use super::{Pipeline, services};
use crate::body::NotAdmitted;
use crate::form;
use crate::route::Route;
use crate::services::ServiceId;
use auth::Refusal;

impl Pipeline {
    /// Whether memory is spent on the body of a request. `arrived` is its beginning, if there is one that can be read.
    pub(super) fn preflight(&self, route: &Route, head: &Parts, arrived: Option<&[u8]>) -> Result<(), NotAdmitted> {
        let check = |service: ServiceId, protocol: Protocol| {
            let api = services::api(self.services[service].model(), protocol);
            let checked = self.access.preflight(api, &signed(head), &SentHeaders(head));
            checked.map_err(NotAdmitted::Caller)
        };
        match route {
            Route::Operation(asked) if asked.operation.is_ok() => check(asked.service, asked.protocol),
            // A form names its service wherever it likes; a signature does so in the head. Its beginning is read first, for the names in
            // a refusal and its event. No client compresses it.
            Route::Form(form) => match (arrived, form::signed_for(head, &self.services)) {
                (None, _) if head.headers.contains_key(header::CONTENT_ENCODING) => Err(NotAdmitted::TooLarge),
                (None, _) => Ok(()),
                (Some(_), Some(service)) => check(service, Protocol::Query),
                // Operations that need no caller are small.
                (Some(arrived), None) if form::needs_no_caller(*form, head, arrived, &self.services) => {
                    Err(NotAdmitted::TooLarge)
                }
                (Some(_), None) => Err(NotAdmitted::Caller(Refusal::Missing)),
            },
            // The answer is in the head; were it not, there would be no caller.
            Route::Page(_) | Route::Admin | Route::Console(_) | Route::Answered(_) | Route::Operation(_) => {
                Err(NotAdmitted::Caller(Refusal::Missing))
            }
        }
    }
}
