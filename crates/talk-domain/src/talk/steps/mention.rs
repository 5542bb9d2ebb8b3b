//! Steps: the mentions of a message are found and stored with it.

use crate::talk::unit::TalkUnit;
use std::collections::BTreeSet;

use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;
use crate::kernel::username_key::username_key;
use crate::talk::model::mention::{Names, names_in};
use crate::talk::model::message::{Author, Message};

/// Stores the mentions of a new message. A text without `@` costs no statement.
pub(crate) fn mention(uow: &mut dyn TalkUnit, message: &Message) -> Result<(), StoreError> {
    let agents = mentioned(uow, message)?;
    if agents.is_empty() {
        return Ok(());
    }
    uow.mentions().replace(message, &agents)
}

/// Stores the mentions of an edited message; `earlier` is its previous text. Two texts without `@`
/// cost no statement.
pub(crate) fn mention_anew(
    uow: &mut dyn TalkUnit,
    message: &Message,
    earlier: &str,
) -> Result<(), StoreError> {
    let agents = mentioned(uow, message)?;
    if agents.is_empty() && names_in(earlier).is_empty() {
        return Ok(());
    }
    uow.mentions().replace(message, &agents)
}

/// Finds the participants that the text mentions, except the author.
fn mentioned(uow: &mut dyn TalkUnit, message: &Message) -> Result<BTreeSet<AgentId>, StoreError> {
    let Author::Agent(author) = message.author else {
        return Ok(BTreeSet::new());
    };
    let places = names_in(&message.text);
    if places.is_empty() {
        return Ok(BTreeSet::new());
    }
    let keys = places.iter().flat_map(Names::iter).map(str::to_owned);
    let keys = keys.collect();
    let mut found = uow.mentions().participants_named(message.chat, &keys)?;
    for (name, _) in &mut found {
        *name = username_key(name);
    }
    let mut agents: BTreeSet<AgentId> = BTreeSet::new();
    for place in &places {
        agents.extend(place.longest_of(&found));
    }
    agents.remove(&author);
    Ok(agents)
}
