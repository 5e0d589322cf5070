//! What a request's head says before memory is spent on its body.
//!
//! A signature is over the body, so it cannot be checked yet. Whether it has a known access key, a scope and a time that
//! hold can be, and most bodies of strangers end here.

use hyper::header;
use hyper::http::request::Parts;

use super::signature::{SERVICE, SentHeaders, signed};
use super::{Backend, Pipeline};
use crate::body::NotAdmitted;
use crate::route::Route;
use crate::{identity, lambda};
use auth::Refusal;

impl<S: Backend> Pipeline<S> {
    /// Whether memory is spent on the body of a request. `arrived` is its beginning, if there is one that can be read.
    pub(super) fn preflight(&self, route: &Route, head: &Parts, arrived: Option<&[u8]>) -> Result<(), NotAdmitted> {
        let check = |service: &str| {
            let checked = self.access.preflight(service, &signed(head), &SentHeaders(head));
            checked.map_err(NotAdmitted::Caller)
        };
        match route {
            Route::Lambda(Ok(_)) if self.triggers.is_some() => check(lambda::SERVICE),
            Route::DynamoDb(Ok(_), _) => check(SERVICE),
            // A form names its service wherever it likes; a signature does so in the head. Its beginning is read first, for the names in
            // a refusal and its event. No client compresses it.
            Route::Form(form) => match (arrived, identity::signed_for(head)) {
                (None, _) if head.headers.contains_key(header::CONTENT_ENCODING) => Err(NotAdmitted::TooLarge),
                (None, _) => Ok(()),
                (Some(_), Some(api)) => check(api.service()),
                // STS's operations that need no caller are small.
                (Some(arrived), None) if identity::needs_no_caller(*form, head, arrived) => Err(NotAdmitted::TooLarge),
                (Some(_), None) => Err(NotAdmitted::Caller(Refusal::Missing)),
            },
            // The answer is in the head; were it not, there would be no caller.
            Route::Page(_) | Route::Answered(_) | Route::Lambda(_) | Route::DynamoDb(Err(_), _) => {
                Err(NotAdmitted::Caller(Refusal::Missing))
            }
        }
    }
}
