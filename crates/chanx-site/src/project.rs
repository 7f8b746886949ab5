//! What an application writes into `main`: its parts, and the commands that come with them.

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use axum::middleware::from_fn;
use axum::{Extension, Router};
use chanx::routing::{Routes, RoutingError};
use chanx::settings::{Settings, SettingsError};
use chanx::{BoxError, Connections, Endpoint, StartError, Websockets};
use chanx_playground::Documentation;

use crate::commands::{self, OwnCommand, Work};
use crate::database::Migration;
use crate::documents;
use crate::site::{Additions, Site};
use crate::web::{Asset, TemplateSource, answer_missing, health_router, request_id, security_headers};

type Adjust = Arc<dyn Fn(&mut Settings) + Send + Sync>;
type MakeRoutes = Arc<dyn Fn() -> Routes<Endpoint> + Send + Sync>;
/// Attaches a value to the sockets and to the pages.
type Attach = Arc<dyn Fn(&Site, Websockets, Router) -> (Websockets, Router) + Send + Sync>;
type MakePages = Arc<dyn Fn(&Site) -> Router + Send + Sync>;

/// An application with accounts, pages, sockets and management commands.
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use chanx_site::{Project, Site};
/// use chanx_site::web::LoginRequired;
///
/// async fn home(LoginRequired(user): LoginRequired) -> String {
///     format!("Hello, {}!", user.username)
/// }
///
/// fn main() -> std::process::ExitCode {
///     Project::new("hello")
///         .settings(|settings| settings.send_completion = true)
///         .pages(|_: &Site| Router::new().route("/hello/", get(home)))
///         .link("Hello", "/hello/")
///         .run()
/// }
/// ```
///
/// Without arguments the program sets everything up and serves on `127.0.0.1:8000`, for
/// development; `--help` lists its commands.
#[derive(Clone)]
pub struct Project {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    adjustments: Vec<Adjust>,
    routes: Option<MakeRoutes>,
    pages: Option<MakePages>,
    additions: Additions,
    links: Vec<(&'static str, &'static str)>,
    states: Vec<Attach>,
    commands: Vec<OwnCommand>,
    development: Vec<Work>,
}

/// An application ready to be served.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) connections: Connections,
}

impl Project {
    /// An application of this name, without anything of its own.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            version: "0.1.0",
            description: "",
            adjustments: Vec::new(),
            routes: None,
            pages: None,
            additions: Additions::default(),
            links: Vec::new(),
            states: Vec::new(),
            commands: Vec::new(),
            development: Vec::new(),
        }
    }

    /// The version of the application, for documents. Usually `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// What the application is for, in Markdown, for documents.
    #[must_use]
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Changes settings after the file and the environment were read.
    #[must_use]
    pub fn settings(mut self, adjust: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        self.adjustments.push(Arc::new(adjust));
        self
    }

    /// The sockets. Their paths begin at the root of the site.
    #[must_use]
    pub fn websockets(mut self, routes: impl Fn() -> Routes<Endpoint> + Send + Sync + 'static) -> Self {
        self.routes = Some(Arc::new(routes));
        self
    }

    /// The pages. The login page, the logout page and the assets are added to them.
    #[must_use]
    pub fn pages(mut self, pages: impl Fn(&Site) -> Router + Send + Sync + 'static) -> Self {
        self.pages = Some(Arc::new(pages));
        self
    }

    /// A value of the application's own, made when a server starts. Consumers find it by its type with
    /// [`cx.state()`](chanx::Context::state), handlers of pages with axum's [`Extension`].
    ///
    /// It is made inside the runtime, so that it may spawn a task. Keep nothing in such a task that keeps the value
    /// alive, and it can end with the server.
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(
        mut self,
        make: impl Fn(&Site) -> T + Send + Sync + 'static,
    ) -> Self {
        self.states.push(Arc::new(move |site, websockets, pages| {
            let value = make(site);
            (websockets.extension(value.clone()), pages.layer(Extension(value)))
        }));
        self
    }

    /// Tables of the application's own, in the order in which they are created.
    #[must_use]
    pub fn migrations(mut self, migrations: &[Migration]) -> Self {
        self.additions.migrations.extend_from_slice(migrations);
        self
    }

    /// Templates for [`Site::render`].
    #[must_use]
    pub fn templates(mut self, templates: &[TemplateSource]) -> Self {
        self.additions.templates.extend_from_slice(templates);
        self
    }

    /// Style sheets, scripts and pictures, served under `/static/`.
    #[must_use]
    pub fn assets(mut self, assets: &[Asset]) -> Self {
        self.additions.assets.extend_from_slice(assets);
        self
    }

    /// A page that the development server names when it starts.
    #[must_use]
    pub fn link(mut self, label: &'static str, path: &'static str) -> Self {
        self.links.push((label, path));
        self
    }

    /// A management command beside the built-in ones, whose names are taken.
    ///
    /// Its work gets the site, with a database that is up to date; what it returns is printed.
    ///
    /// ```
    /// use chanx::BoxError;
    /// use chanx_site::{Project, Site};
    ///
    /// async fn greet(site: Site) -> Result<String, BoxError> {
    ///     let admin = site.accounts().user_by_name("admin").await?;
    ///     Ok(admin.map_or("Nobody is there.".to_owned(), |admin| format!("Hello, {}!", admin.username)))
    /// }
    ///
    /// let project = Project::new("hello").command("greet", "Greet the administrator", greet);
    /// ```
    #[must_use]
    pub fn command<F>(
        mut self,
        name: &'static str,
        about: &'static str,
        work: impl Fn(Site) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        self.commands.push(OwnCommand { name, about, work: Work::new(work) });
        self
    }

    /// Work before each start of the development server, such as filling an empty database with examples. What it
    /// returns is printed, unless it is empty.
    #[must_use]
    pub fn development<F>(mut self, work: impl Fn(Site) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        self.development.push(Work::new(work));
        self
    }

    /// Runs the command that the program's arguments name.
    ///
    /// The exit code is 0 for success, 1 for a failure, 2 for arguments that make no sense, and 130 or 143 if a server was ended
    /// at once by a second SIGINT or SIGTERM.
    pub fn run(self) -> ExitCode {
        self.run_with(std::env::args_os())
    }

    /// [Runs](Self::run) with other arguments than the program's, its name first.
    pub fn run_with(self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        commands::run(&self, &arguments)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn documentation(&self, settings: &Settings) -> Result<Documentation, RoutingError> {
        let documentation = Documentation::new(self.name, &self.routes().compile()?, settings);
        Ok(documentation.version(self.version).description(self.description))
    }

    pub(crate) fn additions(&self) -> &Additions {
        &self.additions
    }

    pub(crate) fn links(&self) -> &[(&'static str, &'static str)] {
        &self.links
    }

    pub(crate) fn commands(&self) -> &[OwnCommand] {
        &self.commands
    }

    pub(crate) fn development_work(&self) -> &[Work] {
        &self.development
    }

    pub(crate) fn routes(&self) -> Routes<Endpoint> {
        self.routes.as_ref().map_or_else(|| Routes::new([]), |routes| routes())
    }

    /// The settings of file and environment with the application's own changes.
    pub(crate) fn load_settings(&self) -> Result<Settings, SettingsError> {
        let settings = self.adjust(Settings::load()?);
        settings.check().map(|()| settings)
    }

    pub(crate) fn adjust(&self, mut settings: Settings) -> Settings {
        for adjust in &self.adjustments {
            adjust(&mut settings);
        }
        settings
    }

    /// Everything in one router.
    pub(crate) fn app(&self, site: &Site) -> Result<App, StartError> {
        let websockets = Websockets::with_channels(self.routes(), site.settings(), site.channels())?
            .extension(site.users())
            .extension(site.clone());
        let connections = websockets.connections();
        let pages = self.pages.as_ref().map_or_else(Router::new, |pages| pages(site));
        let (websockets, pages) =
            self.states.iter().fold((websockets, pages), |(websockets, pages), attach| attach(site, websockets, pages));
        let documents = documents::router(self.documentation(site.settings())?, site.settings());
        let pages = pages.merge(site.router()).merge(documents);
        let pages = answer_missing(pages, site).layer(from_fn(security_headers));
        // In this order the answer to unknown paths is that of the pages.
        let router = websockets.into_router().merge(health_router(site)).merge(site.attach(pages));
        // With a state, or axum would make each route anew for each request.
        let router = router.layer(from_fn(request_id)).with_state(());
        Ok(App { router, connections })
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project").field("name", &self.name).finish_non_exhaustive()
    }
}
