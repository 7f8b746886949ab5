//! A site for tests: a fresh database, users, and the headers of a browser that is logged in.
