//! Request bodies: bounded in size and time, only JSON, with precise refusals.

mod nul;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use talk_domain::kernel::error::ErrorKind;
use talk_socket::Share;
use talk_wire::request::Request;
use talk_wire::schema::JsonSchema;

use crate::api_error::ApiError;
use crate::endpoint::{Extract, Incoming};
use crate::openapi::Operation;
use crate::status::Status;
use nul::check_nul;

/// Limits of request bodies, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// A login or logout, whose sender is not authenticated yet.
    pub login: usize,
    /// A message.
    pub message: usize,
    /// A request of a provider of messages.
    pub hook: usize,
    /// Anything else.
    pub other: usize,
}

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(15);

/// Bytes of a body over its limit that are read and discarded: a client that is still writing would
/// not read the answer.
const DRAINED: usize = 4 * 1024 * 1024;

/// Bytes that the bodies of providers' requests may hold together, beyond [`HOOK_FREE`] of each.
pub(crate) const HOOK_BODIES: usize = 64 * 1024 * 1024;

/// Bytes of a provider's request that need no share of [`HOOK_BODIES`].
const HOOK_FREE: usize = 64 * 1024;

/// Seconds after which a provider may repeat a request that found no memory.
const RETRY_AFTER: u32 = 1;

/// The body of a request, at most as large as `L` says.
pub(crate) struct Body<T, L = AnySize> {
    /// The parsed value.
    pub(crate) value: T,
    /// The bytes as sent.
    pub(crate) sent: JsonBody,
    limit: PhantomData<L>,
}

/// An optional body whose content is ignored: empty, or any JSON object.
pub(crate) struct NoBody<L = AnySize> {
    /// The bytes as sent.
    pub(crate) sent: JsonBody,
    limit: PhantomData<L>,
}

/// The limits of a kind of bodies.
pub(crate) trait BodySize: 'static {
    /// Whether strings may contain U+0000, because the endpoint replaces it.
    const ADMITS_NUL: bool = false;

    /// The limit in bytes.
    fn limit(limits: &BodyLimits) -> usize;
}

/// The size of a login or logout, whose sender is not authenticated yet.
pub(crate) struct LoginSize;

/// The size of a message.
pub(crate) struct MessageSize;

/// The size of a message from outside, whose sender cannot do anything about a text that is refused.
pub(crate) struct OutsideSize;

/// The size of any other body.
pub(crate) struct AnySize;

impl BodySize for LoginSize {
    fn limit(limits: &BodyLimits) -> usize {
        limits.login
    }
}

impl BodySize for MessageSize {
    fn limit(limits: &BodyLimits) -> usize {
        limits.message
    }
}

impl BodySize for OutsideSize {
    const ADMITS_NUL: bool = true;

    fn limit(limits: &BodyLimits) -> usize {
        limits.message
    }
}

impl BodySize for AnySize {
    fn limit(limits: &BodyLimits) -> usize {
        limits.other
    }
}

impl<T: Request + JsonSchema, L: BodySize> Extract for Body<T, L> {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let sent = read::<L>(incoming).await?;
        let value = if L::ADMITS_NUL {
            sent.json_with_nul()?
        } else {
            sent.json()?
        };
        Ok(Self {
            value,
            sent,
            limit: PhantomData,
        })
    }

    fn describe(operation: Operation) -> Operation {
        operation.body::<T>(true).reasons(T::REFUSALS)
    }
}

/// `None` if nothing is sent.
impl<T: Request + JsonSchema, L: BodySize> Extract for Option<Body<T, L>> {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let sent = read::<L>(incoming).await?;
        if sent.bytes().is_empty() {
            return Ok(None);
        }
        Ok(Some(Body {
            value: sent.json()?,
            sent,
            limit: PhantomData,
        }))
    }

    fn describe(operation: Operation) -> Operation {
        operation.body::<T>(false).reasons(T::REFUSALS)
    }
}

impl<L: BodySize> Extract for NoBody<L> {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let sent = read::<L>(incoming).await?;
        if !sent.bytes().is_empty() {
            sent.json::<serde::de::IgnoredAny>()?;
        }
        Ok(Self {
            sent,
            limit: PhantomData,
        })
    }

    fn describe(operation: Operation) -> Operation {
        operation.no_body()
    }
}

/// The body of a request of a provider, byte for byte, of any content type. Its sender is not known until
/// the body is verified, so that all such bodies together have a limit. The share in it is given back when
/// it is dropped.
pub(crate) struct RawBody(pub(crate) Bytes, pub(crate) Share);

impl Extract for RawBody {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let limit = incoming.shared()?.api.body_limits.hook;
        let headers = incoming.request.headers();
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.trim().parse::<u64>().ok());
        if length.is_some_and(|length| length > limit as u64) {
            return Err(ApiError::too_large(limit));
        }
        let mut share = Share::new(Arc::clone(&incoming.shared()?.hook_bodies), HOOK_FREE);
        let body = within(incoming, limit, Some(&mut share)).await?;
        Ok(Self(body, share))
    }

    fn describe(operation: Operation) -> Operation {
        operation
    }
}

async fn read<L: BodySize>(incoming: &mut Incoming) -> Result<JsonBody, ApiError> {
    let limit = L::limit(&incoming.shared()?.api.body_limits);
    check_headers(incoming.request.headers(), limit)?;
    Ok(JsonBody(within(incoming, limit, None).await?))
}

/// Reads a body in time, and charges it to the sender. A `share` must cover the bytes that have arrived.
async fn within(
    incoming: &mut Incoming,
    limit: usize,
    share: Option<&mut Share>,
) -> Result<Bytes, ApiError> {
    let slow = || ApiError::new(Status::INVALID, "BODY_TIMEOUT", "the body came too slowly");
    let mut seen = 0;
    let read = collect(incoming.take_payload(), limit, share, &mut seen);
    let read = tokio::time::timeout(PATIENCE, read).await;
    let limiter = &incoming.shared()?.limiter;
    limiter.charge_body(&incoming.request, seen as u64);
    read.map_err(|_| slow())?
}

/// Reads a body of at most `limit` bytes, and adds the received bytes to `seen`.
async fn collect(
    mut payload: Payload,
    limit: usize,
    mut share: Option<&mut Share>,
    seen: &mut usize,
) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            ApiError::new(
                Status::INVALID,
                "BODY_INCOMPLETE",
                "the body could not be read",
            )
        })?;
        *seen = seen.saturating_add(chunk.len());
        if *seen <= limit {
            let is_covered = share.as_mut().is_none_or(|share| share.cover(*seen));
            if !is_covered {
                let message = "too many large requests are being received";
                let status = Status::Domain(ErrorKind::Unavailable);
                return Err(ApiError::new(status, "BUSY", message).retry_after(RETRY_AFTER));
            }
            body.extend_from_slice(&chunk);
        } else {
            body = BytesMut::new();
            if *seen > DRAINED {
                break;
            }
        }
    }
    if *seen > limit {
        return Err(ApiError::too_large(limit));
    }
    Ok(body.freeze())
}

/// Refuses a body whose `Content-Length` exceeds `limit`, and one that is not uncompressed JSON. A
/// missing content type counts as JSON.
fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), ApiError> {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("?").trim())
    };
    if text(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(ApiError::new(
            Status::UnsupportedMediaType,
            "UNSUPPORTED_CONTENT_ENCODING",
            "the body must not be compressed",
        ));
    }
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::too_large(limit));
    }
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || text(CONTENT_LENGTH).is_some_and(|length| length != "0");
    let essence = text(CONTENT_TYPE).map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if has_body && essence.is_some_and(|kind| !kind.eq_ignore_ascii_case("application/json")) {
        return Err(ApiError::new(
            Status::UnsupportedMediaType,
            "UNSUPPORTED_MEDIA_TYPE",
            "the content type must be application/json",
        ));
    }
    Ok(())
}

/// A body as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct JsonBody(pub(crate) Bytes);

impl JsonBody {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Parses the JSON object.
    ///
    /// # Errors
    /// `INVALID_JSON_BODY`, `NUL_CHARACTER`, or `INVALID_FIELD` with the path of the field.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let value = self.json_with_nul()?;
        self.check_nul()?;
        Ok(value)
    }

    /// Refuses U+0000 in JSON strings.
    pub(crate) fn check_nul(&self) -> Result<(), ApiError> {
        check_nul(std::str::from_utf8(&self.0).unwrap_or_default())
    }

    /// Parses the JSON object, without the check for U+0000.
    ///
    /// # Errors
    /// See [`json`](Self::json).
    pub(crate) fn json_with_nul<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let text = std::str::from_utf8(&self.0).map_err(|_| not_json("the body is not UTF-8"))?;
        let reader = &mut serde_json::Deserializer::from_str(text);
        let is_object = text.trim_start().starts_with('{');
        let value = match serde_path_to_error::deserialize(&mut *reader) {
            Ok(value) if is_object => value,
            Ok(_) => return Err(not_json("the body is not a JSON object")),
            Err(error) if error.inner().classify() != Category::Data || !is_object => {
                return Err(not_json("the body is not a JSON object"));
            }
            Err(error) => {
                // The position in the body does not help clients that serialize fields.
                let message = error.inner().to_string();
                let message = message
                    .split(" at line ")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                let path = named(&message).unwrap_or_else(|| error.path().to_string());
                return Err(ApiError::invalid(&path, "INVALID_FIELD", message));
            }
        };
        reader
            .end()
            .map_err(|_| not_json("something follows the JSON object"))?;
        Ok(value)
    }
}

/// Returns the field that an error of serde about the enclosing object names.
fn named(message: &str) -> Option<String> {
    let name = message
        .strip_prefix("duplicate field `")?
        .strip_suffix('`')?;
    Some(name.to_owned())
}

fn not_json(message: &str) -> ApiError {
    ApiError::new(Status::INVALID, "INVALID_JSON_BODY", message)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Answer, Scene, post};
    use actix_web::test::TestRequest;

    const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

    async fn sent(body: &str) -> Answer {
        Scene::new().call(post(1, MESSAGES, body)).await
    }

    fn refusal(status: u16, reason: &str, field: &str) -> (u16, String, String) {
        (status, reason.to_owned(), field.to_owned())
    }

    #[actix_web::test]
    async fn a_wrong_type_is_named_by_its_path() {
        for (body, field) in [
            (r#"{"text":7}"#, "text"),
            (
                r#"{"medias":[{"type":"link"},{"address":{"target":7}}]}"#,
                "medias[1].address.target",
            ),
        ] {
            assert_eq!(
                sent(body).await.refusal(),
                refusal(400, "INVALID_FIELD", field)
            );
        }
    }

    #[actix_web::test]
    async fn what_is_no_json_object_is_refused() {
        let deep = format!(r#"{{"a":{}}}"#, "[".repeat(500));
        for body in [
            "",
            "{",
            "nope",
            "[]",
            "7",
            "{}{}",
            r#"{"text":"\ud800"}"#,
            &deep,
        ] {
            assert_eq!(
                sent(body).await.refusal(),
                refusal(400, "INVALID_JSON_BODY", ""),
                "{body}"
            );
        }
        let latin = post(1, MESSAGES, "").set_payload(&b"{\"x\":\"\xe9\"}"[..]);
        let refused = Scene::new().call(latin).await;
        assert_eq!(refused.refusal(), refusal(400, "INVALID_JSON_BODY", ""));
    }

    #[actix_web::test]
    async fn u_0000_is_refused_wherever_it_is() {
        for (body, field) in [
            (r#"{"text":"a\u0000"}"#, "text"),
            (r#"{"unknown":{"list":["","\u0000"]}}"#, "unknown.list[1]"),
        ] {
            assert_eq!(
                sent(body).await.refusal(),
                refusal(400, "NUL_CHARACTER", field)
            );
        }
        let escaped = sent(r#"{"text":"\\u0000"}"#).await;
        assert_eq!(escaped.refusal(), refusal(400, "INVALID_ID", "chat_id"));
    }

    #[actix_web::test]
    async fn a_body_over_its_limit_is_too_large() {
        let body = format!(r#"{{"text":"{}"}}"#, "x".repeat(1_000));
        let refused = sent(&body).await;
        assert_eq!(refused.refusal(), refusal(413, "PAYLOAD_TOO_LARGE", "body"));
        assert_eq!(refused.json()["error"]["details"][0]["limit"], 1_000);
        let chat = post(1, "/v1.0/service_agents/talk_chats", &body);
        let refused = Scene::new().call(chat).await;
        assert_eq!(refused.refusal(), refusal(400, "TYPE_REQUIRED", "type"));
    }

    /// Case 45: no byte of it is read or held.
    #[actix_web::test]
    async fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
        for (uri, limit) in [
            ("/auth/login", 500),
            ("/auth/logout", 500),
            (MESSAGES, 1_000),
        ] {
            let announced = post(1, uri, "").insert_header(("content-length", limit + 1));
            let refused = Scene::new().call(announced).await;
            assert_eq!(refused.refusal(), refusal(413, "PAYLOAD_TOO_LARGE", "body"));
            assert_eq!(refused.json()["error"]["details"][0]["limit"], limit);
        }
    }

    /// Case 45.
    #[actix_web::test]
    async fn a_login_without_a_length_is_read_up_to_its_limit() {
        let body = format!(r#"{{"username":"{}"}}"#, "x".repeat(500));
        // Without a length, like a chunked body; `set_payload` sets one.
        let request = TestRequest::post().uri("/auth/login").set_payload(body);
        let request = request.insert_header(("content-length", 0_usize));
        let refused = Scene::new().call(request).await;
        assert_eq!(refused.refusal(), refusal(413, "PAYLOAD_TOO_LARGE", "body"));
    }

    #[actix_web::test]
    async fn only_plain_json_is_read() {
        for (name, value, reason) in [
            ("content-type", "text/plain", "UNSUPPORTED_MEDIA_TYPE"),
            ("content-encoding", "gzip", "UNSUPPORTED_CONTENT_ENCODING"),
        ] {
            let request = post(1, MESSAGES, "{}").insert_header((name, value));
            let refused = Scene::new().call(request).await;
            assert_eq!(refused.refusal(), refusal(415, reason, ""));
        }
        let request = post(1, MESSAGES, "{}")
            .insert_header(("content-type", "Application/JSON; charset=utf-8"));
        assert_eq!(Scene::new().call(request).await.status, 400);
    }
}
