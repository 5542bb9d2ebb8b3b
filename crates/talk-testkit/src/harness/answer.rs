//! An answer of the server.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::documented;

/// An answer, with its body as it came.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The answer to a request.
    pub async fn to(request: RequestBuilder) -> Self {
        let (http, request) = request.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = http.execute(request).await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let answer = Self {
            status,
            headers,
            body: answer.text().await.expect("a body"),
        };
        documented::check(method.as_str(), &path, &answer);
        answer
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The resource of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// The rows of a list.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        self.ok()["result"].as_array().expect("a list").clone()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Checks a refusal and the shape every refusal has.
    #[track_caller]
    pub fn refused(&self, status: u16, reason: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        let error = self.json()["error"].clone();
        assert_eq!(error["reason"], reason, "{self:?}");
        for field in ["status", "message", "request_id"] {
            assert!(error[field].is_string(), "{field} in {self:?}");
        }
        assert!(error["details"].is_array(), "{self:?}");
        assert_eq!(self.header("x-request-id"), error["request_id"].as_str());
        error
    }

    /// The body without the request's id, to compare refusals by.
    pub fn but_for_its_id(&self) -> String {
        let id = self.header("x-request-id").expect("an id of the request");
        assert!(self.body.contains(id), "{self:?}");
        self.body.replace(id, "")
    }
}
