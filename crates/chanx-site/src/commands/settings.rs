//! `settings`: all settings, their values, and where these come from.

use chanx::settings::SettingInfo;

use super::context::Context;
use super::error::CommandError;

/// Writes the settings so that the output is a `chanx.toml`. Secrets are blotted out.
pub(crate) fn run(context: Context<'_>) -> Result<(), CommandError> {
    for setting in context.settings.describe() {
        context.terminal.say(&entry(&setting))?;
    }
    Ok(())
}

fn entry(setting: &SettingInfo) -> String {
    let SettingInfo { name, variable, kind, default, doc, value, source, .. } = setting;
    format!("# {doc}\n# {kind}; default {default}; {variable}; set by: {source}\n{name} = {value}\n")
}
