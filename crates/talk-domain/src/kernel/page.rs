//! Paging that neither skips nor repeats a row: a page continues behind the last row seen.

use uuid::Uuid;

use crate::kernel::time::Timestamp;

/// Which end a list starts at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Descending,
    /// Oldest first.
    Ascending,
}

/// A place in a list: behind the row made at `at`; rows of one instant are told apart by `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// `tm_create` (or `tm_joined`) of the last row seen.
    pub at: Timestamp,
    /// Its id. Without one, every row of that instant counts as seen.
    pub id: Option<Uuid>,
}

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows wanted, 1 to 100.
    pub size: u16,
    /// Where to continue; `None` starts.
    pub after: Option<Cursor>,
    /// Direction.
    pub order: Order,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page continues; `None` on the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of `rows`, which were read with one more than `size` to see whether it is the
    /// last; `cursor` tells a row's place.
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

    /// The same page of other things.
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
    fn the_last_page_promises_no_other() {
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
