//! What `#[derive(Message)]` calls. None of it is meant for other callers, and any of it may change in any release.

pub use chanx_core::message::{Fields, IncomingMessage, Message, MessageSet, OutgoingMessage, write_fields};
pub use chanx_core::wire::PAYLOAD;
pub use {garde, schemars, serde};

use garde::{Path, Report, Validate};

/// Runs checks, and fails if they report anything.
///
/// # Errors
/// What the checks reported.
pub fn report(checks: impl FnOnce(&mut Report)) -> Result<(), Report> {
    let mut report = Report::new();
    checks(&mut report);
    if report.is_empty() { Ok(()) } else { Err(report) }
}

/// Where a payload stands in its message.
pub fn payload_path() -> Path {
    Path::new(PAYLOAD)
}

/// Checks a value if its type can be checked, so that no message needs to say whether its payload can.
///
/// `(&Probe(value)).check(…)` finds [`Checked`] where the type is known to be `Validate`, since that needs one reference
/// less, and [`Unchecked`] everywhere else. A type whose validation needs a context of its own counts as unchecked.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// A value with constraints.
pub trait Checked {
    /// Reports what is wrong with the value at `path`.
    fn check(&self, path: &mut dyn FnMut() -> Path, report: &mut Report);
}

impl<T: Validate<Context = ()> + ?Sized> Checked for Probe<'_, T> {
    fn check(&self, path: &mut dyn FnMut() -> Path, report: &mut Report) {
        self.0.validate_into(&(), path, report);
    }
}

/// A value without constraints.
pub trait Unchecked {
    /// Does nothing.
    fn check(&self, _path: &mut dyn FnMut() -> Path, _report: &mut Report) {}
}

impl<T: ?Sized> Unchecked for &Probe<'_, T> {}

/// garde's rules for fields that are borrowed.
///
/// The fields of a variant are checked where they lie, behind a reference, but garde's rules are for values. These take
/// the reference off; `#[garde(adapt(…))]` puts them in the place of garde's own.
pub mod borrowed {
    use garde::Error;

    /// One module for each rule, named as garde names it, with the rest of garde's module.
    macro_rules! rules {
        ($($module:ident, $($original:ident)::+, $rule:ident, $arguments:ty;)*) => {$(
            #[doc = concat!("The rule `", stringify!($module), "`.")]
            pub mod $module {
                pub use garde::rules::$($original)::+::*;

                /// Checks what `value` refers to.
                ///
                /// # Errors
                /// The value breaks the rule.
                pub fn apply<T: $rule>(value: &&T, arguments: $arguments) -> Result<(), super::Error> {
                    garde::rules::$($original)::+::apply(*value, arguments)
                }
            }
        )*};
    }

    rules! {
        alphanumeric, alphanumeric, Alphanumeric, ();
        ascii, ascii, Ascii, ();
        contains, contains, Contains, (&str,);
        email, email, Email, ();
        ip, ip, Ip, (IpKind,);
        prefix, prefix, Prefix, (&str,);
        range, range, Bounds, (Option<T::Size>, Option<T::Size>);
        required, required, Required, ();
        suffix, suffix, Suffix, (&str,);
        url, url, Url, ();
    }

    /// The rule `length`, by what it counts.
    pub mod length {
        use garde::Error;

        rules! {
            bytes, length::bytes, Bytes, (usize, usize);
            chars, length::chars, Chars, (usize, usize);
            simple, length::simple, Simple, (usize, usize);
            utf16, length::utf16, Utf16CodeUnits, (usize, usize);
        }
    }

    /// The rule `matches`.
    pub mod matches {
        use garde::rules::matches::{Matches, apply as original};

        /// Compares two borrowed fields.
        ///
        /// # Errors
        /// They differ.
        pub fn apply<T: Matches<O>, O>(value: &&T, (field, other): (&str, &&O)) -> Result<(), super::Error> {
            original(*value, (field, *other))
        }
    }

    /// The rule `pattern`.
    pub mod pattern {
        pub use garde::rules::pattern::*;

        /// Checks what `value` refers to.
        ///
        /// # Errors
        /// The pattern does not match.
        pub fn apply<T: Pattern, M: Matcher>(value: &&T, arguments: (&M,)) -> Result<(), super::Error> {
            garde::rules::pattern::apply(*value, arguments)
        }
    }

    /// The rule `inner`.
    pub mod inner {
        use garde::rules::inner::{Inner, apply as original};

        /// Checks each item, borrowed once more, as the rules beside this one expect it.
        pub fn apply<T: Inner<U>, U>(value: &&T, mut check: impl FnMut(&&U, &T::Key)) {
            original(*value, |item, key| check(&item, key));
        }
    }
}
