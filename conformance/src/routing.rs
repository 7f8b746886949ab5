//! Where each consumer is found.

use chanx::routing::{Route, Routes, include, path, re_path};
use chanx::{Consumer, Endpoint};

use crate::consumers::*;

pub(crate) fn routes() -> Routes<Endpoint> {
    Routes::new([path("ws/", include(websockets()))])
}

fn websockets() -> Vec<Route<Endpoint>> {
    let mut routes = vec![
        path("echo/", Echo::endpoint()),
        path("public/", Public::endpoint()),
        path("single/", SinglePing::endpoint()),
        path("default/", Defaults::endpoint()),
        path("override-off/", OverrideOff::endpoint()),
        path("override-on/", OverrideOn::endpoint()),
        path("ignore-ping/", IgnorePing::endpoint()),
        path("raw/", RawEcho::endpoint()),
        path("no-events/", NoEvents::endpoint()),
        path("typed/", Typed::endpoint()),
        path("shapes/", Shapes::endpoint()),
        path("camel/", Camel::endpoint()),
        path("faults/", Faults::endpoint()),
        path("chat/", Chat::endpoint()),
        path("chat-anonymous/", ChatAnonymous::endpoint()),
        path("chat-noschema/", ChatNoSchema::endpoint()),
        path("groups-attribute/", GroupsAttribute::endpoint()),
        path("events/", Events::endpoint()),
        path("bad-group-name/", BadGroupName::endpoint()),
        path("fault-postauth/", FaultPostAuth::endpoint()),
        path("fault-groups/", FaultBuildGroups::endpoint()),
        path("close-postauth/", ClosePostAuth::endpoint()),
        path("slow-postauth/", SlowPostAuth::endpoint()),
        path("slow-auth/", SlowAuth::endpoint()),
        path("quick-deny/", QuickDeny::endpoint()),
    ];
    routes.extend(authentication());
    routes.extend(permissions());
    routes.extend(rooms());
    routes
}

fn authentication() -> [Route<Endpoint>; 1] {
    [path(
        "auth/",
        include([
            path("session/", SessionAuth::endpoint()),
            path("session-any/", SessionAny::endpoint()),
            path("token/", TokenAuth::endpoint()),
            path("token-any/", TokenAny::endpoint()),
            path("basic/", BasicAuth::endpoint()),
            path("session-token/", SessionThenToken::endpoint()),
            path("token-session/", TokenThenSession::endpoint()),
            path("basic-token/", BasicThenToken::endpoint()),
            path("none/", NoAuthentication::endpoint()),
            path("broken/", BrokenAuth::endpoint()),
        ]),
    )]
}

fn permissions() -> [Route<Endpoint>; 1] {
    [path(
        "perm/",
        include([
            path("admin/", PermAdmin::endpoint()),
            path("and/", PermAnd::endpoint()),
            path("or/", PermOr::endpoint()),
            path("not/", PermNot::endpoint()),
            path("complex/", PermComplex::endpoint()),
            path("list/", PermList::endpoint()),
            path("message/", PermMessage::endpoint()),
            path("message-and/", PermMessageAnd::endpoint()),
            path("dict/", PermDict::endpoint()),
            path("list-message/", PermListMessage::endpoint()),
            path("raises/", PermRaises::endpoint()),
            path("404/", Perm404::endpoint()),
            path("throttled/", PermThrottled::endpoint()),
            path("teapot/", PermTeapot::endpoint()),
            path("query/", PermQuery::endpoint()),
            path("raw-query/", PermRawQuery::endpoint()),
            path("remote-addr/", PermRemoteAddr::endpoint()),
            path("secret-header/", PermSecretHeader::endpoint()),
        ]),
    )]
}

fn rooms() -> [Route<Endpoint>; 14] {
    let inner = [path("<int:pk>/", RoomByPk::endpoint()), path("slug/<slug:slug>/", RoomBySlug::endpoint())];
    [
        path("rooms/<int:pk>/", RoomByPk::endpoint()),
        path("rooms-str/<str:pk>/", RoomByPk::endpoint()),
        re_path("^rooms-re/(?P<pk>[0-9]+)/$", RoomByPk::endpoint()),
        path("rooms-slug/<slug:slug>/", RoomBySlug::endpoint()),
        path("rooms-path/<path:slug>/", RoomBySlug::endpoint()),
        path("rooms-kwarg/<int:room_id>/", RoomById::endpoint()),
        path("rooms-uid/<uuid:uid>/", RoomByUid::endpoint()),
        path("rooms-default/", RoomByPk::endpoint()).argument("pk", 1),
        path("rooms-anyone/<int:pk>/", RoomAnyone::endpoint()),
        path("rooms-combined/<int:pk>/", RoomCombined::endpoint()),
        path("rooms-or/<int:pk>/", RoomOr::endpoint()),
        path("rooms-not/<int:pk>/", RoomNot::endpoint()),
        path("rooms-or-not/<int:pk>/", RoomOrNot::endpoint()),
        path("nested/<slug:tenant>/", include(inner)),
    ]
}
