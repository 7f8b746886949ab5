//! The database that Django made, copied for each test, and the plain values behind it.

use std::fs;
use std::path::{Path, PathBuf};

use chanx_site::accounts::{Accounts, NewUser};
use chanx_site::database::Database;
use chanx_site::signing::Keys;
use serde_json::Value;
use tempfile::TempDir;

/// Rounds of PBKDF2 that no test has to wait for.
pub(crate) const CHEAP: u32 = 10;

/// A copy of the fixture, deleted at the end of the test.
pub(crate) struct Fixture {
    pub(crate) accounts: Accounts,
    pub(crate) directory: TempDir,
}

impl Fixture {
    pub(crate) async fn open(keys: Keys) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("site.sqlite3");
        fs::write(&file, fs::read(data("fixture.sqlite3")).unwrap()).unwrap();
        let database = Database::connect(&url(&file), false).await.unwrap();
        Self { accounts: Accounts::new(database, keys), directory }
    }
}

/// Accounts in an empty, migrated database in memory, with cheap hashes.
pub(crate) async fn empty() -> Accounts {
    let database = Database::connect("sqlite::memory:", true).await.unwrap();
    database.migrate().await.unwrap();
    Accounts::new(database, keys()).password_iterations(CHEAP)
}

/// A user as most tests need one.
pub(crate) fn alice() -> NewUser<'static> {
    NewUser { password: Some("brass-otter-lamp"), ..NewUser::named("alice") }
}

/// The keys of the site that made the fixture, without its former one.
pub(crate) fn keys() -> Keys {
    Keys::new(text(&plain()["SECRET_KEY"]), [""; 0])
}

pub(crate) fn keys_with_fallback() -> Keys {
    Keys::new(text(&plain()["SECRET_KEY"]), [text(&plain()["OLD_SECRET_KEY"])])
}

/// `fixture.json`: the passwords, sessions and tokens of the fixture.
pub(crate) fn plain() -> Value {
    json("fixture.json")
}

/// `interop_vectors.json`: worked examples of every format.
pub(crate) fn vectors() -> Value {
    json("interop_vectors.json")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

pub(crate) fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(data(name)).unwrap()).unwrap()
}
