//! One consistent read, as its queries.

use talk_domain::access_key::AccessKeyQueries;
use talk_domain::agent::AgentQueries;
use talk_domain::chat::ChatQueries;
use talk_domain::event::EventQueries;
use talk_domain::message::MessageQueries;
use talk_domain::participant::ParticipantQueries;
use talk_domain::read::ReadQueries;
use talk_domain::session::Directory;
use talk_domain::store::{Snapshot, Unit};

use crate::connection::AnyConnection;
use crate::memory::Memory;
use crate::scope::Scope;

/// One consistent read.
pub(crate) struct DieselSnapshot<'a> {
    scope: Scope<'a>,
}

impl<'a> DieselSnapshot<'a> {
    /// The snapshot of `conn`, which is in a transaction.
    pub(crate) fn new(conn: &'a mut AnyConnection, unit: Unit) -> Self {
        Self {
            scope: Scope::new(conn, unit.customer, Memory::default()),
        }
    }
}

impl Snapshot for DieselSnapshot<'_> {
    fn chats(&mut self) -> &mut dyn ChatQueries {
        &mut self.scope
    }
    fn participants(&mut self) -> &mut dyn ParticipantQueries {
        &mut self.scope
    }
    fn messages(&mut self) -> &mut dyn MessageQueries {
        &mut self.scope
    }
    fn reads(&mut self) -> &mut dyn ReadQueries {
        &mut self.scope
    }
    fn agents(&mut self) -> &mut dyn AgentQueries {
        &mut self.scope
    }
    fn keys(&mut self) -> &mut dyn AccessKeyQueries {
        &mut self.scope
    }
    fn events(&mut self) -> &mut dyn EventQueries {
        &mut self.scope
    }
    fn directory(&mut self) -> &mut dyn Directory {
        &mut self.scope
    }
}
