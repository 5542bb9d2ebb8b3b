//! Parses database URLs. Creates nothing.

use std::path::PathBuf;

use crate::error::OpenError;

/// The location of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A file.
    Sqlite(PathBuf),
}

/// Checks a database URL without touching anything: `sqlite:<path>`.
///
/// # Errors
/// One line with the reason. It never repeats the URL, which may hold a password.
pub fn check_url(url: &str) -> Result<(), OpenError> {
    Location::parse(url).map(drop)
}

/// Returns whether the database at `url` exists. Creates nothing.
///
/// # Errors
/// If the URL is wrong, or the file system does not answer.
pub fn exists(url: &str) -> Result<bool, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    path.try_exists()
        .map_err(|error| OpenError::Connect(error.into()))
}

/// Returns the name of the database at `url` for people: its file, and never a password.
///
/// # Errors
/// If the URL is wrong.
pub fn display_name(url: &str) -> Result<String, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    Ok(path.display().to_string())
}

impl Location {
    /// Parses a URL.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let (scheme, rest) = url.split_once(':').ok_or(OpenError::NoScheme)?;
        match scheme {
            "sqlite" => Ok(Self::Sqlite(sqlite_path(rest)?)),
            "postgres" | "postgresql" => Err(OpenError::NotBuiltIn("PostgreSQL")),
            "mysql" | "mariadb" => Err(OpenError::NotBuiltIn("MySQL")),
            _ if is_scheme(scheme) => Err(OpenError::UnknownScheme(scheme.to_owned())),
            _ => Err(OpenError::NoScheme),
        }
    }
}

fn sqlite_path(path: &str) -> Result<PathBuf, OpenError> {
    if path.trim().is_empty() || path.ends_with('/') {
        return Err(OpenError::MissingPath);
    }
    // SQLite would read these as a URI, or as a private in-memory database per connection.
    if path.starts_with("//") || path.starts_with("file:") || path.starts_with(":memory:") {
        return Err(OpenError::NotAPath);
    }
    if path.contains('\0') {
        return Err(OpenError::NotAPath);
    }
    Ok(PathBuf::from(path))
}

/// Returns whether the name of a scheme can be printed: short and only letters, so that it cannot
/// be part of a secret.
fn is_scheme(scheme: &str) -> bool {
    (1..=16).contains(&scheme.len()) && scheme.bytes().all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_names_a_file() {
        for (url, path) in [
            ("sqlite:talk.db", "talk.db"),
            ("sqlite:/var/lib/talk/talk.db", "/var/lib/talk/talk.db"),
            ("sqlite:./data/talk.db", "./data/talk.db"),
        ] {
            assert_eq!(Location::parse(url).unwrap(), Location::Sqlite(path.into()));
        }
    }

    #[test]
    fn a_database_exists_once_its_file_does_and_is_named_by_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("talk.db");
        let url = format!("sqlite:{}", path.display());
        assert!(!exists(&url).unwrap());
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        assert!(exists(&url).unwrap());
        assert_eq!(display_name(&url).unwrap(), path.display().to_string());
        let below_a_file = format!("{url}/talk.db");
        assert!(matches!(exists(&below_a_file), Err(OpenError::Connect(_))));
    }

    #[test]
    fn anything_else_is_refused_in_one_line_that_keeps_the_password() {
        for url in [
            "",
            "talk.db",
            "sqlite",
            "sqlite:",
            "sqlite: ",
            "sqlite:/data/",
            "sqlite::memory:",
            "sqlite://talk.db",
            "sqlite:file:talk.db?mode=memory",
            "sqlite:a\0b",
            "postgres://u:secret@db/talk",
            "mysql://u:secret@db/talk",
            "oracle:u:secret@db",
            "u@secret:x",
        ] {
            let error = check_url(url).unwrap_err().to_string();
            assert!(
                !error.contains('\n') && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
