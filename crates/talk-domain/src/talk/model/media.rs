//! Medias: the five kinds of attachment. URLs are stored, never fetched.

use crate::files::model::File;
use crate::kernel::blank::is_blank;
use crate::kernel::error::Invalid;
use crate::kernel::id::{AgentId, FileId};
use crate::kernel::limits::Limits;
use crate::kernel::text::check_text;

/// Characters of a URL.
pub const URL: usize = 2_048;

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// An uploaded file of the customer.
    File(FileMedia),
    /// A link.
    Link(String),
    /// A card of an agent of the customer.
    Agent(AgentId),
    /// A phone number, e-mail address and the like.
    Address(Address),
    /// The legacy form: a typed URL.
    Remote {
        /// MIME type.
        mime: String,
        /// The URL.
        url: String,
        /// Display name.
        name: String,
    },
}

/// An uploaded file in a message, with its properties at the time of the post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMedia {
    /// The file.
    pub id: FileId,
    /// The name that people see.
    pub name: String,
    /// Its MIME type.
    pub mime: String,
    /// Its number of bytes.
    pub size: u64,
    /// Whether the file was deleted since.
    pub is_deleted: bool,
}

impl FileMedia {
    /// Names a file, as a request does. Its properties are completed when it is attached.
    #[must_use]
    pub const fn named(id: FileId) -> Self {
        Self {
            id,
            name: String::new(),
            mime: String::new(),
            size: 0,
            is_deleted: false,
        }
    }
}

impl From<&File> for FileMedia {
    fn from(file: &File) -> Self {
        Self {
            id: file.id,
            name: file.name.clone(),
            mime: file.mime.clone(),
            size: file.size,
            is_deleted: false,
        }
    }
}

/// VoIPBIN's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// `tel`, `email`, `sip` and so on.
    pub kind: String,
    /// The number or address.
    pub target: String,
    /// Name of the target.
    pub target_name: String,
    /// Label.
    pub name: String,
    /// Free text.
    pub detail: String,
}

impl Media {
    /// Returns the file, if it is one.
    #[must_use]
    pub const fn file(&self) -> Option<&FileMedia> {
        match self {
            Self::File(file) => Some(file),
            _ => None,
        }
    }

    /// Checks everything that needs no lookup; `path` is the path of the element, for example
    /// `medias[1]`.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self, path: &str, limits: &Limits) -> Result<(), Invalid> {
        match self {
            Self::File(_) | Self::Agent(_) => Ok(()),
            Self::Link(url) => check_url(&format!("{path}.link_url"), url),
            Self::Address(address) => address.check(&format!("{path}.address"), limits),
            Self::Remote { mime, url, name } => {
                if !is_mime(mime) {
                    return Err(Invalid::new(
                        format!("{path}.type"),
                        "MEDIA_TYPE_INVALID",
                        "must be file, link, agent, address or a MIME type",
                    ));
                }
                check_text(&format!("{path}.name"), name, limits.name)?;
                check_url(&format!("{path}.url"), url)
            }
        }
    }
}

impl Address {
    fn check(&self, path: &str, limits: &Limits) -> Result<(), Invalid> {
        for (field, value) in [
            ("type", &self.kind),
            ("target", &self.target),
            ("target_name", &self.target_name),
            ("name", &self.name),
        ] {
            check_text(&format!("{path}.{field}"), value, limits.name)?;
        }
        check_text(&format!("{path}.detail"), &self.detail, limits.detail)?;
        for (field, value) in [("type", &self.kind), ("target", &self.target)] {
            if is_blank(value) {
                return Err(Invalid::new(
                    format!("{path}.{field}"),
                    "MEDIA_ADDRESS_INVALID",
                    "must not be empty",
                ));
            }
        }
        Ok(())
    }
}

fn check_url(field: &str, url: &str) -> Result<(), Invalid> {
    check_text(field, url, URL)?;
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let (head, rest) = url.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let has_host = host.is_some_and(|host| {
        let host = host.rsplit('@').next().unwrap_or_default();
        !host.is_empty() && !host.starts_with(':')
    });
    if has_host
        && !url
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return Ok(());
    }
    Err(Invalid::new(
        field,
        "URL_INVALID",
        "must be an http or https URL",
    ))
}

/// `<token>/<token>` of RFC 9110, with optional parameters.
fn is_mime(raw: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let essence = raw.split(';').next().unwrap_or_default().trim_end();
    raw.len() <= 255
        && !raw.chars().any(char::is_control)
        && essence
            .split_once('/')
            .is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(url: &str) -> Result<(), Invalid> {
        Media::Link(url.to_owned()).check("medias[0]", &Limits::default())
    }

    #[test]
    fn only_web_addresses_are_links() {
        for url in [
            "https://e.test/?a=1&b=<2>",
            "HTTP://e.test",
            "http://[::1]:80/x",
            "http://a@b",
        ] {
            assert_eq!(link(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "e.test",
            "ftp://e.test",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "http://:80",
            "https://a b",
            "https://e.test/\u{7f}",
            "https://e.test\\x",
        ] {
            let refused = link(url).unwrap_err();
            assert_eq!(
                (refused.reason, &*refused.field),
                ("URL_INVALID", "medias[0].link_url")
            );
        }
        assert_eq!(
            link(&format!("https://e/{}", "x".repeat(URL)))
                .unwrap_err()
                .limit,
            Some(2048)
        );
    }

    #[test]
    fn the_legacy_form_needs_a_mime_type() {
        let media = |mime: &str| Media::Remote {
            mime: mime.into(),
            url: "https://e.test/a.pdf".into(),
            name: "a.pdf".into(),
        };
        let limits = Limits::default();
        assert_eq!(media("application/pdf").check("medias[2]", &limits), Ok(()));
        for mime in ["pdf", "a/", "/b", "a/b/c", "a b/c", ""] {
            let refused = media(mime).check("medias[2]", &limits).unwrap_err();
            assert_eq!(refused.field, "medias[2].type", "{mime}");
        }
    }

    #[test]
    fn an_address_needs_type_and_target() {
        let address = Address {
            kind: "tel".into(),
            ..Address::default()
        };
        let refused = Media::Address(address)
            .check("medias[0]", &Limits::default())
            .unwrap_err();
        assert_eq!(refused.field, "medias[0].address.target");
    }
}
