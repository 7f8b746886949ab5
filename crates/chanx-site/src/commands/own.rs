//! Commands of the application's own.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use chanx::BoxError;

use super::context::Context;
use super::error::CommandError;
use crate::site::Site;

type Report = Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send>>;

/// Work on a site that reports in text.
#[derive(Clone)]
pub(crate) struct Work(Arc<dyn Fn(Site) -> Report + Send + Sync>);

/// A command that the application added.
#[derive(Debug, Clone)]
pub(crate) struct OwnCommand {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) work: Work,
}

impl Work {
    pub(crate) fn new<F>(work: impl Fn(Site) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move |site| Box::pin(work(site))))
    }

    pub(crate) async fn run(&self, site: Site) -> Result<String, BoxError> {
        (self.0)(site).await
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

impl OwnCommand {
    /// How the command line knows it.
    pub(crate) fn usage(&self) -> clap::Command {
        clap::Command::new(self.name).about(self.about)
    }

    /// Runs on a site without a server, whose database is up to date.
    pub(crate) async fn run(&self, context: Context<'_>) -> Result<(), CommandError> {
        let accounts = context.accounts().await?;
        let site = Site::assemble(context.settings.clone(), accounts, context.project.additions())?;
        let name = self.name;
        let report = self.work.run(site).await.map_err(|source| CommandError::Own { name, source })?;
        Ok(context.terminal.say(&report)?)
    }
}
