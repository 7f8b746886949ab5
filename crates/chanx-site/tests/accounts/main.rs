//! Accounts against a database and worked examples that Django made.

mod fixture;
mod login;
mod migrations;
mod passwords;
mod sessions;
mod tokens;
mod users;
