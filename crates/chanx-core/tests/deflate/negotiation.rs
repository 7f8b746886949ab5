//! Offers of clients, and the answers to them.

use chanx_core::deflate::{MalformedExtensions, Parameters};

/// The answer that allows the most, if there is one.
fn answer(headers: &[&str]) -> Result<Option<String>, MalformedExtensions> {
    let accepted = Parameters::negotiate(headers.iter().copied())?;
    Ok(accepted.map(|parameters| parameters.to_string()))
}

#[test]
fn an_acceptable_offer_is_answered_word_for_word() {
    let cases = [
        ("permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
        ("permessage-deflate; client_max_window_bits=8", "permessage-deflate"),
        ("permessage-deflate;client_max_window_bits=15", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
        (r#"permessage-deflate; server_max_window_bits="12""#, "permessage-deflate; server_max_window_bits=12"),
        (
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits; \
             server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10",
        ),
    ];
    for (offer, expected) in cases {
        assert_eq!(answer(&[offer]), Ok(Some(expected.to_owned())), "{offer}");
    }
}

#[test]
fn an_offer_that_cannot_be_honored_is_declined() {
    let parameters = [
        "unknown",
        "unknown=1",
        "Server_no_context_takeover",
        "server_no_context_takeover=1",
        "server_no_context_takeover=true",
        "client_no_context_takeover=15",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "client_max_window_bits; client_max_window_bits",
        "client_max_window_bits; client_max_window_bits=10",
        "server_max_window_bits=10; server_max_window_bits=10",
        "server_max_window_bits",
        "server_max_window_bits=8",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=09",
        "server_max_window_bits=+9",
        "server_max_window_bits=1e1",
        "server_max_window_bits=265",
        "server_max_window_bits=99999999999999999999999",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=015",
        "client_max_window_bits=ten",
        r#"client_max_window_bits="16""#,
    ];
    for parameters in parameters {
        assert_eq!(answer(&[&format!("permessage-deflate; {parameters}")]), Ok(None), "{parameters}");
    }
    for other in ["", "permessage-bzip2", "x-webkit-deflate-frame", "Permessage-Deflate", "permessage-deflate2"] {
        assert_eq!(answer(&[other]), Ok(None), "{other}");
    }
    assert_eq!(answer(&[]), Ok(None));
}

#[test]
fn the_first_acceptable_offer_wins() {
    let cases: &[(&[&str], &str)] = &[
        (&["permessage-deflate; server_max_window_bits=10, permessage-deflate"], "; server_max_window_bits=10"),
        (&["permessage-deflate; server_max_window_bits=8, permessage-deflate"], ""),
        (&["permessage-deflate, permessage-deflate; server_max_window_bits=10"], ""),
        (&["mux; max-channels=4; flow-control, permessage-deflate; unknown", "permessage-deflate"], ""),
        (
            &["other", "permessage-deflate; server_no_context_takeover", "permessage-deflate"],
            "; server_no_context_takeover",
        ),
    ];
    for (headers, parameters) in cases {
        assert_eq!(answer(headers), Ok(Some(format!("permessage-deflate{parameters}"))), "{headers:?}");
    }
}

#[test]
fn a_malformed_header_is_noticed_wherever_it_is() {
    let headers: [&[&str]; 5] = [
        &["permessage-deflate;"],
        &["permessage-deflate; server_max_window_bits="],
        &["permessage-deflate, =x"],
        &["permessage-deflate", "\"quoted\""],
        &["broken broken", "permessage-deflate"],
    ];
    for headers in headers {
        assert_eq!(answer(headers), Err(MalformedExtensions), "{headers:?}");
    }
}
