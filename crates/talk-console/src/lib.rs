#![doc = include_str!("../README.md")]

use serde::Serialize;

/// A file of the console, compressed when the program was built.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// The path at which it is served. It contains a hash of all files, so that it can be cached for
    /// ever.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// Its content, compressed with gzip.
    pub gzip: &'static [u8],
}

/// Every file but the page.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The path of the page.
pub const PAGE_PATH: &str = "/";

/// The content security policy of the page: files of this host only, nothing inline, no frames, and
/// no string that becomes markup or code. `blob:` images are files of messages, which are fetched with
/// the token; `data:` images are the icon with the number of unread messages.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'";

/// An agent that logs in with one click. Only a demo on the own machine has such agents: everybody who
/// gets the page can read the password.
#[derive(Debug, Clone, Serialize)]
pub struct DemoAgent {
    /// The login name.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// Builds the page, with the agents that log in with one click.
#[must_use]
pub fn page(demo: &[DemoAgent]) -> String {
    let page = include_str!(concat!(env!("OUT_DIR"), "/index.html"));
    if demo.is_empty() {
        return page.to_owned();
    }
    // A list of strings is always valid JSON.
    let agents = serde_json::to_string(demo).unwrap_or_default();
    let meta = format!(
        "<meta name=\"talk-demo\" content=\"{}\">\n</head>",
        escaped(&agents)
    );
    page.replacen("</head>", &meta, 1)
}

/// Escapes a text for an attribute in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
