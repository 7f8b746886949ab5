//! `settings`: all settings, their values, and where these come from.

use chanx::settings::{SettingInfo, Settings};

use super::error::CommandError;
use super::terminal::Terminal;

/// Writes the settings so that the output is a `chanx.toml`. Secrets are blotted out.
pub(crate) fn run(settings: &Settings, terminal: &mut dyn Terminal) -> Result<(), CommandError> {
    for setting in settings.describe() {
        terminal.say(&entry(&setting))?;
    }
    Ok(())
}

fn entry(setting: &SettingInfo) -> String {
    let SettingInfo { name, variable, kind, default, doc, value, source, .. } = setting;
    format!("# {doc}\n# {kind}; default {default}; {variable}; set by: {source}\n{name} = {value}\n")
}
