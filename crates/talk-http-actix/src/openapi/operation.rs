//! One operation, described beside its handler.

mod describe;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};
use talk_domain::error::Refuses;
use talk_domain::idempotency::ReplayError;
use talk_domain::identity::TokenError;
use talk_domain::session::authenticate::AuthenticateError;
use utoipa::ToSchema;

use super::component::{Side, Used};
use super::field;
use super::parameter::{shared_header, shared_parameter};

/// What any body can be refused for.
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

/// An operation of the API.
pub(crate) struct Operation {
    method: &'static str,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    about: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    answer: Answer,
    reasons: BTreeSet<&'static str>,
    is_public: bool,
    is_cached: bool,
    /// Where it is today, if it is deprecated.
    successor: Option<&'static str>,
    used: Vec<Used>,
}

/// Whether there must be a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// There must.
    Must,
    /// It may be left out.
    May,
}

/// A success.
struct Answer {
    code: &'static str,
    about: &'static str,
    headers: Map<String, Value>,
    content: Option<(&'static str, Value)>,
}

impl Operation {
    /// An operation for callers who have logged in.
    pub(crate) fn new(
        method: &'static str,
        path: &'static str,
        name: &'static str,
        summary: &'static str,
    ) -> Self {
        let answer = Answer {
            code: "200",
            about: "Done.",
            headers: Map::new(),
            content: None,
        };
        let operation = Self {
            method,
            path,
            name,
            summary,
            about: "",
            parameters: Vec::new(),
            body: None,
            answer,
            reasons: BTreeSet::new(),
            is_public: false,
            is_cached: false,
            successor: None,
            used: Vec::new(),
        };
        operation
            .reasons(&[
                "AUTHENTICATION_REQUIRED",
                "INVALID_QUERY",
                "INTERNAL",
                "RATE_LIMITED",
            ])
            .refuses::<TokenError>()
            .refuses::<AuthenticateError>()
            .with_ids()
    }

    /// An operation for everybody.
    pub(crate) fn open(
        method: &'static str,
        path: &'static str,
        name: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            is_public: true,
            reasons: BTreeSet::from(["RATE_LIMITED"]),
            ..Self::new(method, path, name, summary)
        }
    }

    /// The same operation elsewhere, where it is deprecated.
    pub(crate) fn renamed(self, path: &'static str, name: &'static str) -> Self {
        let today = self.path;
        Self { path, name, ..self }.succeeded_by(today)
    }

    /// Does not take this parameter.
    pub(crate) fn without(mut self, parameter: &str) -> Self {
        let is_it = |taken: &Value| taken.get("name").is_some_and(|name| name == parameter);
        self.parameters.retain(|taken| !is_it(taken));
        self
    }

    /// It is deprecated: the same method of this path does it today.
    pub(crate) fn succeeded_by(mut self, path: &'static str) -> Self {
        self.successor = Some(path);
        self
    }

    /// The ids in the path.
    pub(crate) fn with_ids(mut self) -> Self {
        let is_in_path = |taken: &Value| taken.get("in").is_some_and(|place| place == "path");
        self.parameters.retain(|taken| !is_in_path(taken));
        let parts = self.path.split(['{', '}']).skip(1).step_by(2);
        for name in parts {
            self.reasons.insert("INVALID_ID");
            self.parameters.push(json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": {"type": "string", "format": "uuid"},
                "example": super::example::id(name),
            }));
        }
        self
    }

    /// What there is to know besides the summary.
    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Takes parameters in the query.
    pub(crate) fn takes<const N: usize>(mut self, parameters: [Value; N]) -> Self {
        self.parameters.extend(parameters);
        self.reasons(&["INVALID_QUERY"])
    }

    /// Answers page by page.
    pub(crate) fn paged(mut self) -> Self {
        let shared = ["PageSize", "PageToken", "Order"].map(shared_parameter);
        self.parameters.extend(shared);
        self.reasons(&["PAGE_SIZE_INVALID", "PAGE_TOKEN_INVALID", "ORDER_INVALID"])
    }

    /// Takes a body.
    pub(crate) fn body<T: ToSchema>(mut self, need: Need, examples: &Value) -> Self {
        let used = Used::of::<T>(Side::Sent);
        let schema = used.reference();
        self.used.push(used);
        self.body_of(need, &schema, examples)
    }

    /// Takes a body of this schema.
    pub(crate) fn body_of(mut self, need: Need, schema: &Value, examples: &Value) -> Self {
        self.body = Some(json!({
            "required": need == Need::Must,
            "content": {"application/json": {"schema": schema, "examples": examples}},
        }));
        self.reasons(&BODY)
    }

    /// Needs no body, but lets an object pass.
    pub(crate) fn no_body(mut self) -> Self {
        self.body = Some(json!({
            "required": false,
            "description": "Nothing is needed; an object is ignored.",
            "content": {"application/json": {"schema": {"type": "object"}, "example": {}}},
        }));
        self.reasons(&BODY)
    }

    /// Takes effect once per `Idempotency-Key`.
    pub(crate) fn once(mut self) -> Self {
        self.parameters.push(shared_parameter("IdempotencyKey"));
        self.reasons(&["IDEMPOTENCY_KEY_INVALID"])
            .refuses::<ReplayError>()
            .header("Idempotent-Replayed", "IdempotentReplayed")
    }

    /// Names the place in the chat's log that it saw.
    pub(crate) fn placed(self) -> Self {
        self.header("Talk-Position", "TalkPosition")
    }

    fn header(mut self, name: &str, shared: &str) -> Self {
        let headers = &mut self.answer.headers;
        headers.insert(name.to_owned(), shared_header(shared));
        self
    }

    /// Answers a resource.
    pub(crate) fn answers<T: ToSchema + Serialize>(
        mut self,
        about: &'static str,
        example: &T,
    ) -> Self {
        let used = Used::of::<T>(Side::Given);
        let schema = used.reference();
        self.used.push(used);
        self.gives(about, &schema, &json!(example))
    }

    /// Answers a list of resources.
    pub(crate) fn lists<T: ToSchema + Serialize>(
        mut self,
        about: &'static str,
        example: &T,
    ) -> Self {
        let used = Used::of::<T>(Side::Given);
        let schema = field::list(&used.reference());
        self.used.push(used);
        let example = json!({"result": [example], "next_page_token": ""});
        self.gives(about, &schema, &example)
    }

    /// Answers JSON of this schema.
    pub(crate) fn gives(self, about: &'static str, schema: &Value, example: &Value) -> Self {
        let content = json!({"schema": schema, "example": example});
        self.gives_content(about, ("application/json", content))
    }

    /// Answers something else.
    pub(crate) fn gives_content(
        mut self,
        about: &'static str,
        content: (&'static str, Value),
    ) -> Self {
        self.answer.about = about;
        self.answer.content = Some(content);
        self
    }

    /// Answers only to who does not have it yet.
    pub(crate) fn cached(mut self) -> Self {
        self.is_cached = true;
        self
    }

    /// Answers with another code than 200 and nothing in it.
    pub(crate) fn gives_code(mut self, code: &'static str, about: &'static str) -> Self {
        self.answer.code = code;
        self.answer.about = about;
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

    /// The types it needs.
    pub(super) fn schemas(&self) -> &[Used] {
        &self.used
    }
}
