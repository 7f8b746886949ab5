//! Markdown of doc comments as HTML that does nothing: paragraphs, emphasis, code, lists, quotations and links.

use minijinja::Value;
use pulldown_cmark::html::push_html;
use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use serde::Serialize;

/// HTML that templates write as it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Prose(Value);

impl Prose {
    /// The text, or nothing if it is empty.
    pub(crate) fn of(markdown: &str) -> Option<Self> {
        (!markdown.trim().is_empty()).then(|| Self(Value::from_safe_string(html(markdown))))
    }
}

fn html(markdown: &str) -> String {
    let mut to_elsewhere = to_elsewhere;
    let parser = Parser::new_with_broken_link_callback(markdown, Options::empty(), Some(&mut to_elsewhere));
    let mut open_links = Vec::new();
    let mut html = String::new();
    push_html(&mut html, parser.filter_map(|event| harmless(event, &mut open_links)));
    html
}

/// `[Name]` is how doc comments refer to code, which is not on this page: the name stays, without brackets.
fn to_elsewhere<'a>(_: BrokenLink<'_>) -> Option<(CowStr<'a>, CowStr<'a>)> {
    Some(("".into(), "".into()))
}

/// Markup becomes the text that was written, headings become emphasized paragraphs because the page has an order of its
/// own, and of pictures and of links to anywhere but the web and this page only the words stay.
fn harmless<'a>(event: Event<'a>, open_links: &mut Vec<bool>) -> Option<Event<'a>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Heading { .. }) => Some(Event::Html("<p class=\"heading\">".into())),
        Event::End(TagEnd::Heading(_)) => Some(Event::Html("</p>\n".into())),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) | Event::Rule => None,
        Event::Start(Tag::Link { link_type, ref dest_url, .. }) => {
            let is_kept = leads_somewhere(link_type, dest_url);
            open_links.push(is_kept);
            is_kept.then_some(event)
        }
        Event::End(TagEnd::Link) => open_links.pop()?.then_some(event),
        other => Some(other),
    }
}

fn leads_somewhere(kind: LinkType, target: &str) -> bool {
    let is_of_the_web =
        |scheme: &str| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    kind == LinkType::Email || ["https://", "http://", "mailto:", "#"].into_iter().any(is_of_the_web)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_marks_are_understood() {
        for (markdown, expected) in [
            ("Says *something*.\n\nTwice.", "<p>Says <em>something</em>.</p>\n<p>Twice.</p>\n"),
            ("`a < b`", "<p><code>a &lt; b</code></p>\n"),
            ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
            ("[x](https://example.com/?a=1&b=2)", "<p><a href=\"https://example.com/?a=1&amp;b=2\">x</a></p>\n"),
            ("# Errors\nNone.", "<p class=\"heading\">Errors</p>\n<p>None.</p>\n"),
            ("```json\n{\"a\": 1}\n```", "<pre><code class=\"language-json\">{\"a\": 1}\n</code></pre>\n"),
        ] {
            assert_eq!(html(markdown), expected);
        }
    }

    #[test]
    fn references_to_code_keep_their_names() {
        let text = "See [`Room`], [Room::join], [the room](crate::Room) and [that](Room).\n\n[Room]: crate::Room";
        assert_eq!(html(text), "<p>See <code>Room</code>, Room::join, the room and that.</p>\n");
    }

    #[test]
    fn nothing_hostile_gets_through() {
        for hostile in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div onclick=\"x\">\n\n*a*\n\n</div>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html,<script>)",
            "<javascript:alert(1)>",
            "![x](https://example.com/tracker.png)",
            "[a \"b](https://x\"onclick=alert(1))",
            "```\"><script>\n</code></pre><script>\n```",
            "# <script>",
            "[![x](y)](vbscript:z)",
        ] {
            let html = html(hostile);
            let tags: Vec<_> =
                html.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap_or_default()).collect();
            let known = ["p", "/p", "a", "/a", "pre", "/pre", "code", "/code", "em", "/em"];
            assert!(tags.iter().all(|tag| known.contains(tag)), "{hostile} became {html}");
            assert!(!html.contains("href=\"javascript") && !html.contains("\"onclick"), "{hostile} became {html}");
        }
    }

    #[test]
    fn an_empty_text_is_nothing() {
        assert!(Prose::of(" \n").is_none());
    }
}
