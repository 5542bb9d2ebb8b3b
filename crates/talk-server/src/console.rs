//! Serves the console: hands its files to the HTTP server.

use talk_console::DemoAgent;
use talk_http_actix::StaticFile;

use crate::demo::{Demo, PASSWORD};
use crate::settings::Settings;

/// The console's files, or none if it is switched off.
pub(crate) fn files(settings: &Settings, demo: &[DemoAgent]) -> Vec<StaticFile> {
    if !settings.console {
        return Vec::new();
    }
    let policy = talk_console::POLICY;
    let page = StaticFile::page(talk_console::PAGE_PATH, policy, &talk_console::page(demo));
    let others = talk_console::FILES
        .iter()
        .map(|file| StaticFile::immutable(file.path, file.kind, policy, file.gzip));
    std::iter::once(page).chain(others).collect()
}

/// The agents of the demo, which log in with one click.
pub(crate) fn demo_agents(demo: &Demo) -> Vec<DemoAgent> {
    let agents = demo.agents.iter().map(|agent| DemoAgent {
        username: agent.username.clone(),
        name: agent.name.clone(),
        password: PASSWORD.to_owned(),
    });
    agents.collect()
}
