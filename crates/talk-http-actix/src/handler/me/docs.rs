//! How the caller itself is described.

use talk_domain::agent::password::ChangePasswordError;
use talk_domain::agent::show::ShowAgentError;
use talk_wire::request::ChangePassword;

use crate::openapi::example::{self, sent};
use crate::openapi::{Need, Operation};

pub(crate) fn operations() -> Vec<Operation> {
    let request = ChangePassword {
        old_password: "talk-demo".to_owned(),
        new_password: "a long password".to_owned(),
        revoke_accesskeys: None,
    };
    vec![
        Operation::new(
            "get",
            "/v1.0/service_agents/me",
            "showMe",
            "Shows the caller",
        )
        .refuses::<ShowAgentError>()
        .answers("The agent.", &example::agent()),
        Operation::new(
            "put",
            "/v1.0/service_agents/me/password",
            "changePassword",
            "Changes the caller's password",
        )
        .about(
            "Ends all login tokens issued before, and with `revoke_accesskeys` all access keys of the \
             caller. Wrong old passwords slow down the next ones; failed logins do not.",
        )
        .body::<ChangePassword>(Need::Must, &sent("both passwords", &request))
        .reasons(&[
            "OLD_PASSWORD_WRONG",
            "PASSWORD_INVALID",
            "TOO_MANY_LOGIN_ATTEMPTS",
        ])
        .refuses::<ChangePasswordError>()
        .answers("The agent.", &example::agent()),
    ]
}
