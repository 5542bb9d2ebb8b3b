//! One operation of the document, built from the row of an endpoint and the signature of its
//! handler.

mod describe;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};
use talk_domain::identity::credentials::TokenError;
use talk_domain::identity::session::authenticate::AuthenticateError;
use talk_domain::kernel::error::Refuses;
use talk_domain::kernel::idempotency::ReplayError;
use talk_wire::resource::file::UploadForm;
use talk_wire::resource::{AnyEventPage, EventPage, List};
use talk_wire::schema::{JsonSchema, Schemas};

use crate::api_error::ApiError;
use crate::endpoint::Parameter;

/// The reasons for which any body can be refused.
const BODY: [&str; 8] = [
    "BODY_INCOMPLETE",
    "BODY_TIMEOUT",
    "INVALID_FIELD",
    "INVALID_JSON_BODY",
    "NUL_CHARACTER",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_CONTENT_ENCODING",
    "UNSUPPORTED_MEDIA_TYPE",
];

/// The reasons among [`BODY`] that only a body of JSON has.
const OF_JSON: [&str; 2] = ["INVALID_FIELD", "INVALID_JSON_BODY"];

const JSON: &str = "application/json";

/// An operation of the API.
pub(crate) struct Operation {
    method: &'static str,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    about: &'static str,
    ids: Vec<&'static str>,
    query: Vec<Parameter>,
    body: Option<Body>,
    answer: Option<Answer>,
    /// Whether it takes effect once per `Idempotency-Key`.
    is_once: bool,
    /// Whether the answer has the header with the position in the chat's log.
    is_placed: bool,
    needs_login: bool,
    reasons: BTreeSet<&'static str>,
    /// The path of its successor, if it is deprecated.
    successor: Option<&'static str>,
    /// An example that the handler itself refuses.
    fault: Option<ApiError>,
}

/// The body of a request.
struct Body {
    media_type: &'static str,
    is_required: bool,
    /// `None` if any object is accepted and ignored.
    schema: Option<Describe>,
    examples: Map<String, Value>,
}

/// A success.
struct Answer {
    about: &'static str,
    media_type: &'static str,
    schema: Describe,
    example: Value,
}

/// Adds the schemas of a type to those of the document, and returns a reference to it.
type Describe = fn(&mut Schemas) -> Value;

impl Operation {
    /// Creates an operation without authentication; a handler that takes a caller adds it.
    pub(crate) fn at(method: &str, path: &'static str) -> Self {
        let method = match method {
            "GET" => "get",
            "PUT" => "put",
            "DELETE" => "delete",
            _ => "post",
        };
        Self {
            method,
            path,
            name: "",
            summary: "",
            about: "",
            ids: Vec::new(),
            query: Vec::new(),
            body: None,
            answer: None,
            is_once: false,
            is_placed: false,
            needs_login: false,
            reasons: BTreeSet::from(["RATE_LIMITED"]),
            successor: None,
            fault: None,
        }
    }

    /// Sets the operation id, which generated clients use as a name, and the summary.
    pub(crate) fn named(mut self, name: &'static str, summary: &'static str) -> Self {
        self.name = name;
        self.summary = summary;
        self
    }

    /// The same operation under another name.
    pub(crate) fn renamed(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Sets the description.
    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Only for callers who have logged in.
    pub(crate) fn authenticated(mut self) -> Self {
        self.needs_login = true;
        self.reasons(&["AUTHENTICATION_REQUIRED", "INVALID_QUERY", "INTERNAL"])
            .refuses::<TokenError>()
            .refuses::<AuthenticateError>()
    }

    /// Marks it as deprecated; its successor is the same method of this path.
    pub(crate) fn succeeded_by(mut self, path: &'static str) -> Self {
        self.successor = Some(path);
        self
    }

    /// Adds an id to the parameters of the path.
    pub(crate) fn takes_id(mut self, name: &'static str) -> Self {
        self.ids.push(name);
        self.reasons(&["INVALID_ID"])
    }

    /// Takes parameters in its query; `read` is whether their examples were accepted.
    pub(crate) fn takes(mut self, query: Vec<Parameter>, read: Result<(), ApiError>) -> Self {
        for parameter in &query {
            self.reasons.extend(parameter.reasons);
        }
        self.query.extend(query);
        self.fault = read.err();
        self.reasons(&["INVALID_QUERY"])
    }

    /// Takes a body.
    pub(crate) fn body<T: JsonSchema>(self, is_required: bool) -> Self {
        self.with_body(is_required, Some(Schemas::sent::<T>))
    }

    /// Takes a form with a file.
    pub(crate) fn form(mut self) -> Self {
        self.body = Some(Body {
            media_type: "multipart/form-data",
            is_required: true,
            schema: Some(Schemas::sent::<UploadForm>),
            examples: Map::new(),
        });
        let reasons = BODY.into_iter().filter(|reason| !OF_JSON.contains(reason));
        self.reasons.extend(reasons);
        self.reasons(&["INVALID_FILE_TYPE", "INVALID_FILE_UPLOAD", "LIMIT_EXCEEDED"])
    }

    /// Answers bytes of any type.
    pub(crate) fn gives_bytes(self) -> Self {
        self.with_answer(
            "The bytes, with a content type of their own; 206 for a part of them, 304 if the client has them.",
            "application/octet-stream",
            |_| json!({"type": "string", "format": "binary"}),
            "".into(),
        )
    }

    /// Needs no body, but accepts an object.
    pub(crate) fn no_body(self) -> Self {
        self.with_body(false, None)
    }

    fn with_body(mut self, is_required: bool, schema: Option<Describe>) -> Self {
        self.body = Some(Body {
            media_type: JSON,
            is_required,
            schema,
            examples: Map::new(),
        });
        self.reasons(&BODY)
    }

    /// An example of the body, without the fields it leaves out.
    pub(crate) fn sends(mut self, name: &str, example: &impl Serialize) -> Self {
        let mut example = json!(example);
        if let Some(fields) = example.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        if let Some(body) = &mut self.body {
            let example = json!({"value": example});
            body.examples.insert(name.to_owned(), example);
        }
        self
    }

    /// Takes effect once per `Idempotency-Key`.
    pub(crate) fn once(mut self) -> Self {
        self.is_once = true;
        self.reasons(&["IDEMPOTENCY_KEY_INVALID"])
            .refuses::<ReplayError>()
    }

    /// An intercept decides on it, and may hold or refuse it.
    pub(crate) fn may_be_held(self) -> Self {
        self.reasons(&["INTERCEPT_BLOCKED", "INTERCEPT_UNAVAILABLE"])
    }

    /// Returns whether an intercept decides on it.
    pub(super) fn is_intercepted(&self) -> bool {
        self.reasons.contains("INTERCEPT_BLOCKED")
    }

    /// Takes the point of an intercept in its path.
    pub(crate) fn takes_point(mut self) -> Self {
        self.ids.push("point");
        self.reasons(&["INTERCEPT_POINT_NOT_FOUND"])
    }

    /// Adds the header with the position in the chat's log to the answer.
    pub(crate) fn placed(mut self) -> Self {
        self.is_placed = true;
        self
    }

    /// Answers one resource.
    pub(crate) fn answers<T: JsonSchema + Serialize>(
        self,
        about: &'static str,
        example: &T,
    ) -> Self {
        self.with_answer(about, JSON, Schemas::given::<T>, json!(example))
    }

    /// Answers a page of resources.
    pub(crate) fn lists<T: JsonSchema + Serialize>(self, about: &'static str, example: &T) -> Self {
        let example = json!({"result": [example], "next_page_token": ""});
        self.with_answer(about, JSON, Schemas::given::<List<T>>, example)
    }

    /// Answers an empty object.
    pub(crate) fn answers_nothing(self) -> Self {
        self.with_answer("Done.", JSON, |_| json!({"type": "object"}), json!({}))
    }

    /// Answers a part of a chat's log.
    pub(crate) fn answers_events(self, about: &'static str) -> Self {
        self.with_answer(about, JSON, events, super::example::events())
    }

    /// Answers text of this media type.
    pub(crate) fn gives(
        self,
        about: &'static str,
        media_type: &'static str,
        example: &'static str,
    ) -> Self {
        self.with_answer(
            about,
            media_type,
            |_| json!({"type": "string"}),
            example.into(),
        )
    }

    fn with_answer(
        mut self,
        about: &'static str,
        media_type: &'static str,
        schema: Describe,
        example: Value,
    ) -> Self {
        self.answer = Some(Answer {
            about,
            media_type,
            schema,
            example,
        });
        self
    }

    /// Replaces the description of the success response.
    pub(crate) fn answers_with(mut self, about: &'static str) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.about = about;
        }
        self
    }

    /// Replaces the example of the success response.
    pub(crate) fn shows(mut self, example: &impl Serialize) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.example = json!(example);
        }
        self
    }

    /// May refuse for these reasons.
    pub(crate) fn reasons(mut self, reasons: &[&'static str]) -> Self {
        self.reasons.extend(reasons);
        self
    }

    /// May refuse for the reasons of a use case.
    pub(crate) fn refuses<E: Refuses>(mut self) -> Self {
        let refusals = E::refusals().into_iter();
        self.reasons.extend(refusals.map(|refusal| refusal.reason));
        self
    }

    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    #[cfg(test)]
    pub(super) fn ids(&self) -> &[&'static str] {
        &self.ids
    }

    #[cfg(test)]
    pub(super) fn fault(&self) -> Option<&ApiError> {
        self.fault.as_ref()
    }

    /// Returns the required properties that its row lacks.
    #[cfg(test)]
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let examples = self.body.as_ref().filter(|body| body.schema.is_some());
        let has_examples = examples.is_none_or(|body| !body.examples.is_empty());
        let missing = [
            ("name", self.name.is_empty()),
            ("summary", self.summary.is_empty()),
            ("answer", self.answer.is_none()),
            ("example", !has_examples),
        ];
        let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
        missing.map(|(what, _)| what).collect()
    }
}

/// A part of a log; where the first generations are served, events may be of either vocabulary.
fn events(schemas: &mut Schemas) -> Value {
    if schemas.has_legacy {
        return schemas.given::<AnyEventPage>();
    }
    schemas.given::<EventPage>()
}
