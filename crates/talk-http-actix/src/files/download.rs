//! Answers requests for the bytes of a file: the whole file, a range of it, or 304 if the client
//! already has it.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use talk_domain::files::model::{File, StoredFile, is_inline};
use talk_domain::files::storage::{FileReader, StorageError};
use talk_domain::kernel::context::{Actor, Permission};
use talk_domain::kernel::future::BoxFuture;
use talk_wire::resource::file::hexadecimal;

use crate::api_error::ApiError;
use crate::endpoint::Described;
use crate::openapi::Operation;
use crate::quota::Share;
use crate::shared::Shared;

/// The `Content-Security-Policy` of a file: a browser that shows it runs no script of it and loads
/// nothing for it.
const POLICY: &str = "sandbox; default-src 'none'";

/// The `Cache-Control` of a file: only the client's own cache may keep it, for a year.
/// The bytes never change.
const CACHING: &str = "private, max-age=31536000, immutable";

/// The characters of a name that are escaped in `filename*` (RFC 8187): all but ASCII letters,
/// digits and these.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Marks an answer whose body is a file: see [`Limiter::charge_file`](crate::rate::Limiter).
pub(crate) struct FileBody;

/// The answer with the bytes of a file.
pub(crate) struct Content;

impl Described for Content {
    fn describe(operation: Operation) -> Operation {
        operation
            .gives_bytes()
            .reasons(&["RANGE_NOT_SATISFIABLE", "BUSY"])
    }
}

/// Answers a request for the bytes of a file that its sender may read.
pub(crate) async fn send(
    shared: &Shared,
    request: &HttpRequest,
    file: &File,
) -> Result<HttpResponse, ApiError> {
    let tag = format!("\"{}\"", hexadecimal(&file.sha256));
    if is_known(request, &tag) {
        let mut response = HttpResponse::NotModified();
        return Ok(described(&mut response, file, &tag).finish());
    }
    let part = match wanted(request, &tag, file.size) {
        Wanted::Whole => None,
        Wanted::Part(part) => Some(part),
        Wanted::Nothing => return Err(ApiError::not_satisfiable(file.size)),
    };
    let mut response = match &part {
        None => HttpResponse::Ok(),
        Some(_) => HttpResponse::PartialContent(),
    };
    described(&mut response, file, &tag).insert_header((CONTENT_TYPE, content_type(file)));
    if let Some(part) = &part {
        let range = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
        response.insert_header((CONTENT_RANGE, range));
    }
    let range = part.unwrap_or(0..file.size);
    let owner = Actor {
        customer: file.customer,
        agent: file.owner,
        permission: Permission::Agent,
    };
    let share = shared.unsent.stream(owner)?;
    let reader = shared
        .api
        .files
        .open(StoredFile::from(file), range.clone())
        .await?;
    let body = Body {
        left: if request.method() == Method::HEAD {
            0
        } else {
            range.end - range.start
        },
        size: range.end - range.start,
        state: State::Idle(reader),
        _share: share,
    };
    metrics::counter!("talk_file_downloads_total").increment(1);
    let mut response = response.body(body);
    response.extensions_mut().insert(FileBody);
    Ok(response)
}

/// Sets the headers of every answer about a file.
fn described<'a>(
    response: &'a mut HttpResponseBuilder,
    file: &File,
    tag: &str,
) -> &'a mut HttpResponseBuilder {
    response
        .insert_header((ETAG, tag))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CACHE_CONTROL, CACHING))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CONTENT_DISPOSITION, disposition(file)))
}

fn content_type(file: &File) -> String {
    match &*file.mime {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

/// Builds `Content-Disposition` with the name in ASCII and, for other characters, in the form of RFC
/// 8187.
fn disposition(file: &File) -> String {
    let kind = if is_inline(&file.mime) {
        "inline"
    } else {
        "attachment"
    };
    let plain = |c: char| match c {
        '"' | '\\' | '%' => '_',
        c if c.is_ascii_graphic() || c == ' ' => c,
        _ => '_',
    };
    let plain: String = file.filename.chars().map(plain).collect();
    let escaped = utf8_percent_encode(&file.filename, ESCAPED);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{escaped}")
}

fn text(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// Returns whether the client already has these bytes, by `If-None-Match`.
fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let known = text(request, IF_NONE_MATCH).unwrap_or_default();
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The bytes that a request selects.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// The range begins after the end of the file, or is empty.
    Nothing,
}

fn wanted(request: &HttpRequest, tag: &str, size: u64) -> Wanted {
    let is_same = text(request, IF_RANGE).is_none_or(|known| known.trim() == tag);
    match text(request, RANGE) {
        Some(range) if is_same => part(range, size),
        _ => Wanted::Whole,
    }
}

/// Parses the header `Range`. A header with several ranges, or with anything but a range of bytes,
/// is ignored.
fn part(range: &str, size: u64) -> Wanted {
    let number = |text: &str| match text {
        "" => None,
        text if text.bytes().all(|b| b.is_ascii_digit()) => Some(text.parse().unwrap_or(u64::MAX)),
        _ => None,
    };
    let Some((unit, range)) = range.split_once('=') else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Wanted::Whole,
    };
    if range.start < range.end {
        Wanted::Part(range)
    } else {
        Wanted::Nothing
    }
}

type Reader = Box<dyn FileReader>;
type Reading = BoxFuture<'static, (Reader, Result<Option<Vec<u8>>, StorageError>)>;

/// The state of a body that is being sent.
enum State {
    /// No read is in progress.
    Idle(Reader),
    /// A read is in progress.
    Reading(Reading),
    /// It has ended.
    Ended,
}

/// A body that reads the file only as fast as the client receives it.
struct Body {
    size: u64,
    /// Bytes that are still to be sent.
    left: u64,
    state: State,
    _share: Share,
}

impl MessageBody for Body {
    type Error = StorageError;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.size)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, StorageError>>> {
        loop {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            let mut reading = match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Reading(reading) => reading,
                State::Idle(mut reader) => Box::pin(async move {
                    let next = reader.next().await;
                    (reader, next)
                }),
            };
            let Poll::Ready((reader, next)) = reading.as_mut().poll(cx) else {
                self.state = State::Reading(reading);
                return Poll::Pending;
            };
            self.state = State::Idle(reader);
            match next {
                Ok(Some(bytes)) if bytes.is_empty() => {}
                Ok(Some(bytes)) => {
                    self.left = self.left.saturating_sub(bytes.len() as u64);
                    return Poll::Ready(Some(Ok(bytes.into())));
                }
                Ok(None) => return Poll::Ready(Some(Err(StorageError::Missing))),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::a_file;

    /// FILE-08.
    #[test]
    fn ranges_of_every_form_are_read_or_ignored() {
        for (range, expected) in [
            ("bytes=0-4", Wanted::Part(0..5)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("Bytes = 3-3", Wanted::Part(3..4)),
            ("bytes=5-99999999999999999999999", Wanted::Part(5..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Wanted::Nothing);
    }

    /// FILE-08: a name ends no header, and is readable in every script.
    #[test]
    fn a_name_in_a_header_is_escaped() {
        let of = |filename: &str, mime: &str| {
            disposition(&File {
                filename: filename.into(),
                mime: mime.into(),
                ..a_file(1)
            })
        };
        assert_eq!(
            of("a \"b\".png", "image/png"),
            "inline; filename=\"a _b_.png\"; filename*=UTF-8''a%20%22b%22.png"
        );
        assert_eq!(
            of("가\r\nX: y", "text/html"),
            "attachment; filename=\"___X: y\"; filename*=UTF-8''%EA%B0%80%0D%0AX%3A%20y"
        );
    }
}
