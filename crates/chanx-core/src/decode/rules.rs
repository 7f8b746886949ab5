//! Where a fault is that the type or a rule of the application's own has found, in the words of Rust.

use garde::error::Kind;
use serde_path_to_error as serde_path;

use crate::validation::{Fault, Segment};

/// The faults of broken rules. `loc` translates a path of Rust's field names.
pub(super) fn broken(
    report: &garde::Report,
    max_faults: usize,
    loc: impl Fn(&[Segment]) -> Vec<Segment>,
) -> Vec<Fault> {
    let fault = |(path, error): &(garde::Path, garde::Error)| {
        Fault::new("value_error", loc(&path_of_rule(path)), format!("Value error, {error}"))
    };
    report.iter().take(max_faults).map(fault).collect()
}

fn path_of_rule(path: &garde::Path) -> Vec<Segment> {
    let segment = |(kind, text): (Kind, &_)| {
        let text = String::from(AsRef::<str>::as_ref(text));
        match kind {
            Kind::None => None,
            Kind::Key => Some(Segment::Key(text)),
            Kind::Index => text.parse().ok().map(Segment::Index),
        }
    };
    path.__iter().rev().filter_map(segment).collect()
}

/// The path to the value at which the type stopped.
pub(super) fn path_of_type(path: &serde_path::Path) -> Vec<Segment> {
    let segment = |segment: &serde_path::Segment| match segment {
        serde_path::Segment::Seq { index } => Some(Segment::Index(*index)),
        serde_path::Segment::Map { key } => Some(Segment::Key(key.clone())),
        serde_path::Segment::Enum { variant } => Some(Segment::Key(variant.clone())),
        serde_path::Segment::Unknown => None,
    };
    path.iter().map_while(segment).collect()
}
