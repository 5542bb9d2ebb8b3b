//! `/v1.0/accesskeys`.

use std::time::Instant;

use actix_web::http::Method;
use talk_domain::identity::access_key::create::{
    CreateAccessKey, CreateAccessKeyError, create_access_key,
};
use talk_domain::identity::access_key::delete::{DeleteAccessKeyError, delete_access_key};
use talk_domain::identity::access_key::list::list_access_keys;
use talk_domain::identity::session::Credential;
use talk_domain::kernel::id::AccessKeyId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::json;
use talk_wire::request;
use talk_wire::resource::{AccessKey, List};

use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept, Queried};
use crate::openapi::example;
use crate::service::once::{PostResult, is_keyed};

const ALL: &str = "/v1.0/accesskeys";
const ONE: &str = "/v1.0/accesskeys/{accesskey_id}";

/// Length of the prefix of a key that is stored and shown.
const SHOWN: usize = 11;

pub(super) fn rows() -> Vec<Endpoint> {
    let request = request::CreateAccessKey {
        name: Some("build server".to_owned()),
        expire: Some(31_536_000),
        ..request::CreateAccessKey::default()
    };
    vec![
        Endpoint::new(Method::GET, ALL, list)
            .named("listAccessKeys", "Lists the caller's access keys"),
        Endpoint::new(Method::POST, ALL, create)
            .named("createAccessKey", "Creates an access key")
            .about(
                "It acts as the caller: 256 random bits, of which only a hash is stored. `token` is \
                 in this answer only; a repetition with the same `Idempotency-Key` shows it again \
                 for ten minutes, unless the server was restarted. A key that ends makes only \
                 keys that end no later.",
            )
            .sends("a key for a year", &request)
            .shows(&example::access_key(Some("vb_8Kq2xYz1…"))),
        Endpoint::new(Method::DELETE, ONE, delete)
            .named("deleteAccessKey", "Deletes an access key")
            .answers("The deleted key."),
    ]
}

async fn list(caller: Caller, Queried(page): Queried<PageRequest>) -> Answer<List<AccessKey>> {
    let read = caller.read("list_access_keys", move |snapshot, actor| {
        list_access_keys(snapshot, actor.agent, page)
    });
    Ok(caller.page(&read.await?, |key| AccessKey::from(key)))
}

/// The answer is stored without the key. A repetition shows the key as long as this process has it
/// in memory.
async fn create(
    caller: Caller,
    body: Body<request::CreateAccessKey>,
) -> Answer<Kept<AccessKey>, CreateAccessKeyError> {
    let (command, token) = command(&caller, body.value)?;
    let id = command.id;
    if is_keyed(&caller.request) {
        caller.shared.new_keys.put(id, &token, Instant::now());
    }
    let posted = caller.post("create_access_key", &body.sent, move |uow, cx| {
        let key = create_access_key(uow, &command, (cx.now, &cx.limits))?;
        Ok(PostResult::value(&AccessKey::from(&key)))
    });
    let mut posted = posted.await?;
    posted.body = with_token(&caller, &posted.body, (id, token))?;
    Ok(posted.respond())
}

async fn delete(
    caller: Caller,
    Id(id): Id<AccessKeyId>,
) -> Answer<AccessKey, DeleteAccessKeyError> {
    let write = caller.write("delete_access_key", move |uow, cx| {
        delete_access_key(uow, Some(cx.actor.agent), id, cx.now)
    });
    let key = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&AccessKey::from(&key)))
}

/// Builds the command, and returns it with the key.
fn command(
    caller: &Caller,
    sent: request::CreateAccessKey,
) -> Result<(CreateAccessKey, String), ApiError> {
    let tokens = &caller.shared.api.tokens;
    let token = tokens.new_key()?;
    let hash = tokens.key_hash(&token);
    let is_key = matches!(caller.session.credential, Credential::Key(_));
    let command = CreateAccessKey {
        id: caller.cx.fresh(),
        customer: caller.cx.actor.customer,
        agent: caller.cx.actor.agent,
        name: sent.name.unwrap_or_default(),
        detail: sent.detail.unwrap_or_default(),
        lifetime: sent.expire,
        ends_by: caller.session.expires.filter(|_| is_key),
        hash: hash.ok_or_else(|| ApiError::internal("a key of ours has no hash"))?,
        prefix: token.chars().take(SHOWN).collect(),
    };
    Ok((command, token))
}

/// Adds the key to the answer, if it was just created or is still in memory.
fn with_token(
    caller: &Caller,
    body: &str,
    (new, token): (AccessKeyId, String),
) -> Result<String, ApiError> {
    let unreadable = |what: String| ApiError::internal(format!("a kept answer has {what}"));
    let mut key: AccessKey =
        serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?;
    let id = talk_wire::id::parse("id", &key.id).map_err(|error| unreadable(error.to_string()))?;
    key.token = if id == new {
        Some(token)
    } else {
        caller.shared.new_keys.get(id, Instant::now())
    };
    Ok(json(&key))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, post};
    use talk_domain::kernel::idempotency::Answer;
    use talk_domain::testing::an_agent;

    #[actix_web::test]
    async fn the_secret_is_answered_but_never_kept() {
        let scene = Scene::new();
        scene.writes(|uow| {
            uow.agents.expect_get().returning(|_| Ok(Some(an_agent(1))));
            uow.keys.expect_insert().times(1).returning(|_| Ok(()));
            uow.idempotency.expect_find().returning(|_, _| Ok(None));
            let insert = uow.idempotency.expect_insert().times(1);
            insert
                .withf(|kept| match &kept.answer {
                    Answer::Body(body) => {
                        !body.contains(r#""token":"#) && body.contains("token_prefix")
                    }
                    _ => false,
                })
                .returning(|_| Ok(()));
        });
        let request = post(1, "/v1.0/accesskeys", r#"{"name":"ci","expire":60}"#);
        let answer = scene
            .call(request.insert_header(("idempotency-key", "key-12345")))
            .await;
        let key = answer.json();
        let token = key["token"].as_str().unwrap();
        assert_eq!(token, "vb_0000000000000007");
        assert_eq!(key["token_prefix"], token[..11]);
        assert_eq!(key["tm_expire"], "1970-01-01 00:01:01.000000");
    }

    #[actix_web::test]
    async fn a_lifetime_is_a_positive_number_of_seconds() {
        for expire in ["-1", "1.5", r#""60""#, "0", "9999999999999"] {
            let body = format!(r#"{{"expire":{expire}}}"#);
            let refused = Scene::new().call(post(1, "/v1.0/accesskeys", &body)).await;
            assert_eq!(
                (refused.status.as_u16(), refused.refusal().2),
                (400, "expire".into())
            );
        }
    }
}
