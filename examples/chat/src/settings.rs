//! What this application does differently from the defaults. A `chanx.toml` and the environment say the rest.

use chanx::Settings;

pub(crate) fn adjust(settings: &mut Settings) {
    settings.send_authentication_message = true;
    // The longest message, written in characters of four bytes and as JSON escapes, and some space around it.
    settings.max_message_size = 32 * 1024;
}
