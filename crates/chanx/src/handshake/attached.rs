//! What is attached to a request, less what axum notes for itself.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, RawPathParams};
use futures_util::FutureExt;
use http::Extensions;
use http::request::Parts;

use crate::websockets::PATH_PARAMETER;

/// What is attached to a request. What comes with every request has a place of its own, since a map costs several
/// hundred bytes.
pub(super) struct Attached {
    /// What is attached to the application.
    shared: Arc<Extensions>,
    peer: Option<ConnectInfo<SocketAddr>>,
    matched: Option<MatchedPath>,
    /// What layers attached.
    own: Extensions,
}

impl Attached {
    pub(super) fn new(mut parts: Parts, shared: Arc<Extensions>) -> Self {
        let (peer, matched) = (parts.extensions.remove(), parts.extensions.remove());
        let own = if holds_nothing_but_our_path(&mut parts) { Extensions::new() } else { parts.extensions };
        Self { shared, peer, matched, own }
    }

    pub(super) fn remote_addr(&self) -> Option<SocketAddr> {
        self.peer.map(|ConnectInfo(address)| address)
    }

    /// A value by its type. What is attached to the application goes before what layers attached.
    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        let in_maps = self.shared.get().or_else(|| self.own.get());
        in_maps.or_else(|| held_by(&self.peer)).or_else(|| held_by(&self.matched))
    }

    /// All of it and one value more, as one map.
    pub(super) fn with<T: Clone + Send + Sync + 'static>(&self, value: T) -> Extensions {
        let mut all = self.own.clone();
        all.insert(value);
        self.peer.map(|peer| all.insert(peer));
        self.matched.clone().map(|matched| all.insert(matched));
        all.extend(Extensions::clone(&self.shared));
        all
    }
}

/// The value in a place, if that is where values of this type are.
fn held_by<T: 'static>(place: &dyn Any) -> Option<&T> {
    place.downcast_ref::<Option<T>>()?.as_ref()
}

/// Whether all that is left is the text of [`PATH_PARAMETER`], which axum's router notes with every request, in a type of
/// its own that nobody else can take out.
fn holds_nothing_but_our_path(parts: &mut Parts) -> bool {
    match parts.extensions.len() {
        0 => true,
        1 => has_no_parameter_but_ours(parts),
        _ => false,
    }
}

fn has_no_parameter_but_ours(parts: &mut Parts) -> bool {
    let parameters = RawPathParams::from_request_parts(parts, &()).now_or_never();
    matches!(parameters, Some(Ok(parameters)) if parameters.iter().all(|(name, _)| name == PATH_PARAMETER))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::body::Body;
    use axum::extract::Path;
    use axum::routing::{any, any_service};
    use axum::{Extension, Router};
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    /// A router with a mount point of ours, and what is kept of the requests that come there.
    fn ours() -> (Router, mpsc::Receiver<Attached>) {
        let (sender, receiver) = mpsc::channel();
        let keep = any(async move |request: Request<Body>| {
            let mut parts = request.into_parts().0;
            parts.extensions.remove::<axum::extract::OriginalUri>();
            sender.send(Attached::new(parts, Arc::default())).unwrap();
        });
        (Router::new().route(&format!("/ws/{{*{PATH_PARAMETER}}}"), keep), receiver)
    }

    async fn visit(router: Router, uri: &str) {
        router.oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn what_axum_notes_with_every_request_needs_no_map() {
        let (router, kept) = ours();
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 7)));
        visit(Router::new().merge(router).layer(Extension(peer)), "/ws/echo/").await;
        let attached = kept.recv().unwrap();
        assert!(attached.own.is_empty());
        assert_eq!(attached.remote_addr(), Some(peer.0));
        assert_eq!(attached.get::<ConnectInfo<SocketAddr>>().unwrap().0, peer.0);
        assert!(attached.get::<MatchedPath>().unwrap().as_str().starts_with("/ws/"));
        let matched = attached.get::<MatchedPath>().map(MatchedPath::as_str);
        assert!(attached.with(()).get().map(MatchedPath::as_str) == matched && matched.is_some());
        assert!(attached.get::<u8>().is_none());
    }

    #[tokio::test]
    async fn what_layers_and_outer_routes_attach_is_kept() {
        let (router, kept) = ours();
        visit(router.clone().layer(Extension(7_u8)), "/ws/echo/").await;
        assert_eq!(kept.recv().unwrap().get(), Some(&7_u8));

        visit(Router::new().nest("/of/{tenant}", router), "/of/acme/ws/echo/").await;
        let mut parts = Request::new(()).into_parts().0;
        parts.extensions = kept.recv().unwrap().with(());
        let Path(all) = Path::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await.unwrap();
        assert_eq!(all[0], ("tenant".to_owned(), "acme".to_owned()));
    }

    #[tokio::test]
    async fn parameters_of_an_outer_route_are_kept_where_nothing_is_nested() {
        let (router, kept) = ours();
        visit(Router::new().route("/ws/{tenant}/{*rest}", any_service(router)), "/ws/acme/echo/").await;
        let mut parts = Request::new(()).into_parts().0;
        parts.extensions = kept.recv().unwrap().with(());
        let Path(all) = Path::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await.unwrap();
        assert_eq!(all[0], ("tenant".to_owned(), "acme".to_owned()));
    }

    #[test]
    fn all_of_it_is_one_map_in_which_the_application_goes_first() {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 7)));
        let mut parts = Request::new(()).into_parts().0;
        parts.extensions.insert(peer);
        parts.extensions.insert("layer");
        parts.extensions.insert(1_u8);
        let mut shared = Extensions::new();
        shared.insert("application");
        shared.insert(2_u16);
        let attached = Attached::new(parts, Arc::new(shared));
        let all = attached.with('x');
        assert_eq!(all.len(), 5);
        assert_eq!(all.get::<ConnectInfo<SocketAddr>>().unwrap().0, peer.0);
        assert_eq!(
            (all.get(), all.get(), all.get(), all.get()),
            (Some(&"application"), Some(&1_u8), Some(&2_u16), Some(&'x'))
        );
        assert_eq!((attached.get(), attached.get(), attached.get()), (Some(&"application"), Some(&1_u8), Some(&2_u16)));
    }
}
