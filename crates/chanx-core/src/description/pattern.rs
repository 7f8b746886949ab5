//! The text of routes, read as far as people need it.

/// The text without the anchors of regular expressions; what is escaped or stands in a class is no anchor.
pub(super) fn without_anchors(pattern: &str) -> String {
    let mut kept = String::new();
    each_character(pattern, |c, is_plain| {
        if !(is_plain && matches!(c, '^' | '$')) {
            kept.push(c);
        }
    });
    kept
}

/// The text with `:name` in place of each parameter in either notation, `<int:name>` and `(?P<name>…)`.
pub(super) fn friendly(pattern: &str) -> String {
    let mut friendly = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        match group(rest).or_else(|| converter(rest)) {
            Some((name, after)) => {
                friendly.extend([":", name]);
                rest = after;
            }
            None => {
                friendly.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    friendly
}

/// The name of the group with which the text begins, and what follows it.
fn group(text: &str) -> Option<(&str, &str)> {
    let named = text.strip_prefix("(?P<").or_else(|| text.strip_prefix("(?<"))?;
    let (name, _) = named.split_once('>')?;
    let (mut depth, mut end, mut place) = (0_usize, None, 0);
    each_character(text, |c, is_plain| {
        place += c.len_utf8();
        match c {
            '(' if is_plain => depth += 1,
            ')' if is_plain => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            end.get_or_insert(place);
        }
    });
    Some((name, &text[end?..]))
}

/// The name in the angle brackets with which the text begins, and what follows them.
fn converter(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix('<')?.split_once('>')?;
    Some((inside.rsplit_once(':').map_or(inside, |(_, name)| name), after))
}

/// Shows each character, and whether it is neither escaped nor in a class.
fn each_character(pattern: &str, mut show: impl FnMut(char, bool)) {
    let (mut is_escaped, mut in_class) = (false, false);
    for c in pattern.chars() {
        show(c, !is_escaped && !in_class);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_no_part_of_an_address() {
        assert_eq!(without_anchors(r"^ws/rooms/(?P<pk>[^/$]+\$)/$"), r"ws/rooms/(?P<pk>[^/$]+\$)/");
    }

    #[test]
    fn parameters_are_named_in_either_notation() {
        for (pattern, expected) in [
            ("ws/<slug:tenant>/<pk>/", "ws/:tenant/:pk/"),
            (r"ws/(?P<a>(x|y)[)]\))/(?<b>\d+)", "ws/:a/:b"),
            (r"ws/(\d+)/(?:a|b)", r"ws/(\d+)/(?:a|b)"),
            ("ws/(?P<open>.", "ws/(?P:open."),
        ] {
            assert_eq!(friendly(pattern), expected);
        }
    }
}
