//! How access keys are described.

use talk_domain::access_key::create::CreateAccessKeyError;
use talk_domain::access_key::delete::DeleteAccessKeyError;
use talk_wire::request::CreateAccessKey;

use crate::openapi::example::{self, sent};
use crate::openapi::{Need, Operation};

const ALL: &str = "/v1.0/accesskeys";

pub(crate) fn operations() -> Vec<Operation> {
    let request = CreateAccessKey {
        name: Some("build server".to_owned()),
        expire: Some(31_536_000),
        ..CreateAccessKey::default()
    };
    vec![
        Operation::new(
            "get",
            ALL,
            "listAccessKeys",
            "Lists the caller's access keys",
        )
        .paged()
        .lists("A page of keys.", &example::access_key(None)),
        Operation::new("post", ALL, "createAccessKey", "Creates an access key")
            .about(
                "It acts as the caller: 256 random bits, of which only a hash is stored. `token` is \
                 in this answer only; a repetition with the same `Idempotency-Key` shows it again for \
                 ten minutes, unless the server was restarted. A key that ends makes only keys that \
                 end no later.",
            )
            .body::<CreateAccessKey>(Need::Must, &sent("a key for a year", &request))
            .once()
            .reasons(&["EXPIRE_INVALID", "LIMIT_EXCEEDED"])
            .refuses::<CreateAccessKeyError>()
            .answers("The key.", &example::access_key(Some("vb_8Kq2xYz1…"))),
        Operation::new(
            "delete",
            "/v1.0/accesskeys/{accesskey_id}",
            "deleteAccessKey",
            "Deletes an access key",
        )
        .refuses::<DeleteAccessKeyError>()
        .answers("The deleted key.", &example::access_key(None)),
    ]
}
