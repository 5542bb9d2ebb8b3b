//! Query strings.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use actix_web::web;
use percent_encoding::percent_decode_str;
use talk_domain::error::Invalid;
use talk_domain::page::{Order, PageRequest};
use talk_domain::time::Timestamp;
use talk_wire::{id, page_token, time};
use uuid::Uuid;

use crate::api_error::ApiError;

/// Rows of a page, least and most.
const PAGE_SIZE: RangeInclusive<u64> = 1..=100;
const DEFAULT_PAGE_SIZE: u16 = 50;

/// The parameters of a query; an empty one is as good as none.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    ///
    /// # Errors
    /// If it is no UTF-8, or if a parameter comes twice: two readers could understand it
    /// differently.
    pub(crate) fn parse(raw: &str) -> Result<Self, ApiError> {
        // The parser below would put U+FFFD in place of what is no text.
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
        Ok(Self(pairs))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| &**value)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn id<T: From<Uuid>>(&self, name: &str) -> Result<Option<T>, Invalid> {
        id::parse_optional(name, self.get(name))
    }

    /// A time in either form.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Invalid> {
        let time = self.get(name).map(time::parse).transpose();
        time.map_err(|error| Invalid::new(name, "TIME_INVALID", error.to_string()))
    }

    /// A number within `range`.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
        reason: &'static str,
    ) -> Result<Option<u64>, Invalid> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let is_plain = text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_plain && range.contains(&number) => Ok(Some(number)),
            _ => Err(Invalid {
                limit: Some(*range.end()),
                ..Invalid::new(
                    name,
                    reason,
                    format!("must be {} to {}", range.start(), range.end()),
                )
            }),
        }
    }

    /// Which page is wanted.
    pub(crate) fn page(&self) -> Result<PageRequest, Invalid> {
        let size = self.number("page_size", PAGE_SIZE, "PAGE_SIZE_INVALID")?;
        let after = self.get("page_token").map(page_token::parse).transpose();
        let after = after
            .map_err(|error| Invalid::new("page_token", "PAGE_TOKEN_INVALID", error.to_string()))?;
        let order = match self.get("order") {
            None | Some("desc") => Order::Descending,
            Some("asc") => Order::Ascending,
            Some(_) => {
                return Err(Invalid::new(
                    "order",
                    "ORDER_INVALID",
                    "must be asc or desc",
                ));
            }
        };
        Ok(PageRequest {
            size: size
                .and_then(|size| u16::try_from(size).ok())
                .unwrap_or(DEFAULT_PAGE_SIZE),
            after,
            order,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(raw: &str) -> Result<PageRequest, Invalid> {
        Query::parse(raw).unwrap().page()
    }

    #[test]
    fn a_page_has_50_rows_newest_first_unless_told_otherwise() {
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
        assert!(Query::parse("chat_id=a&chat_id=b").is_err());
    }

    #[test]
    fn what_is_no_utf_8_is_refused() {
        for bad in ["q=%ff", "q=%C3", "q=a%C3&x=%A9", "%80=1", "q=%ED%A0%80"] {
            assert!(Query::parse(bad).is_err(), "{bad}");
        }
        for good in ["q=%C3%A9", "q=%", "q=%zz", "q=é"] {
            assert!(Query::parse(good).is_ok(), "{good}");
        }
    }
}
