//! What a line of the log looks like: the usual formats of tracing-subscriber, with the connection that a line is about where
//! its span would stand. Connections have no span here, since each would take some 400 bytes.

use std::fmt;

use chanx::ConnectionLabel;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{self, Format, FormatEvent, FormatFields, Full, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::registry::LookupSpan;

/// What declines the span of connections; a part of a filter.
pub(super) const WITHOUT_SPANS: &str = "chanx::connection=off";

/// Lines for people.
pub(super) struct Human {
    /// What follows the connection.
    rest: Format<Full, ()>,
}

impl Default for Human {
    fn default() -> Self {
        Self { rest: format::format().without_time().with_level(false).with_target(false) }
    }
}

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, cx: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let styles = Styles::of(&line);
        line.write_str(styles.dim)?;
        SystemTime.format_time(&mut line)?;
        let level = *event.metadata().level();
        write!(line, "{plain} {color}{level:>5}{plain} ", plain = styles.plain, color = styles.color(level))?;
        if let Some(label) = ConnectionLabel::current() {
            let Styles { bold, plain, .. } = styles;
            let (id, path) = (label.id(), label.path());
            write!(line, "{bold}websocket{{{plain}id={id:?} path={path:?}{bold}}}{plain}: ")?;
        }
        self.rest.format_event(cx, line, event)
    }
}

/// Lines for machines: one JSON object each.
pub(super) struct Json(Format<format::Json>);

impl Default for Json {
    fn default() -> Self {
        Self(format::format().json().flatten_event(true).with_current_span(false))
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, cx: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(label) = ConnectionLabel::current() else { return self.0.format_event(cx, line, event) };
        let mut object = String::new();
        self.0.format_event(cx, Writer::new(&mut object), event)?;
        let connection = serde_json::json!({"id": label.id(), "path": label.path()});
        write!(line, r#"{{"websocket":{connection},{}"#, object.strip_prefix('{').ok_or(fmt::Error)?)
    }
}

/// How a terminal shows what follows; nothing elsewhere.
#[derive(Clone, Copy)]
struct Styles {
    is_terminal: bool,
    bold: &'static str,
    dim: &'static str,
    plain: &'static str,
}

impl Styles {
    fn of(line: &Writer<'_>) -> Self {
        match line.has_ansi_escapes() {
            true => Self { is_terminal: true, bold: "\x1b[1m", dim: "\x1b[2m", plain: "\x1b[0m" },
            false => Self { is_terminal: false, bold: "", dim: "", plain: "" },
        }
    }

    fn color(self, level: Level) -> &'static str {
        match level {
            _ if !self.is_terminal => "",
            Level::ERROR => "\x1b[31m",
            Level::WARN => "\x1b[33m",
            Level::INFO => "\x1b[32m",
            Level::DEBUG => "\x1b[34m",
            Level::TRACE => "\x1b[35m",
        }
    }
}
