//! Query strings. A handler's query is a type that reads its parameters one by one; the same code
//! produces their description.

use std::collections::HashSet;

use actix_web::web;
use percent_encoding::percent_decode_str;
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::time::Timestamp;
use talk_wire::{id, page_token, time};
use uuid::Uuid;

use super::extract::{Extract, Incoming};
use crate::api_error::ApiError;
use crate::openapi::{Operation, example};

/// Rows of a page without a `page_size`.
const DEFAULT_PAGE_SIZE: u16 = 50;

/// The parameters that an endpoint reads from its query.
pub(crate) trait FromQuery: Sized {
    /// Reads them; the first invalid one is reported.
    fn read(query: &mut QueryReader) -> Result<Self, ApiError>;
}

/// The parsed query of a request.
pub(crate) struct Queried<T>(pub(crate) T);

impl<T: FromQuery> Extract for Queried<T> {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let mut query = QueryReader::parse(incoming.request.query_string())?;
        Ok(Self(T::read(&mut query)?))
    }

    fn describe(operation: Operation) -> Operation {
        let mut query = QueryReader::describing();
        let read = T::read(&mut query).map(drop);
        operation.takes(query.into_described(), read)
    }
}

impl FromQuery for PageRequest {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        Ok(query.page()?)
    }
}

/// A parameter of a query.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) form: Form,
    /// Reasons of refusals of its values.
    pub(crate) reasons: &'static [&'static str],
    /// An example for the description; must be set if the parameter is required.
    pub(crate) example: Option<&'static str>,
    /// The value used if the parameter is absent.
    pub(crate) default: Option<&'static str>,
    pub(crate) is_required: bool,
    /// Whether it is described only if the deprecated endpoints are served.
    pub(crate) is_legacy: bool,
}

/// The values of a parameter.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// An id.
    Id,
    /// An id, or this word.
    IdOr(&'static str),
    /// Ids separated by commas, at most this number.
    Ids(usize),
    /// A whole number between these, both included.
    Number(u64, u64),
    /// A time.
    Time,
    /// The token of a page, or a time.
    PageToken,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Text of as many characters as a name may have.
    Name,
    /// Text of 1 to this number of characters.
    Text(usize),
    /// An emoji or a short name.
    Emoji,
}

impl Parameter {
    /// A parameter that may be absent.
    pub(crate) const fn new(name: &'static str, form: Form, about: &'static str) -> Self {
        Self {
            name,
            about,
            form,
            reasons: &[],
            example: None,
            default: None,
            is_required: false,
            is_legacy: false,
        }
    }

    pub(crate) const fn refused(mut self, reasons: &'static [&'static str]) -> Self {
        self.reasons = reasons;
        self
    }

    pub(crate) const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(crate) const fn legacy(mut self) -> Self {
        self.is_legacy = true;
        self
    }

    /// Marks it as required.
    pub(crate) const fn required(mut self, example: &'static str) -> Self {
        self.is_required = true;
        self.example = Some(example);
        self
    }
}

/// A parameter that is a whole number.
pub(crate) struct Number {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) least: u64,
    pub(crate) most: u64,
    /// The number used if the parameter is absent.
    pub(crate) default: Option<&'static str>,
    pub(crate) reason: &'static str,
}

/// Reads the parameters of a query, or records them for the description. An empty one counts as
/// absent.
#[derive(Debug)]
pub(crate) enum QueryReader {
    /// A request's names and values.
    Reading(Vec<(String, String)>),
    /// The parameters read so far.
    Describing(Vec<Parameter>),
}

impl QueryReader {
    /// Reads a query string.
    ///
    /// # Errors
    /// If it is not UTF-8, or a parameter is repeated, which would be ambiguous.
    pub(crate) fn parse(raw: &str) -> Result<Self, ApiError> {
        // The parser below would replace invalid UTF-8 by U+FFFD.
        if percent_decode_str(raw).decode_utf8().is_err() {
            let message = "must be percent-encoded UTF-8";
            return Err(ApiError::invalid("query", "INVALID_QUERY", message));
        }
        let pairs = web::Query::<Vec<(String, String)>>::from_query(raw)
            .map_err(|_| ApiError::invalid("query", "INVALID_QUERY", "could not be read"))?
            .into_inner();
        let mut seen = HashSet::with_capacity(pairs.len());
        for (name, _) in &pairs {
            if !seen.insert(name) {
                return Err(ApiError::invalid(name, "INVALID_QUERY", "was given twice"));
            }
        }
        Ok(Self::Reading(pairs))
    }

    /// Returns the value of a parameter that is not described.
    pub(crate) fn hidden(&self, name: &str) -> Option<&str> {
        match self {
            Self::Reading(pairs) => value(pairs, name),
            Self::Describing(_) => None,
        }
    }

    fn describing() -> Self {
        Self::Describing(Vec::new())
    }

    fn into_described(self) -> Vec<Parameter> {
        match self {
            Self::Reading(_) => Vec::new(),
            Self::Describing(parameters) => parameters,
        }
    }

    /// Returns the value of a parameter, or its example while describing.
    pub(crate) fn get(&mut self, parameter: Parameter) -> Option<&str> {
        match self {
            Self::Reading(pairs) => value(pairs, parameter.name),
            Self::Describing(parameters) => {
                let example = parameter.example;
                parameters.push(parameter);
                example
            }
        }
    }

    /// Parses the value of an optional parameter.
    pub(crate) fn parsed<T, E>(
        &mut self,
        parameter: Parameter,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        self.get(parameter).map(parse).transpose()
    }

    /// An id.
    pub(crate) fn id<T: From<Uuid>>(
        &mut self,
        name: &'static str,
        about: &'static str,
    ) -> Result<Option<T>, Invalid> {
        let parameter = Parameter::new(name, Form::Id, about).refused(&["INVALID_ID"]);
        self.parsed(parameter, |text| id::parse(name, text))
    }

    /// A time in one of the two accepted formats.
    pub(crate) fn time(
        &mut self,
        name: &'static str,
        about: &'static str,
    ) -> Result<Option<Timestamp>, Invalid> {
        let parameter = Parameter::new(name, Form::Time, about).refused(&["TIME_INVALID"]);
        self.parsed(parameter, |text| {
            time::parse(text).map_err(|error| Invalid::new(name, "TIME_INVALID", error.to_string()))
        })
    }

    /// A number within its range.
    pub(crate) fn number(&mut self, number: &'static Number) -> Result<Option<u64>, Invalid> {
        let Number {
            name, least, most, ..
        } = *number;
        let parameter = Parameter {
            default: number.default,
            ..Parameter::new(name, Form::Number(least, most), number.about)
        };
        let parameter = parameter.refused(std::slice::from_ref(&number.reason));
        self.parsed(parameter, |text| {
            let is_plain = text.bytes().all(|b| b.is_ascii_digit());
            match text.parse() {
                Ok(number) if is_plain && (least..=most).contains(&number) => Ok(number),
                _ => Err(Invalid {
                    limit: Some(most),
                    ..Invalid::new(name, number.reason, format!("must be {least} to {most}"))
                }),
            }
        })
    }

    /// Parses the requested page.
    pub(crate) fn page(&mut self) -> Result<PageRequest, Invalid> {
        let size = self.number(&Number {
            name: "page_size",
            about: "Rows of a page.",
            least: 1,
            most: 100,
            default: Some("50"),
            reason: "PAGE_SIZE_INVALID",
        })?;
        let about = "The `next_page_token` of the page before, or a time.";
        let after =
            Parameter::new("page_token", Form::PageToken, about).refused(&["PAGE_TOKEN_INVALID"]);
        let after = self.parsed(after, |text| {
            page_token::parse(text).map_err(|error| {
                Invalid::new("page_token", "PAGE_TOKEN_INVALID", error.to_string())
            })
        })?;
        let about = "`desc` newest first, `asc` oldest first.";
        let order = Parameter::new("order", Form::Words(&["desc", "asc"]), about)
            .refused(&["ORDER_INVALID"])
            .or("desc");
        let order = self.parsed(order, |text| match text {
            "desc" => Ok(Order::Descending),
            "asc" => Ok(Order::Ascending),
            _ => Err(Invalid::new(
                "order",
                "ORDER_INVALID",
                "must be asc or desc",
            )),
        })?;
        Ok(PageRequest {
            size: size
                .and_then(|size| u16::try_from(size).ok())
                .unwrap_or(DEFAULT_PAGE_SIZE),
            after,
            order: order.unwrap_or(Order::Descending),
        })
    }

    /// Parses a required id.
    pub(crate) fn required_id<T: From<Uuid>>(
        &mut self,
        name: &'static str,
        about: &'static str,
    ) -> Result<T, Invalid> {
        let parameter = Parameter::new(name, Form::Id, about)
            .refused(&["INVALID_ID"])
            .required(example::id(name));
        id::parse(name, self.get(parameter).unwrap_or_default())
    }
}

/// Finds the value of a parameter; an empty one counts as absent.
fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(key, _)| key == name);
    found
        .map(|(_, value)| &**value)
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(raw: &str) -> Result<PageRequest, Invalid> {
        QueryReader::parse(raw).unwrap().page()
    }

    #[test]
    fn a_page_has_50_rows_newest_first_by_default() {
        let expected = PageRequest {
            size: 50,
            after: None,
            order: Order::Descending,
        };
        assert_eq!(page("page_token="), Ok(expected));
        let told = page("page_size=100&order=asc&page_token=2024-01-17%2010:30:00.000000");
        let told = told.unwrap();
        assert_eq!((told.size, told.order), (100, Order::Ascending));
        assert!(told.after.is_some_and(|cursor| cursor.id.is_none()));
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        for size in ["0", "101", "-1", "%2B5", "x", "99999999999999999999"] {
            let refused = page(&format!("page_size={size}")).unwrap_err();
            assert_eq!(
                (&*refused.field, refused.limit),
                ("page_size", Some(100)),
                "{size}"
            );
        }
        assert_eq!(page("order=up").unwrap_err().field, "order");
        assert_eq!(
            page("page_token=garbage").unwrap_err().reason,
            "PAGE_TOKEN_INVALID"
        );
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(QueryReader::parse("chat_id=a&chat_id=b").is_err());
    }

    #[test]
    fn what_is_no_utf_8_is_refused() {
        for bad in ["q=%ff", "q=%C3", "q=a%C3&x=%A9", "%80=1", "q=%ED%A0%80"] {
            assert!(QueryReader::parse(bad).is_err(), "{bad}");
        }
        for good in ["q=%C3%A9", "q=%", "q=%zz", "q=é"] {
            assert!(QueryReader::parse(good).is_ok(), "{good}");
        }
    }
}
