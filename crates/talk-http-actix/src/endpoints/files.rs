//! `/v1.0/service_agents/files`, and signed links below `/v1.0/files`.

use actix_web::http::Method;
use actix_web::{HttpRequest, ResponseError as _, web};
use serde_json::json;
use talk_domain::files::delete::{DeleteFileError, delete_file};
use talk_domain::files::list::list_files;
use talk_domain::files::model::StoredFile;
use talk_domain::files::show::{ShowFileError, show_file, show_linked_file};
use talk_domain::files::upload::{CreateFile, CreateFileError, create_file};
use talk_domain::kernel::id::FileId;
use talk_domain::kernel::page::PageRequest;
use talk_domain::kernel::store::Unit;
use talk_wire::resource::{File, List};
use talk_wire::{json, time};

use crate::api_error::ApiError;
use crate::caller::{Caller, Reply, ok};
use crate::endpoint::{
    Answer, Endpoint, Extract, Id, Incoming, JsonResponse, Kept, Queried, Refused,
};
use crate::files::{Content, Link, Upload, remove, send, shown, with_link};
use crate::openapi::Operation;
use crate::service::once::{PostResult, check_key_header};
use crate::shared::Shared;

const ALL: &str = "/v1.0/service_agents/files";
const ONE: &str = "/v1.0/service_agents/files/{file_id}";
const BYTES: &str = "/v1.0/service_agents/files/{file_id}/file";
const LINKED: &str = "/v1.0/files/{signed}";

pub(super) fn rows() -> Vec<Endpoint> {
    let form = json!({"file": "(the bytes)", "type": "talk", "name": "Screenshot"});
    vec![
        Endpoint::new(Method::GET, ALL, list).named("listFiles", "Lists the caller's uploads"),
        Endpoint::new(Method::POST, ALL, upload)
            .named("uploadFile", "Uploads a file")
            .about(
                "The answer means that the file is stored durably. Its `mime` is found in its \
                 bytes, whatever is declared. To send it, name its `id` in a media of a message.",
            )
            .sends("a screenshot", &form)
            .reasons(&["BUSY", "STORAGE_FULL", "STORAGE_UNAVAILABLE"]),
        Endpoint::new(Method::GET, ONE, show)
            .named("showFile", "Shows a file")
            .about("Its uploader, and participants of chats in which a message carries it."),
        Endpoint::new(Method::DELETE, ONE, delete)
            .named("deleteFile", "Deletes a file")
            .about(
                "The uploader's. Nobody can read it any more; messages that carry it say so in \
                 `deleted`.",
            )
            .answers("The deleted file."),
        Endpoint::new(Method::GET, BYTES, download)
            .named("downloadFile", "Downloads a file")
            .about(
                "Its uploader, and participants of chats in which a message carries it. One range \
                 of bytes, and conditional requests by `ETag`, are understood.",
            )
            .also_head(download),
        Endpoint::hidden(Method::GET, LINKED, linked).also_head(linked),
    ]
}

async fn list(caller: Caller, Queried(page): Queried<PageRequest>) -> Answer<List<File>> {
    let read = caller.read("list_files", move |snapshot, actor| {
        list_files(snapshot, actor.agent, page)
    });
    let page = read.await?;
    Ok(caller.page(&page, |file| shown(&caller.shared, file)))
}

async fn show(caller: Caller, Id(id): Id<FileId>) -> Answer<File, ShowFileError> {
    let read = caller.read("show_file", move |snapshot, actor| {
        show_file(snapshot, actor, id)
    });
    let file = read.await?;
    Ok(ok(&shown(&caller.shared, &file)))
}

/// The answer is stored without the link. A repetition gets a new one.
async fn upload(caller: Caller, form: Upload) -> Answer<Kept<File>, CreateFileError> {
    check_key_header(&caller.request)?;
    let new = StoredFile {
        customer: caller.cx.actor.customer,
        id: caller.cx.fresh(),
    };
    let received = form.receive((&caller).into(), new).await?;
    let command = CreateFile {
        id: new.id,
        description: received.description,
        measured: received.measured,
        quota: caller.shared.api.file_limits.quota,
    };
    let size = command.measured.size;
    let posted = caller.post("create_file", &received.fingerprint, move |uow, cx| {
        let file = create_file(uow, cx, &command)?;
        Ok(PostResult::value(&File::from(&file)))
    });
    let posted: Result<_, Refused<CreateFileError>> = posted.await;
    let mut posted = match posted {
        Ok(posted) => posted,
        Err(refused) => {
            let error = ApiError::from(refused);
            // After another failure the row may be stored: then the sweep decides.
            if error.status_code().is_client_error() {
                remove(&caller.shared, new).await;
            }
            return Err(error.into());
        }
    };
    let unreadable = |what: String| ApiError::internal(format!("a kept answer has {what}"));
    let file: File =
        serde_json::from_str(&posted.body).map_err(|error| unreadable(error.to_string()))?;
    let id: FileId =
        talk_wire::id::parse("id", &file.id).map_err(|error| unreadable(error.to_string()))?;
    if id == new.id {
        metrics::counter!("talk_files_uploaded_total").increment(1);
        metrics::counter!("talk_file_bytes_uploaded_total").increment(size);
    } else {
        remove(&caller.shared, new).await;
    }
    drop(received.writer);
    posted.body = json(&with_link(&caller.shared, file, StoredFile { id, ..new }));
    Ok(posted.respond())
}

async fn delete(caller: Caller, Id(id): Id<FileId>) -> Answer<File, DeleteFileError> {
    let write = caller.write("delete_file", move |uow, cx| delete_file(uow, cx, id));
    let file = write.await?;
    remove(&caller.shared, StoredFile::from(&file)).await;
    let mut deleted = File::from(&file);
    deleted.tm_delete = time::format(caller.cx.now);
    Ok(ok(&deleted))
}

async fn download(caller: Caller, Id(id): Id<FileId>) -> Answer<Content, ShowFileError> {
    let read = caller.read("show_file", move |snapshot, actor| {
        show_file(snapshot, actor, id)
    });
    let file = read.await?;
    let response = send(&caller.shared, &caller.request, &file).await?;
    Ok(JsonResponse::from(response))
}

/// The text of a signed link, in the path.
struct Signed(String);

impl Extract for Signed {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let text = incoming.parameter("signed").unwrap_or_default();
        Ok(Self(text.to_owned()))
    }

    fn describe(operation: Operation) -> Operation {
        operation
    }
}

async fn linked(request: HttpRequest, shared: web::Data<Shared>, Signed(text): Signed) -> Reply {
    let now = (shared.api.clock)();
    let link = Link::read(&text, &shared.fingerprint_secret, now);
    let link = link.ok_or_else(|| ApiError::from(ShowFileError::NoSuchFile))?;
    let StoredFile { customer, id } = link.file;
    let unit = Unit::of(customer, "show_linked_file");
    let read = shared
        .api
        .store
        .read(unit, move |snapshot| show_linked_file(snapshot, id));
    let file = read.await?;
    send(&shared, &request, &file).await
}
