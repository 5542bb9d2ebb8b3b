//! The ports of an open transaction that the use cases of Talk run on.

use crate::files::unit::{FileSnapshot, FileUnit};
use crate::hooks::unit::{HooksSnapshot, HooksUnit};
use crate::kernel::store::Domain;
use crate::talk::model::chat::{ChatQueries, ChatRepository};
use crate::talk::model::event::{ChatLog, FrameEncoder};
use crate::talk::model::held::{HeldQueries, HeldRepository};
use crate::talk::model::mention::{MentionQueries, MentionRepository};
use crate::talk::model::message::{MessageQueries, MessageRepository};
use crate::talk::model::participant::{ParticipantQueries, ParticipantRepository};
use crate::talk::model::reaction::ReactionRepository;
use crate::talk::model::read::{ReadQueries, ReadRepository};
use crate::talk::model::removal::ChatRemoval;
use crate::talk::model::retention::{RetentionQueries, RetentionRepository};

/// The domain of chats and messages, for [`Store`](crate::kernel::store::Store).
#[derive(Clone, Copy, Debug)]
pub enum Talk {}

impl Domain for Talk {
    type Unit<'a> = dyn TalkUnit + 'a;
    type Snapshot<'a> = dyn TalkSnapshot + 'a;
}

/// One open transaction of one customer, seen as the repositories of Talk, of files, of webhooks
/// and of identity. Use cases of Talk name no webhooks; whoever runs requests runs those of all.
pub trait TalkUnit: FileUnit + HooksUnit {
    /// Makes the frames of events.
    fn frames(&self) -> &dyn FrameEncoder;
    /// Erasure and expiry in the logs of chats.
    fn chat_log(&mut self) -> &mut dyn ChatLog;
    /// Chats.
    fn chats(&mut self) -> &mut dyn ChatRepository;
    /// Memberships.
    fn participants(&mut self) -> &mut dyn ParticipantRepository;
    /// Messages.
    fn messages(&mut self) -> &mut dyn MessageRepository;
    /// Mentions.
    fn mentions(&mut self) -> &mut dyn MentionRepository;
    /// Reactions.
    fn reactions(&mut self) -> &mut dyn ReactionRepository;
    /// Read marks.
    fn read_marks(&mut self) -> &mut dyn ReadRepository;
    /// Counts of unread messages.
    fn reads(&mut self) -> &mut dyn ReadQueries;
    /// Held messages.
    fn held(&mut self) -> &mut dyn HeldRepository;
    /// Rows of deleted chats.
    fn removal(&mut self) -> &mut dyn ChatRemoval;
    /// Expired messages.
    fn retention(&mut self) -> &mut dyn RetentionRepository;
}

/// One consistent read of one customer, seen as the queries of Talk, of files, of webhooks and of
/// identity.
pub trait TalkSnapshot: FileSnapshot + HooksSnapshot {
    /// Chats.
    fn chats(&mut self) -> &mut dyn ChatQueries;
    /// Memberships.
    fn participants(&mut self) -> &mut dyn ParticipantQueries;
    /// Messages.
    fn messages(&mut self) -> &mut dyn MessageQueries;
    /// Mentions.
    fn mentions(&mut self) -> &mut dyn MentionQueries;
    /// Read marks, and counts of unread messages.
    fn reads(&mut self) -> &mut dyn ReadQueries;
    /// Held messages.
    fn held(&mut self) -> &mut dyn HeldQueries;
    /// Data that may have expired.
    fn retention(&mut self) -> &mut dyn RetentionQueries;
}
