//! Proves that docs/limits.md names everything that can grow: each field of a connection, of the hub, of the layers and of the
//! HTTP server that holds a queue, a map, a channel or tasks, and nothing that is gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

use crate::failure::Failure;
use crate::shell::Shell;
use crate::steps::Outcome;

/// The page, and where the fields are.
const PAGE: &str = "docs/limits.md";
const SOURCES: &[&str] = &[
    "crates/chanx-core/src/deflate",
    "crates/chanx-core/src/frame",
    "crates/chanx-core/src/session",
    "crates/chanx-redis/src",
    "crates/chanx-site/src/commands",
    "crates/chanx-site/src/database",
    "crates/chanx-site/src/logging",
    "crates/chanx-site/src/web",
    "crates/chanx/src/context",
    "crates/chanx/src/driver",
    "crates/chanx/src/handshake",
    "crates/chanx/src/http_socket.rs",
    "crates/chanx/src/hub",
    "crates/chanx/src/layer",
    "crates/chanx/src/peer.rs",
    "crates/chanx/src/shared.rs",
    "crates/chanx/src/users.rs",
];

/// Types whose values grow, wait or run.
const GROWING: &[&str] = &[
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Bytes",
    "BytesMut",
    "HashMap",
    "HashSet",
    "JoinHandle",
    "JoinSet",
    "Notify",
    "Receiver",
    "Semaphore",
    "Sender",
    "UnboundedReceiver",
    "UnboundedSender",
    "Vec",
    "VecDeque",
];

pub(crate) fn check(shell: &Shell) -> Outcome {
    let root = shell.root();
    let mut fields = BTreeSet::new();
    for source in SOURCES {
        collect(&root.join(source), &mut fields)?;
    }
    let page = root.join(PAGE);
    let text = fs::read_to_string(&page).map_err(|error| Failure::path(&page, &error))?;
    let named = named(&text);
    let list = |fields: Vec<&String>| fields.into_iter().map(|field| format!("\n  {field}")).collect::<String>();
    let missing: Vec<_> = fields.difference(&named).collect();
    let stale: Vec<_> = named.difference(&fields).collect();
    match (missing.is_empty(), stale.is_empty()) {
        (true, true) => Ok(Some(format!("{} fields", fields.len()))),
        (false, _) => Err(Failure::new(format!("{PAGE} does not name what bounds these fields:{}", list(missing)))),
        (_, false) => {
            Err(Failure::new(format!("{PAGE} names fields that do not exist or cannot grow:{}", list(stale))))
        }
    }
}

/// Adds the fields of a file, or of all files below a folder.
fn collect(path: &Path, fields: &mut BTreeSet<String>) -> Result<(), Failure> {
    let failure = |error: &std::io::Error| Failure::path(path, error);
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(|error| failure(&error))? {
            collect(&entry.map_err(|error| failure(&error))?.path(), fields)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(path).map_err(|error| failure(&error))?;
        fields.extend(growing(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?);
    }
    Ok(())
}

/// The growing fields of a source text, as `Struct.field`; for a tuple or a variant of an enum, `Struct.0`.
fn growing(text: &str) -> syn::Result<BTreeSet<String>> {
    let mut fields = Fields::default();
    fields.visit_file(&syn::parse_file(text)?);
    Ok(fields.found)
}

#[derive(Default)]
struct Fields {
    found: BTreeSet<String>,
}

impl Fields {
    fn add(&mut self, owner: &syn::Ident, fields: &syn::Fields) {
        for (index, field) in fields.iter().enumerate() {
            let mut types = Types(false);
            types.visit_type(&field.ty);
            if types.0 {
                let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
                self.found.insert(format!("{owner}.{name}"));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Fields {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add(&item.ident, &item.fields);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        for variant in &item.variants {
            self.add(&variant.ident, &variant.fields);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
        });
        if !is_test {
            visit::visit_item_mod(self, module);
        }
    }
}

/// Whether a type has a growing one in it.
struct Types(bool);

impl<'ast> Visit<'ast> for Types {
    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        self.0 |= GROWING.contains(&&*segment.ident.to_string());
        visit::visit_path_segment(self, segment);
    }

    // A list without room for more, which is replaced where it changes.
    fn visit_type_slice(&mut self, _: &'ast syn::TypeSlice) {
        self.0 = true;
    }

    // A function that is kept holds nothing of its arguments.
    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}

    // A trait object says nothing of what it holds; traits have names such as `Receiver`.
    fn visit_type_trait_object(&mut self, _: &'ast syn::TypeTraitObject) {}

    // A borrowed value is held by its owner.
    fn visit_type_reference(&mut self, _: &'ast syn::TypeReference) {}
}

/// The fields that the page names, in backticks.
fn named(page: &str) -> BTreeSet<String> {
    let words = page.split('`').skip(1).step_by(2);
    words.filter(|word| is_field(word)).map(str::to_owned).collect()
}

/// Whether a word looks like `Struct.field`.
fn is_field(word: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word.split_once('.').is_some_and(|(owner, field)| {
        owner.starts_with(|c: char| c.is_ascii_uppercase()) && is_name(owner) && is_name(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_maps_channels_and_tasks_are_found_however_they_are_wrapped() {
        let text = "
            struct Plain { count: usize, name: String, call: fn(Vec<u8>), lent: &'static [Vec<u8>] }
            struct Holder { queue: Mutex<Option<Box<VecDeque<u8>>>>, tasks: tokio::task::JoinSet<()> }
            struct Tuple(u8, std::collections::HashMap<u8, u8>);
            struct Exact { list: Box<[String]>, array: [u8; 4] }
            enum Choice { Many(Vec<u8>), One { sender: Sender<u8> } }
            #[cfg(test)] mod tests { struct Hidden { list: Vec<u8> } }
            mod inner { struct Seen { list: Vec<u8> } }
        ";
        let fields = growing(text).unwrap();
        let expected = ["Exact.list", "Holder.queue", "Holder.tasks", "Many.0", "One.sender", "Seen.list", "Tuple.1"];
        assert!(fields.iter().eq(expected.iter()), "{fields:?}");
    }

    #[test]
    fn only_fields_in_backticks_are_named() {
        let page = "`Queue.events` and Queue.bytes, `max_groups`, `docs/x.md`, `1.5`, `Tuple.0`";
        assert!(named(page).iter().eq(["Queue.events", "Tuple.0"].iter()));
    }
}
