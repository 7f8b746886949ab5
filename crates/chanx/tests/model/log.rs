//! The log of the server, written into the journal of the run.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::journal::{Journal, Line, What};

struct Recorder(Journal);

/// The connection of a span.
struct Of(usize);

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        // The last part of the path is the number of the connection.
        let number = fields.0.get("path").and_then(|path| path.trim_end_matches('/').rsplit('/').next()?.parse().ok());
        if let Some((span, number)) = context.span(id).zip(number) {
            span.extensions_mut().insert(Of(number));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() > Level::INFO {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let text = fields.0.remove("message").unwrap_or_default();
        for name in ["id", "reason"] {
            if let Some(value) = fields.0.get_mut(name) {
                *value = without_run(value);
            }
        }
        let of = context
            .event_scope(event)
            .and_then(|mut scope| scope.find_map(|span| span.extensions().get().map(|Of(of)| *of)));
        self.0.note(of, What::Log(Line { level: *event.metadata().level(), text, fields: fields.0 }));
    }
}

/// An id without its first part, which differs from run to run.
pub(crate) fn without_run(id: &str) -> String {
    id.split_once('-').map_or(id, |(_, rest)| rest).to_owned()
}

/// Writes what is logged on this thread into the journal, until the guard is dropped.
pub(crate) fn record(journal: &Journal) -> tracing::subscriber::DefaultGuard {
    tracing::subscriber::set_default(tracing_subscriber::registry().with(Recorder(journal.clone())))
}
