//! Random values through the published JSON Schema, the types of chanx, and a real Pydantic in strict JSON mode, side by side.
//! The differences that may be are those of the table in `types.md`.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chanx_core::camelize::Naming;
use chanx_core::decode::decode;
use chanx_core::description::describe_messages;
use chanx_core::message::Message;
use chanx_core::validation::Fault;
use chanx_core::wire::WireFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumers::TypedIncoming;

/// The Python that has the packages of `values/requirements.txt`.
const PYTHON: &str = "CHANX_VALUES_PYTHON";
/// How many values for each type, and from which seed.
const COUNT: &str = "CHANX_VALUES_COUNT";
const SEED: &str = "CHANX_VALUES_SEED";
/// How many differences are shown.
const SHOWN: usize = 40;

/// A value, and what the others say of it.
#[derive(Deserialize)]
struct Said {
    kind: String,
    text: String,
    schema: bool,
    /// Pydantic's faults, with whole numbers spelled as integers.
    faults: Vec<(String, Value, String)>,
    /// Pydantic's faults of the text as it is.
    plain: Vec<(String, Value, String)>,
    /// Whether `types.md` leaves such a value open.
    open: bool,
}

/// What chanx finds wrong: type, place below the payload, message.
fn faults(said: &Said, naming: Naming) -> Vec<(String, Value, String)> {
    let text = format!(r#"{{"action":"t_{}","payload":{}}}"#, said.kind, said.text);
    let wire = WireFormat { naming, max_faults: 1000, ..WireFormat::default() };
    let fault = |fault: Fault| (fault.kind.into_owned(), json!(fault.loc.get(2..)), fault.msg);
    decode::<TypedIncoming>(&text, &wire).err().into_iter().flat_map(|it| it.faults).map(fault).collect()
}

/// Why the three differ, if they do and may not.
fn difference(said: &Said) -> Option<String> {
    let found = faults(said, Naming::AsDeclared);
    let in_camel_case = faults(said, Naming::CamelCase);
    let kinds = |faults: &[(String, Value, String)]| faults.iter().map(|fault| fault.0.clone()).collect::<Vec<_>>();
    if kinds(&found) != kinds(&in_camel_case) {
        return Some(format!("in camelCase {in_camel_case:?}"));
    }
    if said.open && !found.is_empty() {
        return None;
    }
    if said.schema && !found.is_empty() && !found.iter().all(|fault| is_of_format(&said.kind, &fault.0)) {
        return Some("the schema takes it".to_owned());
    }
    if !said.schema && found.is_empty() {
        return Some("the schema refuses it".to_owned());
    }
    let pydantic: Vec<_> = said.faults.iter().map(comparable).collect();
    let is_same = found.iter().map(comparable).collect::<Vec<_>>() == pydantic;
    (!is_same).then(|| format!("Pydantic says {:?}", said.faults))
}

/// A format is an annotation to validators of JSON Schema: a validator may accept a text that does not have the format, and an integer beyond its range.
fn is_of_format(kind: &str, fault: &str) -> bool {
    match fault {
        // Bounds that the schema states are in the schema's own verdict.
        "less_than_equal" | "greater_than_equal" => true,
        "value_error" => kind == "ipv4",
        "url_scheme" | "url_parsing" | "url_syntax_violation" | "uuid_parsing" | "ip_any_address" | "base64_decode" => {
            true
        }
        _ => ["date", "time"].iter().any(|format| fault.starts_with(format)),
    }
}

/// Where a parser's own words follow, only Pydantic's prefix counts. Dates have several kinds of one fault. A tag that is no
/// string is shown as JSON, and not as Python.
fn comparable(fault: &(String, Value, String)) -> (String, Value, String) {
    let (kind, place, msg) = fault;
    let before = |mark: char| msg.split(mark).next().unwrap_or_default().to_owned();
    match kind.as_str() {
        "date_from_datetime_parsing" | "date_from_datetime_inexact" | "date_parsing" => {
            ("date_parsing".to_owned(), place.clone(), String::new())
        }
        "datetime_parsing" | "datetime_from_date_parsing" => {
            ("datetime_parsing".to_owned(), place.clone(), String::new())
        }
        "time_parsing" | "uuid_parsing" | "url_parsing" => (kind.clone(), place.clone(), before(',')),
        "union_tag_invalid" => {
            let behind = msg.split_once("' found using ").map_or(msg.as_str(), |(_, behind)| behind);
            (kind.clone(), place.clone(), behind.to_owned())
        }
        "base64_decode" => (kind.clone(), place.clone(), before(':')),
        _ => (kind.clone(), place.clone(), msg.clone()),
    }
}

fn start(python: &str, count: usize, seed: u64) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("values/values.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let schemas = describe_messages(TypedIncoming::messages(), &WireFormat::default());
    let schemas = schemas.into_iter().filter(|message| message.action.starts_with("t_"));
    let schemas: serde_json::Map<_, _> = schemas.map(|message| (message.action, message.schema)).collect();
    let order = json!({"count": count, "seed": seed, "schemas": schemas});
    let mut input = child.stdin.take().expect("the input is a pipe");
    writeln!(input, "{order}").expect("Python reads");
    child
}

#[test]
#[ignore = "needs Python packages: cargo xtask test --only values"]
fn schema_types_and_pydantic_say_the_same() {
    let python = std::env::var(PYTHON).expect("xtask says which Python");
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let count = number(COUNT, 500) as usize;
    let mut child = start(&python, count, number(SEED, 1));
    let lines = BufReader::new(child.stdout.take().expect("the output is a pipe")).lines();
    let (mut values, mut good, mut whole_floats, mut open) = (0, 0, 0, 0);
    let (mut differences, mut story) = (0, String::new());
    for line in lines {
        let said: Said = serde_json::from_str(&line.expect("Python writes text")).expect("Python writes JSON");
        values += 1;
        good += usize::from(said.faults.is_empty());
        whole_floats += usize::from(said.plain != said.faults);
        open += usize::from(said.open);
        if let Some(why) = difference(&said) {
            differences += 1;
            if differences <= SHOWN {
                let found = faults(&said, Naming::AsDeclared);
                let _ = writeln!(story, "{} {}: chanx says {found:?}, but {why}", said.kind, said.text);
            }
        }
    }
    assert!(child.wait().expect("Python ends").success());
    println!("{values} values: {good} good, {whole_floats} judged otherwise for whole floats, {open} left open");
    assert_eq!(values, count * (TypedIncoming::messages().iter().count() - 1));
    assert!(differences == 0, "{differences} differences\n{story}");
}
