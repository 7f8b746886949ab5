//! The pages for developers, and who may see them.

use axum::middleware::from_fn;
use axum::routing::get;
use axum::{Json, Router};
use chanx::Settings;
use chanx::auth::Identity;
use chanx::settings::Access;
use chanx_playground::Documentation;
use serde_json::{Value, json};

use crate::site::Site;
use crate::web::{CurrentUser, LOGOUT_PATH, login_required, staff_required};

/// The playground and the documentation, each for those whom the settings name.
pub(crate) fn router(documentation: Documentation, settings: &Settings) -> Router {
    let (playground, asyncapi) = (settings.playground_access(), settings.asyncapi_access());
    let documentation = match playground {
        Access::Nobody => documentation.without_playground(),
        _ => documentation,
    };
    let documentation = match asyncapi {
        Access::Nobody => documentation.without_asyncapi(),
        _ => documentation,
    };
    let session = Router::new().route("/playground/websocket-session/", get(session));
    let playground = restricted(documentation.playground().merge(session), playground);
    playground.merge(restricted(documentation.asyncapi(), asyncapi))
}

fn restricted(pages: Router, access: Access) -> Router {
    match access {
        Access::Everybody => pages,
        Access::Login => pages.layer(from_fn(login_required)),
        Access::Staff => pages.layer(from_fn(staff_required)),
        _ => Router::new(),
    }
}

/// Who uses the playground, so that it can say so, and where to become somebody else.
async fn session(site: Site, CurrentUser(user): CurrentUser) -> Json<Value> {
    let name = user.is_authenticated().then_some(user.username);
    Json(json!({"user": name, "login_url": site.settings().login_url, "logout_url": LOGOUT_PATH}))
}
