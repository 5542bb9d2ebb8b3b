//! The context of a request: actor, time and fresh ids.

use crate::kernel::error::Invalid;
use std::cell::Cell;

use uuid::Uuid;

use crate::kernel::id::{AgentId, CustomerId};
use crate::kernel::limits::Limits;
use crate::kernel::time::Timestamp;

/// Permissions beyond an agent's own chats. The codes are VoIPBIN's integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// 16: no further permissions.
    Agent,
    /// 32: customer admin.
    Admin,
    /// 64: customer manager.
    Manager,
}

impl Permission {
    /// Returns VoIPBIN's integer.
    #[must_use]
    pub const fn code(self) -> u64 {
        match self {
            Self::Agent => 16,
            Self::Admin => 32,
            Self::Manager => 64,
        }
    }

    /// Parses VoIPBIN's integer.
    ///
    /// # Errors
    /// If `code` is none of 16, 32, 64.
    pub fn from_code(code: u64) -> Result<Self, Invalid> {
        match code {
            16 => Ok(Self::Agent),
            32 => Ok(Self::Admin),
            64 => Ok(Self::Manager),
            _ => Err(Invalid::new(
                "permission",
                "PERMISSION_INVALID",
                "must be 16, 32 or 64",
            )),
        }
    }

    /// Returns whether it includes administering the customer, as that of admins and managers does.
    #[must_use]
    pub const fn administers(self) -> bool {
        matches!(self, Self::Admin | Self::Manager)
    }
}

/// The authenticated caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The customer that every lookup is scoped to.
    pub customer: CustomerId,
    /// The calling agent.
    pub agent: AgentId,
    /// Permission beyond its own chats.
    pub permission: Permission,
}

/// The context of one request, created at the edge: time and ids are data.
#[derive(Clone, Debug)]
pub struct Context {
    /// The caller.
    pub actor: Actor,
    /// When the request arrived.
    pub now: Timestamp,
    /// The installation's limits.
    pub limits: Limits,
    ids: IdSource,
}

impl Context {
    /// Creates a context whose fresh ids come from `ids`.
    #[must_use]
    pub const fn new(actor: Actor, now: Timestamp, limits: Limits, ids: IdSource) -> Self {
        Self {
            actor,
            now,
            limits,
            ids,
        }
    }

    /// Returns a fresh id.
    #[must_use]
    pub fn fresh<T: From<Uuid>>(&self) -> T {
        self.ids.fresh().into()
    }
}

/// Generates rising `UUIDv7`s from the time and 74 random bits of a request; each id is the
/// previous one plus one.
#[derive(Clone, Debug)]
pub struct IdSource {
    millis: u64,
    counter: Cell<u128>,
}

impl IdSource {
    const RANDOM_BITS: u128 = (1 << 74) - 1;

    /// Creates a source of ids with the time `now`, starting at the low 74 bits of `random`.
    #[must_use]
    pub fn new(now: Timestamp, random: u128) -> Self {
        let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or(0) & 0xffff_ffff_ffff;
        Self {
            millis,
            counter: Cell::new(random & Self::RANDOM_BITS),
        }
    }

    /// Returns the next id, larger than the one before.
    #[must_use]
    pub fn fresh(&self) -> Uuid {
        let random = self.counter.get();
        self.counter.set((random + 1) & Self::RANDOM_BITS);
        let version_7 = 0x7_u128 << 76;
        let variant = 0b10_u128 << 62;
        let high = (random >> 62) << 64;
        let low = random & ((1 << 62) - 1);
        Uuid::from_u128(u128::from(self.millis) << 80 | version_7 | high | variant | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_are_version_7_and_rise() {
        let now = Timestamp::from_micros(1_705_487_400_123_456).unwrap();
        for random in [0, 1, (1 << 62) - 1, (1 << 73), u128::MAX - 5] {
            let ids = IdSource::new(now, random);
            let (first, second) = (ids.fresh(), ids.fresh());
            assert!(second > first, "{first} {second}");
            assert_eq!(first.get_version_num(), 7);
            assert_eq!(first.get_variant(), uuid::Variant::RFC4122);
        }
    }

    /// API-02: ids sort by the time of the request.
    #[test]
    fn a_fresh_id_begins_with_the_milliseconds_and_ends_with_the_random_bits() {
        let now = Timestamp::from_micros(0x0123_4567_89ab * 1_000 + 999).unwrap();
        let random = (0xabc_u128 << 62) | 0x0123_4567_89ab_cdef;
        let ids = IdSource::new(now, u128::MAX << 74 | random);
        let id = ids.fresh().to_string();
        assert_eq!(id, "01234567-89ab-7abc-8123-456789abcdef");
        let id = ids.fresh().to_string();
        assert_eq!(id, "01234567-89ab-7abc-8123-456789abcdf0");
        let last = IdSource::new(now, (1 << 74) - 1);
        let id = last.fresh().to_string();
        assert_eq!(id, "01234567-89ab-7fff-bfff-ffffffffffff");
        let id = last.fresh().to_string();
        assert_eq!(id, "01234567-89ab-7000-8000-000000000000");
    }

    #[test]
    fn ids_from_before_1970_begin_with_zeros() {
        let before = Timestamp::from_micros(-1_000_000).unwrap();
        let id = IdSource::new(before, 0).fresh().to_string();
        assert_eq!(id, "00000000-0000-7000-8000-000000000000");
    }

    /// AUTH-11: VoIPBIN's integers, and which of them may administer.
    #[test]
    fn permissions_are_read_by_their_integers() {
        for (permission, code, administers) in [
            (Permission::Agent, 16, false),
            (Permission::Admin, 32, true),
            (Permission::Manager, 64, true),
        ] {
            assert_eq!(permission.code(), code);
            assert_eq!(Permission::from_code(code), Ok(permission));
            assert_eq!(permission.administers(), administers);
        }
        for code in [0, 1, 17, 48, 96] {
            let refused = Permission::from_code(code).unwrap_err();
            assert_eq!(refused.reason, "PERMISSION_INVALID", "{code}");
        }
    }
}
