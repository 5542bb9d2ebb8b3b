//! Takes the two files of Swagger UI that `/docs` needs out of the vendored archive, compressed.

use std::error::Error;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("OUT_DIR")?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for file in ["swagger-ui-bundle.js", "swagger-ui.css"] {
        let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        let suffix = format!("dist/{file}");
        let name = names.iter().find(|name| name.ends_with(&suffix));
        let mut content = Vec::new();
        let name = name.ok_or_else(|| format!("the archive has no {file}"))?;
        archive.by_name(name)?.read_to_end(&mut content)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        std::fs::write(
            Path::new(&target).join(format!("{file}.gz")),
            encoder.finish()?,
        )?;
    }
    Ok(())
}
