//! Repositories of chats, participants, messages, reactions and read marks.

pub(crate) mod chats;
mod held;
mod mentions;
pub(crate) mod messages;
mod participants;
mod reactions;
mod reads;
mod removal;
mod retention;
