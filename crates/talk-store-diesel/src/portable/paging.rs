//! Keyset paging: a page continues after the last row of the previous one, along an index.

/// Limits a boxed query to the rows after the request's cursor, by time and tie-breaker. Without a
/// tie-breaker, every row with the cursor's time counts as seen.
macro_rules! behind {
    ($query:expr, $request:expr, $at:expr, $id:expr) => {{
        let mut query = $query;
        if let Some(talk_domain::kernel::page::Cursor { at, id }) = $request.after {
            let at = at.as_micros();
            query = match ($request.order, id) {
                (talk_domain::kernel::page::Order::Descending, None) => query.filter($at.lt(at)),
                (talk_domain::kernel::page::Order::Ascending, None) => query.filter($at.gt(at)),
                (talk_domain::kernel::page::Order::Descending, Some(id)) => query
                    .filter($at.le(at))
                    .filter($at.lt(at).or($id.lt(id.as_bytes().to_vec()))),
                (talk_domain::kernel::page::Order::Ascending, Some(id)) => query
                    .filter($at.ge(at))
                    .filter($at.gt(at).or($id.gt(id.as_bytes().to_vec()))),
            };
        }
        query
    }};
}

/// Orders a boxed query, and limits it to the rows of a page and one more, which shows whether
/// there is another page.
macro_rules! one_page {
    ($query:expr, $request:expr, $($column:expr),+) => {
        match $request.order {
            talk_domain::kernel::page::Order::Descending => $query.order(($($column.desc(),)+)),
            talk_domain::kernel::page::Order::Ascending => $query.order(($($column.asc(),)+)),
        }
        .limit(i64::from($request.size) + 1)
    };
}

pub(crate) use {behind, one_page};
