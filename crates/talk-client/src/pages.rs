//! Lists that come in pages.

use futures_util::Stream;
use futures_util::stream;
use serde::de::DeserializeOwned;
use talk_wire::resource::List;

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;

/// A list that is read page by page, newest row first by default. No row is skipped or repeated,
/// also when rows are added meanwhile.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before it is asked for"]
pub struct Pages<T> {
    client: Client,
    path: &'static [&'static str],
    query: Vec<(&'static str, String)>,
    /// `None` after the last page.
    token: Option<String>,
    rows: Vec<T>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(crate) fn new(client: &Client, path: &'static [&'static str]) -> Self {
        Self {
            client: client.clone(),
            path,
            query: Vec::new(),
            token: Some(String::new()),
            rows: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Lists the oldest row first.
    pub fn ascending(self) -> Self {
        self.with("order", &"asc")
    }

    /// Sets the number of rows per page, 1 to 100.
    pub fn page_size(self, rows: u8) -> Self {
        self.with("page_size", &rows)
    }

    /// Reads the next page; `None` after the last one.
    ///
    /// # Errors
    /// See [`ClientError`]; the same page may be requested again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, ClientError> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let mut call = Call::get(self.path);
        call.query.clone_from(&self.query);
        if !token.is_empty() {
            call = call.with("page_token", &token);
        }
        let page: List<T> = self.client.send(call).await?;
        let next = page.next_page_token;
        self.token = (!next.is_empty()).then_some(next);
        Ok(Some(page.result))
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn all(mut self) -> Result<Vec<T>, ClientError> {
        let mut rows = Vec::new();
        while let Some(page) = self.next_page().await? {
            rows.extend(page);
        }
        Ok(rows)
    }

    /// Streams the rows, reading pages on demand. Ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<T, ClientError>> {
        stream::unfold(Some(self), |pages| async move {
            let mut pages = pages?;
            loop {
                if let Some(row) = pages.rows.pop() {
                    return Some((Ok(row), Some(pages)));
                }
                match pages.next_page().await {
                    Ok(Some(page)) => pages.rows = page.into_iter().rev().collect(),
                    Ok(None) => return None,
                    Err(error) => return Some((Err(error), None)),
                }
            }
        })
    }
}
