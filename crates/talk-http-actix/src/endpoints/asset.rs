//! Static files with an `ETag`. All answers share the same bytes, compressed or not.

use std::io::{Read, Write};
use std::sync::OnceLock;

use actix_web::http::header::{
    self, AcceptEncoding, EntityTag, Header, HeaderName, HeaderValue, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::api_error::ApiError;
use crate::digest::digest;
use crate::unsent;

/// Content security policy of the documentation: only files of this host and no inline scripts. The
/// page sets inline styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Cache lifetime of files that are built into the program, of generated ones, and of files whose
/// path changes with their content.
const DAY: &str = "public, max-age=86400";
const ASK: &str = "no-cache";
const FOREVER: &str = "public, max-age=31536000, immutable";

/// A file.
pub(crate) struct Asset {
    kind: &'static str,
    caching: &'static str,
    policy: &'static str,
    compressed: Bytes,
    /// Uncompressed, unpacked at the first request for it.
    plain: OnceLock<Bytes>,
    tag: EntityTag,
}

impl Asset {
    /// A file compressed when the program was built.
    pub(crate) fn vendored(kind: &'static str, compressed: &'static [u8]) -> Self {
        Self::new((kind, DAY, POLICY), Bytes::from_static(compressed))
    }

    /// A file compressed when the program was built, whose path changes with its content.
    pub(crate) fn immutable(
        kind: &'static str,
        policy: &'static str,
        compressed: &'static [u8],
    ) -> Self {
        Self::new((kind, FOREVER, policy), Bytes::from_static(compressed))
    }

    /// A text of this program.
    pub(crate) fn text(kind: &'static str, text: &str) -> Self {
        Self::page(kind, POLICY, text)
    }

    /// A text with a content security policy of its own.
    pub(crate) fn page(kind: &'static str, policy: &'static str, text: &str) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail.
        let written = encoder.write_all(text.as_bytes());
        let compressed = written.and_then(|()| encoder.finish()).unwrap_or_default();
        Self::new((kind, ASK, policy), compressed.into())
    }

    fn new(
        (kind, caching, policy): (&'static str, &'static str, &'static str),
        compressed: Bytes,
    ) -> Self {
        let hash = digest(&[&compressed]);
        let hash = hash.iter().take(8).map(|byte| format!("{byte:02x}"));
        // A weak tag, since both forms are equivalent.
        let tag = EntityTag::new_weak(hash.collect());
        Self {
            kind,
            caching,
            policy,
            compressed,
            plain: OnceLock::new(),
            tag,
        }
    }

    /// The answer to `request`.
    pub(crate) fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ApiError> {
        let is_known = self.is_known(request);
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header((header::CACHE_CONTROL, self.caching))
            .insert_header((header::ETAG, self.tag.to_string()))
            .insert_header((header::VARY, "accept-encoding"))
            .insert_header((header::CONTENT_SECURITY_POLICY, self.policy))
            .insert_header((header::X_FRAME_OPTIONS, "deny"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if is_known {
            return Ok(response.finish());
        }
        response.content_type(self.kind);
        if takes_gzip(request) {
            const CODING: (HeaderName, HeaderValue) =
                (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            let body = unsent::shared(self.compressed.clone());
            return Ok(response.insert_header(CODING).body(body));
        }
        Ok(response.body(unsent::shared(self.plain()?)))
    }

    fn plain(&self) -> Result<Bytes, ApiError> {
        if let Some(plain) = self.plain.get() {
            return Ok(plain.clone());
        }
        let mut plain = Vec::new();
        let read = GzDecoder::new(&*self.compressed).read_to_end(&mut plain);
        read.map_err(|error| ApiError::internal(error.to_string()))?;
        Ok(self.plain.get_or_init(|| plain.into()).clone())
    }

    fn is_known(&self, request: &HttpRequest) -> bool {
        match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
            Err(_) => false,
        }
    }
}

fn takes_gzip(request: &HttpRequest) -> bool {
    use actix_web::http::header::{ContentEncoding, Encoding};
    let wanted = AcceptEncoding::parse(request);
    let (gzip, plain) = (Encoding::gzip(), Encoding::identity());
    let chosen = wanted.ok().and_then(|wanted| {
        let none = wanted.is_empty();
        wanted
            .negotiate([&gzip, &plain].into_iter())
            .filter(|_| !none)
    });
    chosen == Some(Encoding::Known(ContentEncoding::Gzip))
}
