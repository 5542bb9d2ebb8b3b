//! How logging in and out is described.

use serde_json::json;
use talk_domain::store::StoreError;
use talk_wire::request::{Login, LoginAnswer};

use crate::openapi::example::sent;
use crate::openapi::{Need, Operation};

pub(crate) fn operations() -> Vec<Operation> {
    let request = Login {
        username: "alice".to_owned(),
        password: "talk-demo".to_owned(),
    };
    let answer = LoginAnswer {
        username: "alice".to_owned(),
        token: "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo".to_owned(),
    };
    vec![
        Operation::open("post", "/auth/login", "login", "Logs in")
            .body::<Login>(Need::Must, &sent("alice", &request))
            .reasons(&[
                "FIELD_REQUIRED",
                "INVALID_CREDENTIALS",
                "TOO_MANY_LOGIN_ATTEMPTS",
            ])
            .refuses::<StoreError>()
            .answers("A login token.", &answer),
        Operation::new("post", "/auth/logout", "logout", "Logs out")
            .about("Ends the token the request shows, and its sockets.")
            .no_body()
            .reasons(&["NOT_A_LOGIN_TOKEN"])
            .gives("Done.", &json!({"type": "object"}), &json!({})),
    ]
}
