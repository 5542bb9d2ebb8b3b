//! The parsed setting `files_url`: the directory or bucket in which files are stored.

use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;
use url::Url;

/// The directory or bucket in which files are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesUrl {
    /// A local directory.
    Local(PathBuf),
    /// A bucket of an S3-compatible service, and the prefix of the keys in it.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix, without slashes around it; may be empty.
        prefix: String,
    },
}

/// The error for a text that names neither a directory nor a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be file:<directory> or s3://<bucket>/<prefix>")]
pub struct FilesUrlError;

impl FromStr for FilesUrl {
    type Err = FilesUrlError;

    fn from_str(text: &str) -> Result<Self, FilesUrlError> {
        if let Some(directory) = text.strip_prefix("file:") {
            let directory = directory.strip_prefix("//").unwrap_or(directory);
            return match directory {
                "" => Err(FilesUrlError),
                directory => Ok(Self::Local(directory.into())),
            };
        }
        let url = Url::parse(text).map_err(|_| FilesUrlError)?;
        let is_plain = url.query().is_none() && url.fragment().is_none();
        let has_user = !url.username().is_empty() || url.password().is_some();
        match (url.scheme(), url.host_str()) {
            ("s3", Some(bucket)) if is_plain && !has_user && url.port().is_none() => Ok(Self::S3 {
                bucket: bucket.to_owned(),
                prefix: url.path().trim_matches('/').to_owned(),
            }),
            _ => Err(FilesUrlError),
        }
    }
}

/// Address and credentials of an S3-compatible service. For an absent value, the usual environment
/// variables (`AWS_ACCESS_KEY_ID` and so on) or the credentials of the machine are used.
#[derive(Clone, Debug, Default)]
pub struct S3Options {
    /// Address of the service, for example `https://minio.example.com`; Amazon's if absent.
    pub endpoint: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Id of the access key.
    pub access_key: Option<String>,
    /// Secret of the access key.
    pub secret_key: Option<SecretString>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_bucket() {
        let s3 = |bucket: &str, prefix: &str| FilesUrl::S3 {
            bucket: bucket.into(),
            prefix: prefix.into(),
        };
        for (text, expected) in [
            (
                "file:data/files",
                Some(FilesUrl::Local("data/files".into())),
            ),
            (
                "file:///var/talk",
                Some(FilesUrl::Local("/var/talk".into())),
            ),
            ("s3://bucket", Some(s3("bucket", ""))),
            ("s3://bucket/a/b/", Some(s3("bucket", "a/b"))),
            ("file:", None),
            ("s3:///prefix", None),
            ("s3://user:secret@bucket/", None),
            ("https://bucket/prefix", None),
            ("data/files", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<FilesUrl>().ok(), expected, "{text}");
        }
    }
}
