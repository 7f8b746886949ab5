//! `runserver [ADDR:PORT]`: serves a site that is set up.

use std::net::SocketAddr;

use chanx::settings::Settings;
use clap::Args;

use super::address::{Address, local_origins};
use super::context::Context;
use super::error::CommandError;
use super::secretkey::judge;
use super::serve::{Line, Ready, listen};
use crate::layer;
use crate::site::{Site, SiteError};

#[derive(Debug, Default, Args)]
pub(crate) struct Runserver {
    /// Where to listen: 127.0.0.1:8000 unless given
    #[arg(value_name = "ADDR:PORT")]
    address: Option<Address>,
}

impl Runserver {
    pub(crate) async fn prepare(self, mut context: Context<'_>) -> Result<Ready, CommandError> {
        check_secret_key(&context.settings)?;
        let database = context.database().await?;
        let listener = listen(self.address.unwrap_or_default().0, "runserver")?;
        let address = listener.local_addr().map_err(CommandError::Serve)?;
        allow_local_pages(&mut context.settings, address);
        let site = Site::with(context.settings, database, context.project.additions()).await?;
        let app = context.project.app(&site)?;
        layer::connect(site.channels()).await;
        let greeting = vec![Line::Say(format!("Serving on http://{address}/ until Ctrl-C."))];
        Ok(Ready { listener, app, settings: site.settings().clone(), greeting })
    }
}

/// A site that strangers may reach needs a key that they cannot guess.
pub(crate) fn check_secret_key(settings: &Settings) -> Result<(), CommandError> {
    let key = settings.secret_key.as_ref().ok_or(SiteError::NoSecretKey)?;
    judge(key.expose()).map_err(CommandError::SecretKey)
}

/// Where no origins are configured, a server that only this machine reaches takes this machine's pages.
fn allow_local_pages(settings: &mut Settings, address: SocketAddr) {
    let configured = [&settings.allowed_origins, &settings.cors_allowed_origins, &settings.csrf_trusted_origins];
    if configured.into_iter().any(|origins| !origins.is_empty()) {
        return;
    }
    if address.ip().is_loopback() {
        settings.allowed_origins = local_origins(address);
    } else {
        tracing::warn!("no page may open a WebSocket: list the site's origins in the setting allowed_origins");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins_after(address: &str, configured: &[&str]) -> Vec<String> {
        let mut settings = Settings::default();
        settings.cors_allowed_origins = configured.iter().map(ToString::to_string).collect();
        allow_local_pages(&mut settings, address.parse().unwrap());
        settings.allowed_origins
    }

    #[test]
    fn only_a_local_server_without_configuration_takes_local_pages() {
        assert_eq!(origins_after("127.0.0.1:80", &[]), ["http://localhost:80", "http://127.0.0.1:80"]);
        assert!(origins_after("0.0.0.0:80", &[]).is_empty());
        assert!(origins_after("127.0.0.1:80", &["https://example.com"]).is_empty());
    }

    #[test]
    fn a_missing_or_weak_key_stops_the_start() {
        let mut settings = Settings::default();
        assert!(matches!(check_secret_key(&settings), Err(CommandError::Site(SiteError::NoSecretKey))));
        settings.secret_key = Some("secret".into());
        assert!(matches!(check_secret_key(&settings), Err(CommandError::SecretKey(_))));
        settings.secret_key = Some(super::super::secretkey::generate().into());
        assert!(check_secret_key(&settings).is_ok());
    }
}
