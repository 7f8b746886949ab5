//! The channel layer that the settings name.

use chanx::Channels;
use chanx::settings::Settings;

/// Why there is no channel layer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerSettingError {
    /// The setting `channel_layer` names none.
    #[error(
        "the setting channel_layer is wrong: there is no layer `{scheme}://`, but memory, redis, redis+pubsub and redis+sharded"
    )]
    Unknown {
        /// What stands before the colon.
        scheme: String,
    },
    /// The setting `channel_layer` is no usable address of a Redis server.
    #[cfg(feature = "redis")]
    #[error("the setting channel_layer is wrong")]
    Redis(#[from] chanx_redis::UrlError),
    /// The program was built without Redis.
    #[cfg(not(feature = "redis"))]
    #[error("the setting channel_layer needs Redis: build chanx-site with its feature `redis`")]
    NoRedis,
}

/// Makes the layer. It connects when it is first used.
pub(crate) fn channels(settings: &Settings) -> Result<Channels, LayerSettingError> {
    match settings.channel_layer.scheme() {
        "memory" => Ok(Channels::in_memory()),
        scheme if scheme.starts_with("redis") => Ok(redis(settings)?.limited_by(settings)),
        scheme => Err(LayerSettingError::Unknown { scheme: scheme.to_owned() }),
    }
}

/// Waits until messages arrive here. A site whose layer is down serves all the same: it comes back by itself.
pub(crate) async fn connect(channels: &Channels) {
    if let Err(error) = channels.check().await {
        tracing::warn!(%error, "serving without the channel layer, for now");
    }
}

#[cfg(feature = "redis")]
fn redis(settings: &Settings) -> Result<Channels, LayerSettingError> {
    Ok(Channels::new(chanx_redis::connect(settings.channel_layer.expose())?))
}

#[cfg(not(feature = "redis"))]
fn redis(_: &Settings) -> Result<Channels, LayerSettingError> {
    Err(LayerSettingError::NoRedis)
}
