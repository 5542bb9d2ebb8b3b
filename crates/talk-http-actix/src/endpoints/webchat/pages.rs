//! The widget's script, and a page of this server that shows nothing but a web chat.

use std::sync::LazyLock;

use actix_web::{HttpRequest, web};
use talk_domain::kernel::id::AccountId;

use super::visitor::Client;
use crate::caller::Reply;
use crate::endpoint::Id;
use crate::endpoints::asset::Asset;
use crate::shared::Shared;

/// The widget: an element with an open shadow root, so that styles of the page do not reach it.
pub(super) async fn script(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| {
        let kind = "text/javascript; charset=utf-8";
        Asset::text(kind, include_str!("webchat.js"))
    });
    FILE.answer(&request)
}

/// A page for visitors of customers without a page of their own.
pub(super) async fn hosted(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(id): Id<AccountId>,
) -> Reply {
    Client::admit(&shared, &request, id).await?;
    let page = include_str!("webchat.html").replace("{account}", &id.to_string());
    Asset::text("text/html; charset=utf-8", &page).answer(&request)
}
