//! Receives a file as a multipart form. Its bytes are written to the storage while they arrive.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ContentDisposition, HeaderMap,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use talk_domain::files::model::{FileKind, StoredFile};
use talk_domain::files::storage::{FileWriter, Measured};
use talk_domain::files::upload::Description;
use talk_domain::kernel::error::{ErrorKind, Invalid};

use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::digest::digest;
use crate::endpoint::{Extract, Incoming};
use crate::files::{Uploader, remove};
use crate::openapi::Operation;
use crate::quota::Share;
use crate::status::Status;

/// Maximum number of bytes of a form without its file: the headers of its parts and their texts.
const AROUND: usize = 64 * 1024;

/// Number of bytes beyond the limit that are read from a refused upload and discarded, because a
/// client that is still writing would not read the answer.
const DRAINED: usize = 4 * 1024 * 1024;

/// Maximum number of parts of a form.
const PARTS: usize = 16;

/// Number of bytes by which an upload reserves temporary space.
const STEP: usize = 256 * 1024;

/// `Retry-After` in seconds, if there is no temporary space.
const RETRY_AFTER: u32 = 5;

/// Maximum duration of an upload.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The body of an upload, which is not read yet.
pub(crate) struct Upload {
    headers: HeaderMap,
    payload: Payload,
}

/// A received file.
pub(crate) struct Received {
    /// Its description.
    pub(crate) description: Description,
    /// The properties of its bytes.
    pub(crate) measured: Measured,
    /// The digest of the parts of the form that count, by which a repeated upload is recognised.
    pub(crate) fingerprint: JsonBody,
    /// Keeps the sweep away from the bytes until their row is committed.
    pub(crate) writer: Box<dyn FileWriter>,
}

impl Extract for Upload {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let limit = incoming.shared()?.api.file_limits.bytes;
        let headers = incoming.request.headers().clone();
        check_headers(&headers, limit)?;
        Ok(Self {
            headers,
            payload: incoming.take_payload(),
        })
    }

    fn describe(operation: Operation) -> Operation {
        operation.form()
    }
}

fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        let message = "the body must not be compressed";
        let reason = "UNSUPPORTED_CONTENT_ENCODING";
        return Err(ApiError::new(Status::UnsupportedMediaType, reason, message));
    }
    let kind = text(CONTENT_TYPE).unwrap_or_default().trim();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        let message = "the content type must be multipart/form-data";
        let reason = "UNSUPPORTED_MEDIA_TYPE";
        return Err(ApiError::new(Status::UnsupportedMediaType, reason, message));
    }
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > (limit + AROUND) as u64) {
        return Err(ApiError::too_large(limit));
    }
    Ok(())
}

fn invalid(message: &str) -> ApiError {
    ApiError::invalid("file", "INVALID_FILE_UPLOAD", message)
}

fn busy(whose: &str, limit: usize) -> ApiError {
    let message = format!("uploads of the {whose} have {limit} bytes already; try again soon");
    let status = Status::Domain(ErrorKind::Unavailable);
    ApiError::new(status, "BUSY", message).retry_after(RETRY_AFTER)
}

fn slow() -> ApiError {
    ApiError::new(Status::INVALID, "BODY_TIMEOUT", "the body came too slowly")
}

impl Upload {
    /// Reads the form and stores the bytes of its file.
    pub(crate) async fn receive(
        self,
        uploader: Uploader<'_>,
        file: StoredFile,
    ) -> Result<Received, ApiError> {
        let limits = uploader.shared.api.file_limits;
        let seen = Rc::new(Cell::new(0));
        let bounded = bounded(self.payload, limits.bytes + DRAINED, Rc::clone(&seen));
        let mut form = Form {
            uploader,
            file,
            parts: Multipart::new(&self.headers, bounded),
            seen: Rc::clone(&seen),
            is_broken: Cell::new(false),
            description: Description::default(),
            declared: String::new(),
            stored: None,
        };
        let read = tokio::time::timeout(LONGEST, form.read()).await;
        let limiter = &uploader.shared.limiter;
        limiter.charge_file(uploader.request, seen.get() as u64);
        let read = read.map_err(|_| slow()).and_then(|read| read);
        if let Err(refusal) = read {
            // A refused upload keeps no bytes. Those of a complete file part have no row, and are
            // removed here.
            if let Some((writer, _)) = form.stored.take() {
                drop(writer);
                remove(uploader.shared, file).await;
            }
            form.drain().await;
            return Err(refusal);
        }
        form.received()
    }
}

/// Returns the name in `filename`, or else in `filename*`, by which some clients send names that
/// are not ASCII.
fn sent_name(sent: &ContentDisposition) -> Option<String> {
    let extended = || {
        let extended = sent.get_filename_ext()?;
        Some(String::from_utf8_lossy(&extended.value).into_owned())
    };
    sent.get_filename().map(str::to_owned).or_else(extended)
}

/// Ends a body with an error once it has more than `limit` bytes, and counts its bytes in `seen`.
fn bounded(
    payload: Payload,
    limit: usize,
    seen: Rc<Cell<usize>>,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    payload.map(move |chunk| {
        let chunk = chunk?;
        seen.set(seen.get() + chunk.len());
        if seen.get() > limit {
            return Err(PayloadError::Overflow);
        }
        Ok(chunk)
    })
}

/// A form that is being read.
struct Form<'a> {
    uploader: Uploader<'a>,
    file: StoredFile,
    parts: Multipart,
    /// Bytes of the body that were read.
    seen: Rc<Cell<usize>>,
    /// Whether the parser failed. It cannot be polled again.
    is_broken: Cell<bool>,
    description: Description,
    /// The declared content type of the file.
    declared: String,
    stored: Option<(Box<dyn FileWriter>, Measured)>,
}

impl Form<'_> {
    async fn read(&mut self) -> Result<(), ApiError> {
        let mut count = 0;
        while let Some(field) = self.next_part().await? {
            count += 1;
            if count > PARTS {
                return Err(invalid("the form has too many parts"));
            }
            match field.name().unwrap_or_default() {
                "file" if self.stored.is_some() => {
                    return Err(invalid("the form has several parts `file`"));
                }
                "file" => self.store(field).await?,
                "type" => {
                    let kind = self.text("type", field).await?;
                    self.description.kind = FileKind::parse(&kind)?;
                }
                "name" => self.description.name = Some(self.text("name", field).await?),
                "detail" => self.description.detail = self.text("detail", field).await?,
                _ => drop(self.text("part", field).await?),
            }
        }
        self.description.check(self.uploader.limits)?;
        Ok(())
    }

    async fn next_part(&mut self) -> Result<Option<Field>, ApiError> {
        let stall = self.uploader.shared.api.file_limits.stall;
        let next = tokio::time::timeout(stall, self.parts.next()).await;
        let next = next.map_err(|_| slow())?.transpose();
        next.map_err(|error| self.broken(&error))
    }

    async fn within_stall<T>(
        &self,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let stall = self.uploader.shared.api.file_limits.stall;
        tokio::time::timeout(stall, work)
            .await
            .map_err(|_| slow())?
    }

    /// Reads a part that is a text. The bound here is far above the limits of texts, which are
    /// checked later.
    async fn text(&self, name: &str, mut field: Field) -> Result<String, ApiError> {
        let text = self.within_stall(async {
            let text = field
                .bytes(AROUND)
                .await
                .map_err(|_| ApiError::from(Invalid::too_long(name, AROUND, "bytes")))?;
            text.map_err(|error| self.broken(&error))
        });
        let text = text.await?;
        String::from_utf8(text.into()).map_err(|_| invalid("a part is no text in UTF-8"))
    }

    /// Writes the bytes of the file to the storage.
    async fn store(&mut self, mut field: Field) -> Result<(), ApiError> {
        self.declared = field
            .content_type()
            .map(ToString::to_string)
            .unwrap_or_default();
        self.description.filename = field
            .content_disposition()
            .and_then(sent_name)
            .unwrap_or_default();
        let shared = self.uploader.shared;
        let limit = shared.api.file_limits.bytes;
        let mut writer = shared.api.files.begin(self.file).await?;
        let (mut size, mut reserved) = (0, Vec::<Share>::new());
        while let Some(chunk) = self
            .within_stall(async {
                field
                    .next()
                    .await
                    .transpose()
                    .map_err(|error| self.broken(&error))
            })
            .await?
        {
            size += chunk.len();
            if size > limit {
                return Err(ApiError::too_large(limit));
            }
            while reserved.len() * STEP < size {
                let share = self.uploader.space.take(self.uploader.actor, STEP);
                reserved.push(share.map_err(|full| busy(full.whose, full.limit))?);
            }
            writer.write(&chunk).await?;
        }
        let measured = writer.finish().await?;
        self.stored = Some((writer, measured));
        Ok(())
    }

    /// Reads and discards the rest of a refused form, so that the client reads the answer.
    async fn drain(&mut self) {
        while !self.is_broken.get()
            && let Ok(Some(field)) = self.next_part().await
        {
            drop(field);
        }
    }

    fn broken(&self, error: &MultipartError) -> ApiError {
        self.is_broken.set(true);
        let limit = self.uploader.shared.api.file_limits.bytes;
        match error {
            MultipartError::Payload(PayloadError::Overflow) if self.seen.get() > limit => {
                ApiError::too_large(limit)
            }
            MultipartError::Payload(PayloadError::Overflow) => {
                invalid("the headers of a part are too long")
            }
            MultipartError::Payload(_) | MultipartError::Incomplete => ApiError::new(
                Status::INVALID,
                "BODY_INCOMPLETE",
                "the body could not be read",
            ),
            other => invalid(&format!("the form cannot be read: {other}")),
        }
    }

    fn received(self) -> Result<Received, ApiError> {
        let (writer, measured) = self
            .stored
            .ok_or_else(|| invalid("the form has no part `file`"))?;
        let description = self.description;
        let name = description.name.as_deref();
        let parts: [&[u8]; 7] = [
            description.kind.word().as_bytes(),
            &[u8::from(name.is_some())],
            name.unwrap_or_default().as_bytes(),
            description.detail.as_bytes(),
            description.filename.as_bytes(),
            self.declared.as_bytes(),
            &measured.sha256,
        ];
        Ok(Received {
            fingerprint: JsonBody(Bytes::copy_from_slice(&digest(&parts))),
            description,
            measured,
            writer,
        })
    }
}
