//! A message of a visitor that is a file.

use actix_web::{HttpRequest, ResponseError as _, web};
use conversation_domain::message::receive::{Incoming, ReceiveError, Received, receive_file};
use conversation_domain::model::media::{FileRoom, SentFile};
use talk_domain::files::model::StoredFile;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::store::Unit;
use talk_wire::id;
use talk_wire::resource::VisitorMessage;
use uuid::Uuid;

use super::visitor::KnownVisitor;
use super::{answer, arrival};
use crate::api_error::ApiError;
use crate::caller::Reply;
use crate::endpoint::{self, Extract, Form, FromQuery, Id, Parameter, Queried, QueryReader};
use crate::files::{Upload, Uploader, path_to, remove};
use crate::openapi::Operation;
use crate::shared::Shared;

/// The id that the page gives to the message.
struct MessageId(Uuid);

impl FromQuery for MessageId {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let about = "The id of the message: the same again is the same message.";
        let parameter = Parameter::new("id", Form::Text(36), about);
        let found = query.parsed(parameter, |text| {
            id::parse("id", text).map_err(ApiError::from)
        })?;
        found
            .map(Self)
            .ok_or_else(|| ApiError::invalid("id", "INVALID_ID", "must be a UUID"))
    }
}

/// The file, and the id of its message.
pub(super) struct Sent {
    event: Uuid,
    form: Upload,
}

impl Extract for Sent {
    async fn extract(sent: &mut endpoint::Incoming) -> Result<Self, ApiError> {
        let Queried(MessageId(event)) = Queried::extract(sent).await?;
        let form = Upload::extract(sent).await?;
        Ok(Self { event, form })
    }

    fn describe(operation: Operation) -> Operation {
        Upload::describe(operation)
    }
}

/// Stores the file of a visitor, and the message that carries it, which has no text.
pub(super) async fn send(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(account): Id<AccountId>,
    Sent { event, form }: Sent,
) -> Reply {
    let known = KnownVisitor::admit(&shared, &request, account).await?;
    known.charge_first(&shared, &request).await?;
    let arrival = arrival(&shared);
    let new = StoredFile {
        customer: known.customer,
        id: arrival.ids.fresh().into(),
    };
    let uploader = Uploader {
        shared: &shared,
        request: &request,
        space: &shared.visitor_uploads,
        actor: known.in_limits(),
        limits: &shared.api.limits,
    };
    let received = form.receive(uploader, new).await?;
    let limits = shared.api.file_limits;
    let file = SentFile {
        id: new.id,
        filename: received.description.filename,
        measured: received.measured,
        room: FileRoom {
            of_person: limits.visitor,
            of_customer: limits.quota,
        },
    };
    let incoming = Incoming {
        account,
        event: event.to_string(),
        own: None,
        peer: known.visitor.peer,
        text: String::new(),
        consent: None,
        medias: Vec::new(),
    };
    let unit = Unit::of(known.customer, "receive_file");
    let store = &shared.api.conversations;
    let written = store.write(unit, move |uow| {
        receive_file(uow, &arrival, (&incoming, &file))
    });
    let written: Result<Received, ReceiveError> = written.await;
    let written = written.map_err(ApiError::from);
    let is_kept = match &written {
        Ok(received) => matches!(received, Received::New(_)),
        // After another failure the row may be stored: then the sweep decides.
        Err(error) => !error.status_code().is_client_error(),
    };
    if !is_kept {
        remove(&shared, new).await;
    }
    drop(received.writer);
    let message = written?.into_message();
    shared.visitors.wake(known.charged);
    let customer = known.customer;
    let link = |id| path_to(&shared, StoredFile { customer, id });
    Ok(answer(&VisitorMessage::new(&message, link)))
}
