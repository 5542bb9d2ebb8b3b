//! Use case: receive a message from outside.

use talk_domain::files::filename;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::{AccountId, ConversationId, CustomerId, RoomId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::{Account, Method};
use crate::model::address::Address;
use crate::model::consent::Consent;
use crate::model::conversation::{Conversation, State};
use crate::model::event::Event;
use crate::model::fetch::Fetch;
use crate::model::media::{MAX_MEDIAS, Media, MediaStatus, RemoteMedia, SentFile};
use crate::model::message::{Delivery, Direction, Message};
use crate::model::room::Room;
use crate::steps::consent::record_consent;
use crate::steps::record::{Cause, append, record_message, record_update};
use crate::steps::sent_file::{FileError, check_room, keep_file};
use crate::unit::ConversationUnit;

/// The longest name of a MIME type, in characters.
const LONGEST_MIME: usize = 255;

/// The time and the fresh ids for a message from outside. Its use case has no `Context`, because a
/// person outside is no actor.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Time of arrival.
    pub now: Timestamp,
    /// Ids for what it creates.
    pub ids: IdSource,
}

/// A message from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The account that received it.
    pub account: AccountId,
    /// The id by which the account recognises a repetition of the message. In a web chat the
    /// visitor's browser chooses it.
    pub event: String,
    /// The own address that it was sent to; `None` for that of the account.
    pub own: Option<Address>,
    /// The sender.
    pub peer: Address,
    /// Text.
    pub text: String,
    /// Medias. Those beyond [`MAX_MEDIAS`] are not kept.
    pub medias: Vec<RemoteMedia>,
    /// The consent that the provider reads from it, if it does so. The words of SMS are known besides.
    pub consent: Option<Consent>,
}

impl Incoming {
    /// The consent that the message gives or withdraws for its room.
    fn consent(&self, method: Method) -> Option<Consent> {
        if method != Method::Message {
            return None;
        }
        self.consent.or_else(|| Consent::of_text(&self.text))
    }
}

/// The result of an arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A new message.
    New(Message),
    /// The message of an earlier arrival of the same event.
    Again(Message),
}

impl Received {
    /// The message.
    #[must_use]
    pub fn into_message(self) -> Message {
        match self {
            Self::New(message) | Self::Again(message) => message,
        }
    }
}

refusals! {
    /// Refusals of [`receive_message`].
    pub enum ReceiveError {
        NoSuchAccount = NotFound "ACCOUNT_NOT_FOUND" "there is no such account",
        Empty = InvalidArgument "MESSAGE_EMPTY" "a message needs a text or a media",
        Reused = Unprocessable "MESSAGE_ID_REUSED" "this id was used for another message",
        ..File(FileError),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Receives a message: finds or creates its room and conversation, opens the conversation if it was
/// closed, and stores the message, in one transaction. An event that has been received before changes
/// nothing.
///
/// # Errors
/// See [`ReceiveError`].
pub fn receive_message(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    incoming: &Incoming,
) -> Result<Received, ReceiveError> {
    receive(uow, arrival, (incoming, None))
}

/// Receives a message with a file, like [`receive_message`]. If the event has been received before, the
/// caller MUST remove the bytes of the file.
///
/// # Errors
/// See [`ReceiveError`].
pub fn receive_file(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    (incoming, file): (&Incoming, &SentFile),
) -> Result<Received, ReceiveError> {
    receive(uow, arrival, (incoming, Some(file)))
}

fn receive(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    (incoming, file): (&Incoming, Option<&SentFile>),
) -> Result<Received, ReceiveError> {
    if incoming.text.is_empty() && incoming.medias.is_empty() && file.is_none() {
        return Err(ReceiveError::Empty);
    }
    let found = uow.accounts().get(incoming.account)?;
    let account = found.ok_or(ReceiveError::NoSuchAccount)?;
    if let Some(before) = uow.inbox().find(account.id, &incoming.event)? {
        return received_before(uow, before, (&account, incoming));
    }
    let mut conversation = find_or_create(uow, arrival, (&account, incoming))?;
    if let Some(file) = file {
        check_room(uow, conversation.id, file)?;
    }
    let cause = Cause {
        actor: None,
        now: arrival.now,
    };
    if conversation.state != State::Active {
        conversation.state = State::Active;
        let owner = conversation.owner;
        record_update(uow, cause, &mut conversation, owner)?;
    }
    let message = Message {
        id: arrival.ids.fresh().into(),
        customer: account.customer,
        conversation: conversation.id,
        room: conversation.room.id,
        direction: Direction::Incoming,
        author: None,
        reference: incoming.event.clone(),
        text: incoming.text.replace('\0', "\u{FFFD}"),
        medias: medias(arrival, (&incoming.medias, file)),
        delivery: Delivery::Delivered,
        failure: None,
        seq: 0,
        created: arrival.now,
        updated: arrival.now,
        deleted: None,
    };
    let (message, _) = record_message(uow, cause, &mut conversation, message)?;
    fetch_later(uow, &message, (account.id, &incoming.medias))?;
    if let Some(file) = file {
        keep_file(uow, &message, file)?;
    }
    let is_first = uow
        .inbox()
        .insert(account.id, &incoming.event, message.id, message.created)?;
    if !is_first {
        return Err(StoreError::Conflict.into());
    }
    if let Some(consent) = incoming.consent(account.method) {
        record_consent(uow, cause, &mut conversation, consent)?;
    }
    Ok(Received::New(message))
}

/// Stores that the medias of a message are to be fetched.
fn fetch_later(
    uow: &mut dyn ConversationUnit,
    message: &Message,
    (account, remotes): (AccountId, &[RemoteMedia]),
) -> Result<(), StoreError> {
    let pending = message.medias.iter();
    let pending = pending.filter(|media| media.status == MediaStatus::Pending);
    for (media, remote) in pending.zip(remotes) {
        uow.fetches().insert(&Fetch {
            file: media.file,
            customer: message.customer,
            account,
            conversation: message.conversation,
            message: message.id,
            url: remote.url.clone(),
            tries: 0,
            due: message.created,
            created: message.created,
        })?;
    }
    Ok(())
}

/// Makes the medias of a message: a file whose bytes are there, and those still to be fetched.
fn medias(arrival: &Arrival, (remotes, file): (&[RemoteMedia], Option<&SentFile>)) -> Vec<Media> {
    let ready = file.map(|file| Media {
        file: file.id,
        filename: filename::safe(&file.filename),
        mime: file.measured.mime.clone(),
        size: file.measured.size,
        status: MediaStatus::Ready,
    });
    let pending = remotes.iter().take(MAX_MEDIAS).map(|remote| Media {
        file: arrival.ids.fresh().into(),
        filename: String::new(),
        mime: remote.mime.chars().take(LONGEST_MIME).collect(),
        size: 0,
        status: MediaStatus::Pending,
    });
    ready.into_iter().chain(pending).collect()
}

/// Returns the message of an event that has been received before. An event of another peer is
/// refused, so that a guessed id does not reveal a message.
fn received_before(
    uow: &mut dyn ConversationUnit,
    id: talk_domain::kernel::id::ConversationMessageId,
    (account, incoming): (&Account, &Incoming),
) -> Result<Received, ReceiveError> {
    let found = uow.conversation_messages().get(id)?;
    let message = found.ok_or(ReceiveError::Reused)?;
    let room = new_room((account, incoming), message.room, message.created);
    let key = room.key(account.customer);
    if uow.rooms().by_key(key)? != Some(message.conversation) {
        return Err(ReceiveError::Reused);
    }
    Ok(Received::Again(message))
}

/// Returns the locked conversation of the room between account and peer, and creates both if there is
/// no such room.
fn find_or_create(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    (account, incoming): (&Account, &Incoming),
) -> Result<Conversation, StoreError> {
    let id = arrival.ids.fresh().into();
    let room = new_room((account, incoming), id, arrival.now);
    let key = room.key(account.customer);
    if let Some(id) = uow.rooms().by_key(key)? {
        let found = uow.conversations().lock(id)?;
        return found.ok_or(StoreError::Conflict);
    }
    let conversation = begin(uow, arrival, (account.customer, room))?;
    if !uow
        .rooms()
        .insert(conversation.id, &conversation.room, key)?
    {
        // Another transaction has just created the room.
        return Err(StoreError::Conflict);
    }
    Ok(conversation)
}

fn new_room((account, incoming): (&Account, &Incoming), id: RoomId, now: Timestamp) -> Room {
    let own = incoming.own.clone();
    Room {
        id,
        account: account.id,
        method: account.method,
        own: own.unwrap_or_else(|| account.own_address()),
        peer: incoming.peer.clone(),
        opted_out: None,
        created: now,
    }
}

/// Stores and logs a new conversation.
fn begin(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    (customer, room): (CustomerId, Room),
) -> Result<Conversation, StoreError> {
    let mut conversation = Conversation {
        id: ConversationId(arrival.ids.fresh()),
        customer,
        name: Conversation::automatic_name(&room),
        room,
        owner: None,
        detail: String::new(),
        state: State::Active,
        participants: 0,
        last: Tick {
            seq: 0,
            at: Timestamp::EARLIEST,
        },
        created: arrival.now,
        updated: arrival.now,
        deleted: None,
    };
    conversation.tick(arrival.now);
    uow.conversations().insert(&conversation)?;
    let event = Event::ConversationCreated(&conversation);
    append(uow, None, &conversation, event)?;
    Ok(conversation)
}

#[cfg(test)]
mod tests;
