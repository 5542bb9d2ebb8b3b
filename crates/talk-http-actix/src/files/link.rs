//! Links by which the bytes of a file are read without a login. A link is customer, file and expiry
//! with a signature, in hexadecimal.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use talk_domain::files::model::{File, StoredFile};
use talk_domain::kernel::time::Timestamp;
use talk_wire::resource;
use talk_wire::resource::file::hexadecimal;
use uuid::Uuid;

use crate::shared::Shared;

/// Length of the signed part: two ids and the time in microseconds.
const SIGNED: usize = 40;

/// Length of a link: the signed part and the signature.
const WHOLE: usize = SIGNED + 32;

/// A link with a valid signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The file.
    pub(crate) file: StoredFile,
    /// The time after which it is invalid.
    pub(crate) expires: Timestamp,
}

impl Link {
    /// Formats the link with its signature.
    fn signed(self, secret: &str) -> String {
        let mut bytes = Vec::with_capacity(WHOLE);
        bytes.extend(self.file.customer.0.as_bytes());
        bytes.extend(self.file.id.0.as_bytes());
        bytes.extend(self.expires.as_micros().to_be_bytes());
        let signature = sign(&key(secret), &bytes);
        bytes.extend(signature.as_ref());
        hexadecimal(&bytes)
    }

    /// Reads a link; `None` if its signature is wrong or it has expired.
    pub(crate) fn read(text: &str, secret: &str, now: Timestamp) -> Option<Self> {
        let bytes = bytes(text)?;
        let (signed, signature) = bytes.split_at_checked(SIGNED)?;
        verify(&key(secret), signed, signature).ok()?;
        let expires = i64::from_be_bytes(signed.get(32..)?.try_into().ok()?);
        let link = Self {
            file: StoredFile {
                customer: Uuid::from_slice(signed.get(..16)?).ok()?.into(),
                id: Uuid::from_slice(signed.get(16..32)?).ok()?.into(),
            },
            expires: Timestamp::from_micros(expires)?,
        };
        (now < link.expires).then_some(link)
    }
}

/// Derives the key of signatures from the secret of the installation, with a prefix for this use.
fn key(secret: &str) -> Key {
    Key::new(HMAC_SHA256, format!("link to a file {secret}").as_bytes())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() != WHOLE * 2 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..WHOLE).map(|i| text.get(2 * i..2 * i + 2));
    pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}

/// Makes links to files. It has no `Debug`, which would print the secret.
#[derive(Clone)]
pub struct FileLinks {
    /// The address under which people reach the server, if it is known.
    pub public_url: Option<String>,
    /// The secret of the installation.
    pub secret: String,
    /// Seconds that a link is valid.
    pub seconds: u32,
}

impl FileLinks {
    /// Returns a link to the bytes of a file, and the time after which it is invalid; `None` if the
    /// server has no public address.
    #[must_use]
    pub fn link(&self, file: StoredFile, now: Timestamp) -> Option<(String, Timestamp)> {
        let base = self.public_url.as_deref()?.trim_end_matches('/');
        let (path, expires) = self.path(file, now);
        Some((format!("{base}{path}"), expires))
    }

    /// Returns a link as a path, for those who have reached the server already.
    pub(crate) fn path(&self, file: StoredFile, now: Timestamp) -> (String, Timestamp) {
        let expires = now.plus_seconds(self.seconds);
        let signed = Link { file, expires }.signed(&self.secret);
        (format!("/v1.0/files/{signed}"), expires)
    }
}

/// Returns a link to the bytes of a file, as a path on this server.
pub(crate) fn path_to(shared: &Shared, file: StoredFile) -> String {
    shared.file_links.path(file, (shared.api.clock)()).0
}

/// Adds a new link to a file, if the server has a public address.
pub(crate) fn with_link(
    shared: &Shared,
    mut shown: resource::File,
    file: StoredFile,
) -> resource::File {
    let link = shared.file_links.link(file, (shared.api.clock)());
    if let Some((link, expires)) = link {
        shown.uri_download = link;
        shown.tm_download_expire = talk_wire::time::format(expires);
    }
    shown
}

/// Shows a file with a link.
pub(crate) fn shown(shared: &Shared, file: &File) -> resource::File {
    with_link(shared, resource::File::from(file), StoredFile::from(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{a_file, at};

    /// FILE-09.
    #[test]
    fn a_link_is_valid_until_its_time_and_only_unchanged() {
        let link = Link {
            file: StoredFile::from(&a_file(1)),
            expires: at(1_000),
        };
        let signed = link.signed("secret");
        assert_eq!(Link::read(&signed, "secret", at(999)), Some(link));
        assert_eq!(Link::read(&signed, "secret", at(1_000)), None);
        assert_eq!(Link::read(&signed, "other", at(999)), None);
        for i in 0..signed.len() {
            let mut changed = signed.clone().into_bytes();
            changed[i] = if changed[i] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Link::read(&changed, "secret", at(0)), None, "{i}");
        }
        for wrong in [
            "",
            "00",
            &signed[1..],
            &format!("{signed}0"),
            &"é".repeat(WHOLE),
        ] {
            assert_eq!(Link::read(wrong, "secret", at(0)), None, "{wrong}");
        }
    }
}
