//! The steps of the application's tables.

use chanx_site::database::Migration;

pub(crate) const ALL: &[Migration] =
    &[Migration { app: "chat", name: "0001_initial", sql: include_str!("sql/0001_initial.sql") }];
