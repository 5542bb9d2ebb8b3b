//! Keyset paging: a page continues after the last row of the previous one, so that no row is
//! skipped or repeated.

use uuid::Uuid;

use crate::kernel::time::Timestamp;

/// Direction of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Descending,
    /// Oldest first.
    Ascending,
}

/// A position in a list: after the row with this time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The time by which the list is ordered, of the last row seen: for example its `tm_create`.
    pub at: Timestamp,
    /// Its id, the tie-breaker. Without one, every row of that time counts as seen.
    pub id: Option<Uuid>,
}

/// A request for a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Number of rows, 1 to 100.
    pub size: u16,
    /// Position to continue from; `None` for the first page.
    pub after: Option<Cursor>,
    /// Direction.
    pub order: Order,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Position of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Builds a page from `rows`, which were read with a limit of `size` plus one to detect the
    /// last page.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, size: u16, cursor: impl Fn(&T) -> Cursor) -> Self {
        let size = usize::from(size);
        let more = rows.len() > size;
        rows.truncate(size);
        Self {
            next: if more { rows.last().map(cursor) } else { None },
            rows,
        }
    }

    /// Converts the rows.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the shape `cut` asks for"
    )]
    fn at(n: &i64) -> Cursor {
        Cursor {
            at: Timestamp::from_micros(*n).unwrap(),
            id: None,
        }
    }

    #[test]
    fn the_last_page_has_no_next_position() {
        assert_eq!(Page::cut(vec![3, 2], 2, at).next, None);
        let page = Page::cut(vec![3, 2, 1], 2, at);
        assert_eq!((page.rows, page.next), (vec![3, 2], Some(at(&2))));
    }

    #[test]
    fn a_page_of_other_things_continues_in_the_same_place() {
        let page = Page::cut(vec![3, 2, 1], 2, at).map(|n| n.to_string());
        let expected = (vec!["3".to_owned(), "2".to_owned()], Some(at(&2)));
        assert_eq!((page.rows, page.next), expected);
    }
}
