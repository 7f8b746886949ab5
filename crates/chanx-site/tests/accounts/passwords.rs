//! Every password hash that Django wrote.

use chanx_site::passwords::{ITERATIONS, MalformedHash, check};

use crate::fixture::{CHEAP, text, vectors};

#[test]
fn every_hash_of_django_gives_djangos_answer() {
    let hashes = vectors()["password_hashes"].as_array().unwrap().clone();
    assert_eq!(hashes.len(), 18);
    for case in hashes.iter().filter(|case| case["encoded"].is_string()) {
        let encoded = text(&case["encoded"]);
        let password = case["password"].as_str().unwrap_or("plain");
        let verdict = check(password, &encoded, CHEAP);
        match case["check"].as_bool() {
            Some(expected) => assert_eq!(verdict.map(|v| v.is_correct), Ok(expected), "{encoded}"),
            None => assert_eq!(verdict, Err(MalformedHash), "{encoded}"),
        }
    }
}

#[test]
fn every_usable_hash_refuses_another_password() {
    let hashes = vectors()["password_hashes"].as_array().unwrap().clone();
    for case in hashes.iter().filter(|case| case["check"] == true) {
        let encoded = text(&case["encoded"]);
        let verdict = check("another password", &encoded, CHEAP).unwrap();
        assert!(!verdict.is_correct, "{encoded}");
    }
}

#[test]
fn the_default_cost_is_djangos() {
    assert_eq!(vectors()["iterations"]["pbkdf2_sha256"], ITERATIONS);
}
