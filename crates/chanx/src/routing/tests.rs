//! Tests of the table as an application uses it.

use super::*;

/// The path routes of the conformance application's rooms, and an overlap that is legal.
fn rooms() -> RouteTable<&'static str> {
    let nested = [path("<int:pk>/", "nested pk").name("pk"), path("slug/<slug:slug>/", "nested slug").name("slug")];
    let ws = [
        path("echo/", "echo").name("echo"),
        path("rooms/<int:pk>/", "int").name("room"),
        path("rooms-str/<str:pk>/", "str").name("str"),
        re_path(r"^rooms-re/(?P<pk>[0-9]+)/$", "re").name("re"),
        path("rooms-slug/<slug:slug>/", "slug").name("slug"),
        path("rooms-path/<path:slug>/", "path").name("path"),
        path("rooms-uid/<uuid:uid>/", "uuid"),
        path("rooms-default/", "default").argument("pk", 1).name("default"),
        path("nested/<slug:tenant>/", include(nested)).name("nested"),
        path("both/<int:pk>/", "first"),
        path("both/<slug:slug>/", "second"),
        re_path("rich/(?P<a>x)?(?P<b>[yz]*)/", "rich").name("rich"),
    ];
    Routes::new([path("ws/", include(ws))]).compile().unwrap()
}

/// The endpoint and the parameters as `name=value`, or `-`.
fn found(table: &RouteTable<&str>, raw: &str) -> String {
    let decoded = decode_path(raw);
    decoded.and_then(|path| table.find(&path).map(|found| shown(&found))).unwrap_or("-".to_owned())
}

fn shown(found: &Match<'_, &str>) -> String {
    let pairs = found.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
    found.endpoint.to_string() + &pairs.collect::<String>()
}

#[test]
fn paths_lead_to_endpoints() {
    let table = rooms();
    let cases = [
        ("/ws/echo/", "echo"),
        ("/ws/%65cho/", "echo"),
        ("/ws/rooms/1/", "int pk=1"),
        ("/ws/rooms/01/", "int pk=1"),
        ("/ws/rooms-str/abc/", "str pk=abc"),
        ("/ws/rooms-str/a%20b%C3%A9/", "str pk=a bé"),
        ("/ws/rooms-re/01/", "re pk=01"),
        ("/ws/rooms-slug/general/", "slug slug=general"),
        ("/ws/rooms-path/a/b/c/", "path slug=a/b/c"),
        ("/ws/rooms-path/a//../b/", "path slug=a//../b"),
        ("/ws/rooms-uid/00000000-0000-4000-8000-0000000000ff/", "uuid uid=00000000-0000-4000-8000-0000000000ff"),
        ("/ws/rooms-default/", "default pk=1"),
        ("/ws/nested/acme/1/", "nested pk tenant=acme pk=1"),
        ("/ws/nested/acme/slug/general/", "nested slug tenant=acme slug=general"),
        ("/ws/both/1/", "first pk=1"),
        ("/ws/both/one/", "second slug=one"),
        ("/ws/both/9223372036854775808/", "second slug=9223372036854775808"),
        ("/ws/rich/xyz/", "rich a=x b=yz"),
        ("/ws/rich/y/", "rich b=y"),
    ];
    for (path, expected) in cases {
        assert_eq!(found(&table, path), expected, "{path}");
    }
}

#[test]
fn other_paths_lead_nowhere() {
    let table = rooms();
    let paths = [
        "",
        "/",
        "ws/echo/",
        "/echo/",
        "//ws/echo/",
        "/ws//echo/",
        "/ws/nope/../echo/",
        "/ws/echo",
        "/ws/echo/x",
        "/WS/echo/",
        "/ws/%ff/",
        "/ws/rooms/-1/",
        "/ws/rooms/abc/",
        "/ws/rooms/1/%0A",
        "/ws/rooms/%D9%A1/",
        "/ws/rooms-slug/gen.eral/",
        "/ws/rooms-str/a%2Fb/",
        "/ws/rooms-uid/00000000-0000-4000-8000-0000000000FF/",
        "/ws/nested/acme/nope/",
    ];
    for path in paths {
        assert_eq!(found(&table, path), "-", "{path}");
    }
}

#[test]
fn a_match_tells_the_route_and_its_name() {
    let table = rooms();
    let found = table.find("/ws/nested/acme/1/").unwrap();
    assert_eq!(found.route, "ws/nested/<slug:tenant>/<int:pk>/");
    assert_eq!(found.name, Some("nested:pk"));
    assert_eq!(table.find("/ws/rooms-re/1/").unwrap().route, "ws/rooms-re/(?P<pk>[0-9]+)/");
    assert_eq!(table.find("/ws/both/1/").unwrap().name, None);
}

#[test]
fn inner_values_take_the_place_of_outer_ones() {
    let inner = [path("in/<int:a>/", "x").argument("a", "fixed").argument("c", true)];
    let outer = path("<slug:b>/", include(inner)).argument("b", "outer").argument("a", 0);
    let table = Routes::<&str>::new([outer]).compile().unwrap();
    assert_eq!(found(&table, "/z/in/5/"), "x b=outer a=fixed c=true");
    let captured = path("out/", include([path("<int:a>/", "y")])).argument("a", 0);
    let table = Routes::<&str>::new([captured]).compile().unwrap();
    assert_eq!(found(&table, "/out/5/"), "y a=5");
}

#[test]
fn the_table_lists_its_routes() {
    let table = rooms();
    let listed: Vec<_> =
        table.iter().map(|route| (route.pattern(), accepted(route), route.arguments().count())).collect();
    let int = Converter::Int.expression();
    let slug = Converter::Slug.expression();
    assert_eq!(listed[1], ("ws/rooms/<int:pk>/", vec![("pk", Some(int))], 0));
    assert_eq!(listed[3], ("ws/rooms-re/(?P<pk>[0-9]+)/", vec![("pk", Some("[0-9]+"))], 0));
    assert_eq!(listed[7], ("ws/rooms-default/", vec![], 1));
    let nested = vec![("tenant", Some(slug)), ("slug", Some(slug))];
    assert_eq!(listed[9], ("ws/nested/<slug:tenant>/slug/<slug:slug>/", nested, 0));
    assert_eq!(listed[12].1, [("a", None), ("b", None)]);
    assert_eq!(listed.len(), 13);
}

fn accepted<'r>(route: &'r CompiledRoute<&str>) -> Vec<(&'r str, Option<&'r str>)> {
    route.parameters().map(|parameter| (parameter.name, parameter.expression)).collect()
}

#[test]
fn an_address_has_its_parameters_in_braces() {
    let table = rooms();
    let addresses: Vec<_> = table.iter().map(CompiledRoute::address).collect();
    assert_eq!(addresses[1].as_deref(), Some("/ws/rooms/{pk}/"));
    assert_eq!(addresses[3].as_deref(), Some("/ws/rooms-re/{pk}/"));
    assert_eq!(addresses[9].as_deref(), Some("/ws/nested/{tenant}/slug/{slug}/"));
    assert_eq!(addresses[12], None, "an expression with more than named groups");
}

#[test]
fn conflicts_name_both_routes() {
    type Pair = [Route<&'static str>; 2];
    let cases: [(Pair, &str); 9] = [
        (
            [path("a/", "1").name("one"), path("a/", "2")],
            r#"route "a/" is a duplicate of route "a/" (named "one"): remove one of them or change its pattern"#,
        ),
        (
            [path("<x>/", "1"), path("<str:x>/", "2")],
            r#"route "<str:x>/" is a duplicate of route "<x>/": remove one of them or change its pattern"#,
        ),
        (
            [path("a/", include([path("b-1/", "1")])), re_path("^a/b-1/$", "2")],
            r#"route "a/b-1/" is a duplicate of route "a/b-1/": remove one of them or change its pattern"#,
        ),
        (
            [path("<int:a>/", "1"), path("<int:b>/", "2")],
            "routes \"<int:a>/\" and \"<int:b>/\" are ambiguous: they match the same paths, change one of the patterns",
        ),
        (
            [path("<int:a>/", "1"), re_path("(?P<b>[0-9]+)/", "2")],
            "routes \"<int:a>/\" and \"(?P<b>[0-9]+)/\" are ambiguous: they match the same paths, change one of the \
             patterns",
        ),
        (
            [path("<str:a>/", "1"), path("<int:b>/", "2")],
            "route \"<int:b>/\" can never be reached: route \"<str:a>/\" matches all of its paths, put \"<int:b>/\" \
             before it",
        ),
        (
            [path("<slug:a>/", "1"), path("echo/", "2")],
            "route \"echo/\" can never be reached: route \"<slug:a>/\" matches all of its paths, put \"echo/\" before it",
        ),
        (
            [re_path("a*", "1"), path("", "2")],
            "route \"\" can never be reached: route \"a*\" matches all of its paths, put \"\" before it",
        ),
        (
            [path("a/", "1").name("x"), path("b/", "2").name("x")],
            r#"routes "a/" (named "x") and "b/" (named "x") have the same name "x": rename one of them"#,
        ),
    ];
    for (routes, message) in cases {
        assert_eq!(Routes::from(routes).compile().unwrap_err().to_string(), message);
    }
}

#[test]
fn ordered_overlaps_are_legal() {
    let pairs = [
        ["<int:a>/", "<slug:b>/"],
        ["echo/", "<slug:b>/"],
        ["<int:a>/", "<int:a>/x/"],
        ["<path:a>/", "<str:b>/"],
        ["<uuid:a>/", "<int:a>/"],
    ];
    for [first, second] in pairs {
        let routes: Routes<&str> = [path(first, "1"), path(second, "2")].into();
        assert!(routes.compile().is_ok(), "{first} {second}");
    }
}

#[test]
fn names_lead_back_to_paths() {
    let table = rooms();
    let reversed = |name: &str, parameters: &[(&str, &dyn std::fmt::Display)]| {
        table.reverse(name, parameters).unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(reversed("echo", &[]), "/ws/echo/");
    assert_eq!(reversed("room", &[("pk", &7)]), "/ws/rooms/7/");
    assert_eq!(reversed("re", &[("pk", &7)]), "/ws/rooms-re/7/");
    assert_eq!(reversed("default", &[]), "/ws/rooms-default/");
    assert_eq!(reversed("default", &[("pk", &1)]), "/ws/rooms-default/");
    assert_eq!(reversed("nested:slug", &[("slug", &"a-b"), ("tenant", &"acme")]), "/ws/nested/acme/slug/a-b/");
    assert_eq!(reversed("str", &[("pk", &"a b?é#%:@")]), "/ws/rooms-str/a%20b%3F%C3%A9%23%25:@/");
    assert_eq!(reversed("path", &[("slug", &"a/b")]), "/ws/rooms-path/a/b/");

    assert_eq!(reversed("nope", &[]), r#"no route is named "nope""#);
    let room = r#"route "ws/rooms/<int:pk>/" (named "room")"#;
    assert_eq!(reversed("room", &[]), format!(r#"{room} needs the parameter "pk""#));
    assert_eq!(reversed("room", &[("pk", &"x")]), format!(r#"{room} does not accept "x" as "pk": it must be <int>"#));
    assert_eq!(
        reversed("room", &[("pk", &1), ("slug", &"a")]),
        format!(r#"{room} takes no parameter "slug" with the value "a""#)
    );
    assert_eq!(
        reversed("re", &[("pk", &"-1")]),
        r#"route "ws/rooms-re/(?P<pk>[0-9]+)/" (named "re") does not accept "-1" as "pk": it must be [0-9]+"#
    );
    assert!(matches!(table.reverse("default", &[("pk", &2)]), Err(ReverseError::Unexpected { .. })));
    assert!(matches!(table.reverse("rich", &[("a", &"x"), ("b", &"y")]), Err(ReverseError::Irreversible { .. })));
}

#[test]
fn a_reversed_path_never_names_a_host() {
    let table = Routes::<&str>::new([path("<path:rest>", "x").name("any")]).compile().unwrap();
    let reversed = table.reverse("any", &[("rest", &"/evil.example/")]).unwrap();
    assert_eq!(reversed, "/%2Fevil.example/");
    assert_eq!(found(&table, &reversed), "x rest=/evil.example/");
}

#[test]
fn a_path_that_clients_would_shorten_is_not_made() {
    let routes = [path("ws/<name>/", "x").name("one"), path("of/<path:rest>", "y").name("rest")];
    let table = Routes::<&str>::new(routes).compile().unwrap();
    for dots in [".", ".."] {
        let error = table.reverse("one", &[("name", &dots)]).unwrap_err();
        assert!(matches!(&error, ReverseError::DotSegment { segment, .. } if *segment == dots), "{error}");
    }
    let error = table.reverse("rest", &[("rest", &"a/../b")]).unwrap_err().to_string();
    assert!(error.contains("\"of/a/../b\"") && error.contains("clients do not send"), "{error}");
    for harmless in ["...", "a..", "..a", "%2e%2e"] {
        assert!(table.reverse("one", &[("name", &harmless)]).is_ok(), "{harmless}");
    }
}

#[test]
fn mapped_routes_lead_to_the_same_places() {
    let inner = [path("<int:pk>/", "room").argument("a", 1).name("room")];
    let routes = Routes::<&str>::new([path("rooms/", include(inner))]).map(&str::len);
    let table = routes.compile().unwrap();
    let found = table.find("/rooms/1/").unwrap();
    assert_eq!((found.endpoint, found.name), (&4, Some("room")));
    assert!(found.parameters.iter().eq([("pk", "1"), ("a", "1")]));
}
