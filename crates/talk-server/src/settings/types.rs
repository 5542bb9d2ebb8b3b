//! Types of settings that are validated while parsing.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use talk_domain::hooks::schedule::{Schedule, ScheduleInvalid};
use talk_http_actix::{Origin, OriginError};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Deserializes a text with `FromStr`.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

/// Refuses zero, which would refuse every request.
pub(super) fn at_least_one<T: Default + PartialEq>(value: &T) -> Result<(), &'static str> {
    if *value == T::default() {
        Err("must be at least 1")
    } else {
        Ok(())
    }
}

/// Refuses more threads than the HTTP library can start.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape confique asks for"
)]
pub(super) fn at_most_512(value: &usize) -> Result<(), &'static str> {
    if *value > 512 {
        Err("must be at most 512")
    } else {
        Ok(())
    }
}

/// An optional address; the empty text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OptionalAddress(pub(crate) Option<SocketAddr>);

impl FromStr for OptionalAddress {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address)))
    }
}

impl fmt::Display for OptionalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// An `http` or `https` URL without query, fragment or credentials, and without a `/` at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text)
            .map_err(|error| format!("must be a URL like https://talk.example.com: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("must be a URL like https://talk.example.com".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a username or a password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not contain a query or a fragment".to_owned());
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The filter of logged messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// Returns the filter. Messages of the HTTP library about its threads are off unless the
    /// setting names that module.
    pub(crate) fn filter(&self) -> EnvFilter {
        EnvFilter::new(format!("actix_server=warn,{}", self.0))
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A single word that is not a level would count as a module name, and a typing error would
        // switch the log off.
        let is_level = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
        if !text.split(',').map(str::trim).all(is_level) {
            return Err("must be off, error, warn, info, debug, trace or module=level".to_owned());
        }
        EnvFilter::try_new(text).map_err(|error| error.to_string())?;
        Ok(Self(text.to_owned()))
    }
}

/// Splits a text at commas, without blanks and empty parts.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// Words, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Vec<String>);

impl FromStr for Words {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(words(text).map(str::to_owned).collect()))
    }
}

/// Ports, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports(pub(crate) Vec<u16>);

impl FromStr for Ports {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        words(text)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The steps of the schedule of webhooks, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookSchedule(pub(crate) Schedule);

impl FromStr for WebhookSchedule {
    type Err = ScheduleInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps = words(text).map(|step| step.parse().map_err(|_| ScheduleInvalid));
        Ok(Self(Schedule::new(steps.collect::<Result<_, _>>()?)?))
    }
}

/// Origins of web pages, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins(pub(crate) Vec<Origin>);

impl FromStr for Origins {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let origins = text.split(',').map(str::trim);
        let origins = origins.filter(|origin| !origin.is_empty());
        origins.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}
