//! Rooms: one method between one own address and one peer.

use sha2::{Digest, Sha256};
use talk_domain::kernel::id::{AccountId, ConversationId, CustomerId, RoomId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::Method;
use crate::model::address::Address;

/// The key by which a message finds its room: SHA-256 over customer, method, account and the normal
/// forms of both addresses. No two rooms that are not deleted have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomKey(pub [u8; 32]);

impl RoomKey {
    /// Computes the key. The length of each field is hashed before it, so that two fields cannot
    /// exchange bytes at their boundary.
    #[must_use]
    pub fn of(
        customer: CustomerId,
        (method, account): (Method, AccountId),
        (own, peer): (&Address, &Address),
    ) -> Self {
        let own = own.kind.normalise_own(&own.target);
        let peer = peer.kind.normalise(&peer.target);
        let fields: [&[u8]; 5] = [
            customer.0.as_bytes(),
            method.as_str().as_bytes(),
            account.0.as_bytes(),
            own.as_bytes(),
            peer.as_bytes(),
        ];
        let mut digest = Sha256::new();
        for field in fields {
            digest.update((field.len() as u64).to_be_bytes());
            digest.update(field);
        }
        Self(digest.finalize().into())
    }
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Identity.
    pub id: RoomId,
    /// The account that it uses.
    pub account: AccountId,
    /// The method.
    pub method: Method,
    /// The own address.
    pub own: Address,
    /// The address of the person outside.
    pub peer: Address,
    /// When the person outside refused further messages; `None` if they may be sent.
    pub opted_out: Option<Timestamp>,
    /// Time of the first contact.
    pub created: Timestamp,
}

impl Room {
    /// The key of the room.
    #[must_use]
    pub fn key(&self, customer: CustomerId) -> RoomKey {
        RoomKey::of(
            customer,
            (self.method, self.account),
            (&self.own, &self.peer),
        )
    }
}

/// Driven port: the rooms of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait RoomRepository {
    /// Finds the conversation of the room with this key, if that room is not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn by_key(&mut self, key: RoomKey) -> Result<Option<ConversationId>, StoreError>;

    /// Stores the first room of a conversation. MUST return `false`, and store nothing, if a room
    /// that is not deleted has the same key.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(
        &mut self,
        conversation: ConversationId,
        room: &Room,
        key: RoomKey,
    ) -> Result<bool, StoreError>;

    /// Stores when the person outside refused further messages, or that they may be sent.
    ///
    /// # Errors
    /// When storage fails, and when the room is not there.
    fn set_opt_out(&mut self, id: RoomId, since: Option<Timestamp>) -> Result<(), StoreError>;

    /// Frees the keys of the rooms of a deleted conversation, so that other rooms may have them.
    ///
    /// # Errors
    /// Only when storage fails.
    fn free(&mut self, conversation: ConversationId) -> Result<(), StoreError>;
}

/// Driven port: reading the rooms of one customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait RoomQueries {
    /// Finds the conversation of the room with this key, if that room is not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn by_key(&mut self, key: RoomKey) -> Result<Option<ConversationId>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::AddressKind;
    use crate::testing::{a_room, account_id};
    use std::collections::BTreeSet;
    use talk_domain::testing::customer_id;
    use uuid::Uuid;

    /// CONV-01: any other customer, method, account or address is another room.
    #[test]
    fn a_room_is_identified_by_its_customer_method_account_and_addresses() {
        let room = a_room();
        let other = |change: &dyn Fn(&mut Room)| {
            let mut other = a_room();
            change(&mut other);
            other.key(customer_id()).0
        };
        let keys = [
            room.key(customer_id()).0,
            room.key(CustomerId(Uuid::from_u128(9))).0,
            other(&|room| room.method = Method::Message),
            other(&|room| room.account = account_id(2)),
            other(&|room| room.own.target.push('x')),
            other(&|room| room.peer.target.push('x')),
        ];
        assert_eq!(keys.into_iter().collect::<BTreeSet<_>>().len(), 6);
        assert_eq!(other(&|room| room.peer.target_name = "Jo".into()), keys[0]);
    }

    /// CONV-01: moving bytes from one field to the next makes another key.
    #[test]
    fn the_boundary_between_two_addresses_is_part_of_the_key() {
        let of = |own: &str, peer: &str| {
            let mut room = a_room();
            (room.own.target, room.peer.target) = (own.into(), peer.into());
            room.key(customer_id())
        };
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_eq!(of("ab", "c"), of("ab", "c"));
    }

    /// CONV-01 and CONV-02: the key is made of normal forms.
    #[test]
    fn two_spellings_of_an_address_lead_to_one_room() {
        let of = |own: &str, peer: &str| {
            let mut room = a_room();
            (room.own.kind, room.peer.kind) = (AddressKind::Email, AddressKind::Tel);
            (room.own.target, room.peer.target) = (own.into(), peer.into());
            room.key(customer_id())
        };
        assert_eq!(of("Help+1@e.test", "+1 2"), of("help@e.test", " +12"));
    }
}
