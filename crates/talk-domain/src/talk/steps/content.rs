//! Checks of text and medias, shared by posting and editing.

use crate::files::show::readable_file;
use crate::kernel::blank::is_blank;
use crate::kernel::context::Actor;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::FileId;
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::talk::model::media::{FileMedia, Media};
use crate::talk::unit::TalkUnit;

/// Checks everything that needs no lookup.
pub(crate) fn check_content(text: &str, medias: &[Media], limits: &Limits) -> Result<(), Invalid> {
    check_text("text", text, limits.text)?;
    if medias.len() > limits.medias {
        return Err(Invalid::too_long("medias", limits.medias, "medias"));
    }
    for (i, media) in medias.iter().enumerate() {
        media.check(&format!("medias[{i}]"), limits)?;
    }
    Ok(())
}

/// Returns whether a message would have neither a media nor a visible text.
pub(crate) fn is_empty(text: &str, medias: &[Media]) -> bool {
    medias.is_empty() && is_blank(text)
}

refusals! {
    /// Refusals of a media that refers to an unknown file or agent.
    pub enum ReferenceError {
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Checks that the actor may read the files in medias and that the agents belong to the customer.
/// Completes the files by their properties. Medias in `known` were checked when they were attached:
/// they are not checked again, and their files keep their properties.
pub(crate) fn resolve_references(
    uow: &mut dyn TalkUnit,
    actor: Actor,
    medias: Vec<Media>,
    known: &[Media],
) -> Result<Vec<Media>, ReferenceError> {
    let mut resolved = Vec::with_capacity(medias.len());
    for (i, media) in medias.into_iter().enumerate() {
        resolved.push(match media {
            Media::File(file) => Media::File(match known_file(known, file.id) {
                Some(known) => known.clone(),
                None => attachable(uow, actor, (i, file.id))?,
            }),
            Media::Agent(id) if !known.contains(&media) => {
                let agent = uow.agents().get(id)?;
                if agent.is_none_or(|agent| agent.deleted.is_some()) {
                    let (reason, message) = ("MEDIA_AGENT_NOT_FOUND", "there is no such agent");
                    let field = format!("medias[{i}].agent_id");
                    return Err(Invalid::new(field, reason, message).into());
                }
                media
            }
            media => media,
        });
    }
    Ok(resolved)
}

/// Returns the file `id` among medias.
fn known_file(medias: &[Media], id: FileId) -> Option<&FileMedia> {
    let mut files = medias.iter().filter_map(Media::file);
    files.find(|file| file.id == id)
}

/// Returns the properties of the file `id`, which is the element `i` of a request.
fn attachable(
    uow: &mut dyn TalkUnit,
    actor: Actor,
    (i, id): (usize, FileId),
) -> Result<FileMedia, ReferenceError> {
    let Some(file) = readable_file(uow, actor, id)? else {
        let (reason, message) = ("MEDIA_FILE_NOT_FOUND", "there is no such file");
        return Err(Invalid::new(format!("medias[{i}].file_id"), reason, message).into());
    };
    Ok(FileMedia::from(&file))
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use uuid::Uuid;

    use super::*;
    use crate::identity::agent::Agent;
    use crate::kernel::id::AgentId;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_file, actor, agent_id, an_agent, at};

    fn resolve(
        uow: &mut MockUnitOfWork,
        medias: &[Media],
        known: &[Media],
    ) -> Result<Vec<Media>, ReferenceError> {
        resolve_references(uow, actor(agent_id(2)), medias.to_vec(), known)
    }

    ///
    #[test]
    fn unknown_files_and_agents_are_named_by_their_element() {
        let file = Media::File(FileMedia::named(Uuid::from_u128(1).into()));
        let agent = Media::Agent(AgentId(Uuid::from_u128(1)));
        let known = Media::Agent(agent_id(2));
        for (media, field) in [(file, "medias[1].file_id"), (agent, "medias[1].agent_id")] {
            let mut uow = Scene::new(a_chat()).unit();
            uow.files.expect_get().returning(|_| Ok(None));
            let refused = resolve(&mut uow, &[known.clone(), media.clone()], &[]);
            let Err(ReferenceError::Invalid(invalid)) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(invalid.field, field);
            assert!(resolve(&mut uow, from_ref(&media), from_ref(&media)).is_ok());
        }
    }

    /// FILE-05 and FILE-06: a file that the actor may not read is like one that does not exist.
    #[test]
    fn only_a_file_that_the_actor_may_read_is_attached() {
        let file = a_file(1);
        let sent = [Media::File(FileMedia::named(file.id))];
        for is_shared in [true, false] {
            let mut uow = Scene::new(a_chat()).unit();
            uow.files.expect_get().returning(|_| Ok(Some(a_file(1))));
            let shared = uow.files.expect_is_shared_with();
            shared.returning(move |_, _| Ok(is_shared));
            let attached = resolve(&mut uow, &sent, &[]);
            match attached {
                Ok(medias) => assert_eq!(medias, [Media::File(FileMedia::from(&file))]),
                Err(ReferenceError::Invalid(invalid)) => {
                    assert_eq!(invalid.reason, "MEDIA_FILE_NOT_FOUND");
                    assert!(!is_shared);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// FILE-06: a message keeps what it says about a file, also when that is deleted.
    #[test]
    fn a_known_file_keeps_its_properties() {
        let mut kept = FileMedia::from(&a_file(1));
        kept.is_deleted = true;
        let (kept, sent) = (
            Media::File(kept),
            Media::File(FileMedia::named(a_file(1).id)),
        );
        let mut uow = Scene::new(a_chat()).unit();
        let resolved = resolve(&mut uow, &[sent], from_ref(&kept)).unwrap();
        assert_eq!(resolved, [kept]);
    }

    fn checked(text: &str, medias: &[Media]) -> Option<(String, Option<u64>)> {
        let limits = Limits {
            text: 5,
            medias: 2,
            ..Limits::default()
        };
        let refused = check_content(text, medias, &limits).err();
        refused.map(|invalid| (invalid.field, invalid.limit))
    }

    /// API-18: a limit is still allowed, and what breaks it is named.
    #[test]
    fn text_and_medias_are_checked_up_to_their_limits() {
        let link = |url: &str| Media::Link(url.into());
        let good = link("https://e.test");
        assert_eq!(checked("hello", &[good.clone(), good.clone()]), None);
        let long = checked("hello!", &[]);
        assert_eq!(long, Some(("text".into(), Some(5))));
        let many = checked("", &vec![good.clone(); 3]);
        assert_eq!(many, Some(("medias".into(), Some(2))));
        let bad = checked("", &[good, link("nowhere")]);
        assert_eq!(bad, Some(("medias[1].link_url".into(), None)));
    }

    /// MSG-03: text or at least one media.
    #[test]
    fn a_message_is_empty_without_a_text_that_can_be_seen_and_a_media() {
        let link = [Media::Link("https://e.test".into())];
        assert!(is_empty(" ", &[]));
        assert!(!is_empty("x", &[]) && !is_empty("", &link) && !is_empty("x", &link));
    }

    /// a deleted agent is refused like an unknown one.
    #[test]
    fn a_deleted_agent_is_not_attached() {
        let mut uow = MockUnitOfWork::default();
        uow.agents.expect_get().returning(|_| {
            Ok(Some(Agent {
                deleted: Some(at(1)),
                ..an_agent(2)
            }))
        });
        let refused = resolve(&mut uow, &[Media::Agent(agent_id(2))], &[]);
        assert!(matches!(refused, Err(ReferenceError::Invalid(_))));
    }
}
