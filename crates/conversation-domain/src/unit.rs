//! The ports of an open transaction that the use cases of conversations run on.

use talk_domain::identity::unit::{IdentitySnapshot, IdentityUnit};
use talk_domain::kernel::store::Domain;

use crate::model::account::{AccountQueries, AccountRepository};
use crate::model::conversation::{ConversationQueries, ConversationRepository};
use crate::model::event::FrameEncoder;
use crate::model::inbox::InboxRepository;
use crate::model::message::{MessageQueries, MessageRepository};
use crate::model::room::{RoomQueries, RoomRepository};

/// The domain of conversations, for [`Store`](talk_domain::kernel::store::Store).
#[derive(Clone, Copy, Debug)]
pub enum Conversations {}

impl Domain for Conversations {
    type Unit<'a> = dyn ConversationUnit + 'a;
    type Snapshot<'a> = dyn ConversationSnapshot + 'a;
}

/// One open transaction of one customer, seen as the repositories of conversations and of identity.
pub trait ConversationUnit: IdentityUnit {
    /// Accounts.
    fn accounts(&mut self) -> &mut dyn AccountRepository;
    /// Rooms.
    fn rooms(&mut self) -> &mut dyn RoomRepository;
    /// Conversations.
    fn conversations(&mut self) -> &mut dyn ConversationRepository;
    /// Messages.
    fn conversation_messages(&mut self) -> &mut dyn MessageRepository;
    /// Received events.
    fn inbox(&mut self) -> &mut dyn InboxRepository;
    /// Makes the frames of events.
    fn frames(&self) -> &dyn FrameEncoder;
}

/// One consistent read of one customer, seen as the queries of conversations and of identity.
pub trait ConversationSnapshot: IdentitySnapshot {
    /// Accounts.
    fn accounts(&mut self) -> &mut dyn AccountQueries;
    /// Rooms.
    fn rooms(&mut self) -> &mut dyn RoomQueries;
    /// Conversations.
    fn conversations(&mut self) -> &mut dyn ConversationQueries;
    /// Messages.
    fn conversation_messages(&mut self) -> &mut dyn MessageQueries;
}
