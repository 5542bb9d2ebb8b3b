//! How probes, metrics and the description itself are described.

use serde_json::json;
use talk_domain::store::StoreError;

use crate::openapi::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    let schema = json!({
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": "ok"}},
    });
    let ready = json!({
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"const": "ok"},
            "changes": {
                "const": "STORAGE_FULL",
                "description": "There while the disk is full: changes are refused with this \
                    reason, reading goes on.",
            },
        },
    });
    let fine = json!({"status": "ok"});
    let text = json!({"schema": {"type": "string"}, "example": "talk_sockets 3\n"});
    vec![
        Operation::open("get", "/healthz", "health", "Tells that the process runs")
            .gives("It does.", &schema, &fine),
        Operation::open(
            "head",
            "/healthz",
            "healthHead",
            "Tells that the process runs",
        )
        .gives_code("200", "It does."),
        Operation::open("get", "/readyz", "ready", "Tells that the database answers")
            .refuses::<StoreError>()
            .gives("It does, at least for reading.", &ready, &fine),
        Operation::open(
            "head",
            "/readyz",
            "readyHead",
            "Tells that the database answers",
        )
        .refuses::<StoreError>()
        .gives_code("200", "It does."),
        Operation::open("get", "/metrics", "metrics", "Figures for Prometheus")
            .about("Only on `admin_bind`; the API's own address answers 404.")
            .reasons(&["ROUTE_NOT_FOUND"])
            .gives_content(
                "The figures.",
                ("text/plain; version=0.0.4; charset=utf-8", text),
            ),
    ]
}
