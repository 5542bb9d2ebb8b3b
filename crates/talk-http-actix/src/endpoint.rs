//! Endpoints as rows: method, path, handler and description in one place. Parameters, body, answer
//! and refusals are derived from the handler's signature.

mod answer;
mod extract;
mod handler;
mod query;
mod routes;

use actix_web::http::Method;
use serde::Serialize;
use serde_json::json;

pub(crate) use answer::{Answer, Described, JsonResponse, Kept, Never, Placed, Refused, Resource};
pub(crate) use extract::{AtPoint, Extract, Id, Incoming};
use handler::{Call, Handler};
pub(crate) use query::{Form, FromQuery, Number, Parameter, Queried, QueryReader};
pub(crate) use routes::{Matched, Routes, serve};

use crate::openapi::Operation;

/// A group of endpoints, with its description in the document.
pub(crate) struct Group {
    /// The tag of their operations.
    pub(crate) name: &'static str,
    /// The description.
    pub(crate) about: &'static str,
    /// The endpoints.
    pub(crate) rows: Vec<Endpoint>,
}

/// An endpoint: its path, its handler, and its description in the document.
pub(crate) struct Endpoint {
    path: &'static str,
    /// Its methods, each with its handler.
    calls: Vec<(Method, Call)>,
    /// Makes the description; `None` if the document does not show it. The routes need no descriptions,
    /// and their memory would stay with the process.
    operation: Option<Box<dyn FnOnce() -> Operation>>,
}

impl Endpoint {
    /// Creates an endpoint, with the description derived from the signature of `handler`.
    pub(crate) fn new<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        let of_method = method.clone();
        let operation = move || H::describe(Operation::at(of_method.as_str(), path));
        Self {
            operation: Some(Box::new(operation)),
            ..Self::hidden(method, path, handler)
        }
    }

    /// Creates an endpoint that is not in the document.
    pub(crate) fn hidden<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        Self {
            path,
            calls: vec![(method, handler.into_call())],
            operation: None,
        }
    }

    /// Also mounts HEAD, which is not in the document.
    pub(crate) fn also_head<A, H: Handler<A>>(mut self, handler: H) -> Self {
        self.calls.push((Method::HEAD, handler.into_call()));
        self
    }

    /// Sets the operation id, which generated clients use as a name, and the summary.
    pub(crate) fn named(self, name: &'static str, summary: &'static str) -> Self {
        self.described(move |operation| operation.named(name, summary))
    }

    /// Replaces the operation id.
    pub(crate) fn renamed(self, name: &'static str) -> Self {
        self.described(move |operation| operation.renamed(name))
    }

    /// Answers text of this media type.
    pub(crate) fn gives(
        self,
        about: &'static str,
        media_type: &'static str,
        example: &'static str,
    ) -> Self {
        self.described(move |operation| operation.gives(about, media_type, example))
    }

    /// Sets the description.
    pub(crate) fn about(self, about: &'static str) -> Self {
        self.described(move |operation| operation.about(about))
    }

    /// Adds an example of the request's body.
    pub(crate) fn sends(self, name: &'static str, body: &impl Serialize) -> Self {
        let body = json!(body);
        self.described(move |operation| operation.sends(name, &body))
    }

    /// Replaces the description of the success response.
    pub(crate) fn answers(self, about: &'static str) -> Self {
        self.described(move |operation| operation.answers_with(about))
    }

    /// Replaces the example of the success response.
    pub(crate) fn shows(self, example: &impl Serialize) -> Self {
        let example = json!(example);
        self.described(move |operation| operation.shows(&example))
    }

    /// Adds refusals that are not in the signature.
    pub(crate) fn reasons(self, reasons: &'static [&'static str]) -> Self {
        self.described(move |operation| operation.reasons(reasons))
    }

    /// An intercept decides on it, and may hold or refuse it.
    pub(crate) fn may_be_held(self) -> Self {
        self.described(Operation::may_be_held)
    }

    /// Marks it as deprecated; its successor is the same method of `path`.
    pub(crate) fn succeeded_by(self, path: &'static str) -> Self {
        self.described(move |operation| operation.succeeded_by(path))
    }

    /// Its path.
    #[cfg(test)]
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// Its methods.
    #[cfg(test)]
    pub(crate) fn methods(&self) -> Vec<&'static str> {
        routes::methods(&self.calls)
    }

    fn described(mut self, describe: impl FnOnce(Operation) -> Operation + 'static) -> Self {
        self.operation = self.operation.map(|known| {
            let operation: Box<dyn FnOnce() -> Operation> = Box::new(move || describe(known()));
            operation
        });
        self
    }

    /// Makes its description, unless it is hidden.
    pub(crate) fn into_operation(self) -> Option<Operation> {
        self.operation.map(|operation| operation())
    }
}
