//! A form, built byte by byte: also as no library would send it.

use reqwest::RequestBuilder;

/// A form with its boundary.
#[derive(Clone)]
pub(crate) struct Form {
    boundary: String,
    parts: Vec<(String, Vec<u8>)>,
}

impl Form {
    /// Creates a form without parts.
    pub(crate) fn new() -> Self {
        Self {
            boundary: "the-boundary".to_owned(),
            parts: Vec::new(),
        }
    }

    /// The same with another boundary.
    pub(crate) fn boundary(mut self, boundary: &str) -> Self {
        boundary.clone_into(&mut self.boundary);
        self
    }

    /// Adds a part with these headers.
    pub(crate) fn part(mut self, headers: &str, bytes: &[u8]) -> Self {
        self.parts.push((headers.to_owned(), bytes.to_vec()));
        self
    }

    /// Adds a text.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        let headers = format!("Content-Disposition: form-data; name=\"{name}\"");
        self.part(&headers, text.as_bytes())
    }

    /// Adds the file.
    pub(crate) fn file(self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        let headers = format!(
            "Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}"
        );
        self.part(&headers, bytes)
    }

    /// The body.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (headers, bytes) in &self.parts {
            body.extend(format!("--{}\r\n{headers}\r\n\r\n", self.boundary).as_bytes());
            body.extend(bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{}--\r\n", self.boundary).as_bytes());
        body
    }

    /// The content type.
    pub(crate) fn kind(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Puts the form into a request.
    pub(crate) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("content-type", self.kind())
            .body(self.body())
    }
}
