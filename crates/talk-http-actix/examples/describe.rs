//! Writes the generated descriptions into the crate: `openapi.json`, `asyncapi.json` and `ERRORS.md`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::write(here.join("openapi.json"), talk_http_actix::openapi())?;
    std::fs::write(here.join("asyncapi.json"), talk_http_actix::asyncapi())?;
    std::fs::write(here.join("ERRORS.md"), talk_http_actix::errors())
}
