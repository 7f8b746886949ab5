//! What this application does differently from the defaults. A `chanx.toml` and the environment say the rest.

use chanx::Settings;

pub(crate) fn adjust(settings: &mut Settings) {
    settings.send_completion = true;
    settings.send_authentication_message = true;
}
