//! The ports of a transaction and of a snapshot, on which the use cases of conversations run.

use talk_domain::files::unit::FileUnit;
use talk_domain::identity::unit::IdentitySnapshot;
use talk_domain::kernel::store::Domain;

use crate::model::account::{AccountQueries, AccountRepository};
use crate::model::conversation::{ConversationQueries, ConversationRepository};
use crate::model::event::{FrameEncoder, MessageLog};
use crate::model::fetch::{FetchQueries, FetchRepository};
use crate::model::inbox::InboxRepository;
use crate::model::job::{JobQueries, JobRepository};
use crate::model::message::{MessageQueries, MessageRepository};
use crate::model::part::PartRepository;
use crate::model::participant::{ParticipantQueries, ParticipantRepository};
use crate::model::read::{ReadQueries, ReadRepository};
use crate::model::receipt::{ReceiptQueries, ReceiptRepository};
use crate::model::room::{RoomQueries, RoomRepository};

/// The domain of conversations: the type by which the generic
/// [`Store`](talk_domain::kernel::store::Store) selects this crate's units and snapshots.
#[derive(Clone, Copy, Debug)]
pub enum Conversations {}

impl Domain for Conversations {
    type Unit<'a> = dyn ConversationUnit + 'a;
    type Snapshot<'a> = dyn ConversationSnapshot + 'a;
}

/// The repositories of conversations, of files and of identity on one open transaction of one customer.
pub trait ConversationUnit: FileUnit {
    /// Accounts.
    fn accounts(&mut self) -> &mut dyn AccountRepository;
    /// Rooms.
    fn rooms(&mut self) -> &mut dyn RoomRepository;
    /// Conversations.
    fn conversations(&mut self) -> &mut dyn ConversationRepository;
    /// Messages.
    fn conversation_messages(&mut self) -> &mut dyn MessageRepository;
    /// Logged events with texts of messages.
    fn message_log(&mut self) -> &mut dyn MessageLog;
    /// Participants.
    fn conversation_participants(&mut self) -> &mut dyn ParticipantRepository;
    /// Read marks, to change them.
    fn conversation_marks(&mut self) -> &mut dyn ReadRepository;
    /// Read marks, to read them.
    fn conversation_reads(&mut self) -> &mut dyn ReadQueries;
    /// Ids of events received from outside.
    fn inbox(&mut self) -> &mut dyn InboxRepository;
    /// Messages to be sent.
    fn jobs(&mut self) -> &mut dyn JobRepository;
    /// Sent messages by the ids of providers.
    fn parts(&mut self) -> &mut dyn PartRepository;
    /// Requests of providers.
    fn receipts(&mut self) -> &mut dyn ReceiptRepository;
    /// Medias to be fetched.
    fn fetches(&mut self) -> &mut dyn FetchRepository;
    /// Encodes events as frames.
    fn frames(&self) -> &dyn FrameEncoder;
}

/// The queries of conversations and of identity on one snapshot of one customer.
pub trait ConversationSnapshot: IdentitySnapshot {
    /// Accounts.
    fn accounts(&mut self) -> &mut dyn AccountQueries;
    /// Rooms.
    fn rooms(&mut self) -> &mut dyn RoomQueries;
    /// Conversations.
    fn conversations(&mut self) -> &mut dyn ConversationQueries;
    /// Messages.
    fn conversation_messages(&mut self) -> &mut dyn MessageQueries;
    /// Participants.
    fn conversation_participants(&mut self) -> &mut dyn ParticipantQueries;
    /// Read marks.
    fn conversation_reads(&mut self) -> &mut dyn ReadQueries;
    /// Messages to be sent.
    fn jobs(&mut self) -> &mut dyn JobQueries;
    /// Requests of providers.
    fn receipts(&mut self) -> &mut dyn ReceiptQueries;
    /// Medias to be fetched.
    fn fetches(&mut self) -> &mut dyn FetchQueries;
}
