//! Paging: no row is skipped or repeated, whatever rows tie or are inserted meanwhile.

mod chats;
mod messages;
mod people;

use std::fmt::Debug;
use std::future::Future;

use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::time::Timestamp;
use talk_domain::testing::at;
use uuid::Uuid;

pub use chats::{
    channels_found_page_exactly, channels_page_exactly, chats_of_an_agent_page_exactly,
    former_participants_page_exactly, participants_page_exactly,
};
pub use messages::{
    messages_found_page_exactly, messages_of_a_chat_page_exactly,
    messages_of_an_agent_page_exactly, revisions_page_exactly, threads_page_exactly,
};
pub use people::{access_keys_page_exactly, agents_page_exactly};

/// The first page of `size`, newest first.
#[must_use]
pub fn first(size: u16) -> PageRequest {
    PageRequest {
        size,
        after: None,
        order: Order::Descending,
    }
}

/// The time of row `n`: three rows share each instant, where most mistakes with ties show.
fn instant(n: u128) -> Timestamp {
    at(i64::try_from(n / 3).unwrap() * 10)
}

/// Walks a list of `rows` in both orders with pages of every size, adding a row at the end that
/// was read already after each page, and from a cursor without tie-breaker at every instant.
async fn walks_exactly<T, P, I>(
    rows: Vec<T>,
    place: impl Fn(&T) -> (Timestamp, Uuid),
    page: impl Fn(PageRequest) -> P,
    insert: impl Fn(Order) -> I,
) where
    T: Clone + Debug + PartialEq,
    P: Future<Output = Page<T>>,
    I: Future<Output = ()>,
{
    let mut rows = rows;
    rows.sort_by_key(&place);
    assert!(rows.len() >= 8);
    for order in [Order::Ascending, Order::Descending] {
        if order == Order::Descending {
            rows.reverse();
        }
        for instant in rows.iter().map(|row| place(row).0) {
            let behind = |row: &&T| match order {
                Order::Ascending => place(row).0 > instant,
                Order::Descending => place(row).0 < instant,
            };
            let expected: Vec<T> = rows.iter().filter(behind).take(4).cloned().collect();
            let after = Some(Cursor {
                at: instant,
                id: None,
            });
            let request = PageRequest {
                size: 4,
                after,
                order,
            };
            assert_eq!(page(request).await.rows, expected, "{order:?} {instant:?}");
        }
        for size in [1, 2, 3, 5, 7, 100] {
            let seen = walk(&page, size, order).await;
            assert_eq!(seen, rows, "{order:?}, pages of {size}");
        }
    }
    for order in [Order::Descending, Order::Ascending] {
        let expected = walk(&page, 100, order).await;
        let mut request = PageRequest {
            size: 2,
            after: None,
            order,
        };
        let mut seen = vec![];
        loop {
            let found = page(request).await;
            seen.extend(found.rows);
            request.after = found.next;
            if request.after.is_none() {
                break;
            }
            insert(order).await;
        }
        assert_eq!(seen, expected, "{order:?}, with insertions");
    }
}

async fn walk<T, P>(page: &impl Fn(PageRequest) -> P, size: u16, order: Order) -> Vec<T>
where
    P: Future<Output = Page<T>>,
{
    let mut request = PageRequest {
        size,
        after: None,
        order,
    };
    let mut seen = vec![];
    for _ in 0..1_000 {
        let found = page(request).await;
        assert!(found.rows.len() <= usize::from(size));
        assert!(found.next.is_none() || found.rows.len() == usize::from(size));
        seen.extend(found.rows);
        request.after = found.next;
        if request.after.is_none() {
            return seen;
        }
    }
    panic!("pages of {size} never end");
}

/// Returns a time that a walk in this order has already passed.
fn passed(order: Order) -> Timestamp {
    match order {
        Order::Descending => at(900_000_000),
        Order::Ascending => at(-900_000_000),
    }
}

/// An unused id.
fn fresh() -> Uuid {
    Uuid::new_v4()
}
