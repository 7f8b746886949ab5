//! Bounds and multiples of numbers.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use serde_json::{Map, Number, Value};

use super::wording::Complaint;

/// How far, as a part of the value, a float may be off a multiple.
const TOLERANCE: f64 = 1e-9;

/// The first fault of a number, in the order in which Pydantic looks for them.
pub(super) fn fault(schema: &Map<String, Value>, number: &Number) -> Option<Complaint> {
    let found = Num::from(number);
    let stated = |keyword: &str| schema.get(keyword).and_then(Value::as_number).map(Num::from);
    let (format_min, format_max) = format_bounds(schema).unzip();
    let (above, below) = (stated("exclusiveMinimum"), stated("exclusiveMaximum"));
    let at_least = stated("minimum").or(format_min.filter(|_| above.is_none()));
    let at_most = stated("maximum").or(format_max.filter(|_| below.is_none()));

    let rule = |kind, relation, bound: Option<Num>, is_broken: fn(Ordering) -> bool| {
        let bound = bound.filter(|bound| found.partial_cmp(bound).is_some_and(is_broken))?;
        Some(complaint(kind, relation, bound))
    };
    let step = stated("multipleOf").filter(|step| !found.is_multiple_of(*step));
    step.map(|step| complaint("multiple_of", "a multiple of", step))
        .or_else(|| rule("less_than_equal", "less than or equal to", at_most, Ordering::is_gt))
        .or_else(|| rule("less_than", "less than", below, Ordering::is_ge))
        .or_else(|| rule("greater_than_equal", "greater than or equal to", at_least, Ordering::is_lt))
        .or_else(|| rule("greater_than", "greater than", above, Ordering::is_le))
}

/// The integers between the schema's bounds. None where more than two whole bounds has to be looked at.
pub(super) fn integers(schema: &Map<String, Value>) -> Option<RangeInclusive<i128>> {
    if ["multipleOf", "exclusiveMinimum", "exclusiveMaximum"].iter().any(|keyword| schema.contains_key(*keyword)) {
        return None;
    }
    let (format_min, format_max) = format_bounds(schema).unzip();
    let bound = |keyword: &str, of_format: Option<Num>, otherwise| match schema
        .get(keyword)
        .and_then(Value::as_number)
        .map(Num::from)
        .or(of_format)
    {
        None => Some(otherwise),
        Some(Num::Int(bound)) => Some(bound),
        Some(Num::Float(_)) => None,
    };
    Some(bound("minimum", format_min, i128::MIN)?..=bound("maximum", format_max, i128::MAX)?)
}

fn complaint(kind: &'static str, relation: &str, bound: Num) -> Complaint {
    let msg = match bound {
        Num::Int(bound) => format!("Input should be {relation} {bound}"),
        Num::Float(bound) => format!("Input should be {relation} {bound}"),
    };
    Complaint::new(kind, msg)
}

/// The least and the greatest value of an integer format, as far as JSON numbers reach.
fn format_bounds(schema: &Map<String, Value>) -> Option<(Num, Num)> {
    let (least, greatest) = match schema.get("format")?.as_str()? {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        _ => return None,
    };
    Some((Num::Int(least), Num::Int(greatest)))
}

/// A JSON number; integers are compared exactly.
#[derive(Clone, Copy)]
enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    fn as_float(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            _ => self.as_float().partial_cmp(&other.as_float()),
        }
    }

    fn is_multiple_of(self, step: Self) -> bool {
        if let (Self::Int(a), Self::Int(b)) = (self, step) {
            return a.checked_rem(b).is_none_or(|rest| rest == 0);
        }
        if let (Self::Float(a), Self::Int(_)) = (self, step)
            && a.fract() == 0.0
        {
            return a % step.as_float() == 0.0;
        }
        let (a, step) = (self.as_float(), step.as_float().abs());
        let rest = (a % step).abs();
        let close = a.abs() * TOLERANCE;
        rest <= close || step - rest <= close
    }
}

/// The bound below which whole floats are compared as integers: far beyond every integer of a schema.
const EXACT: f64 = 1e36;

impl From<&Number> for Num {
    fn from(number: &Number) -> Self {
        let float = number.as_f64().unwrap_or(f64::NAN);
        match number.as_i128() {
            Some(int) => Self::Int(int),
            None if float.fract() == 0.0 && float.abs() < EXACT => Self::Int(float as i128),
            None => Self::Float(float),
        }
    }
}

/// Whether a number is whole, however it is written.
pub(super) fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// The integer of 64 bits that a float is, if it is one.
pub(crate) fn whole(float: f64) -> Option<Whole> {
    // Two to the power of 63 and of 64, which floats can express.
    const LEAST: f64 = i64::MIN as f64;
    const BEYOND: f64 = u64::MAX as f64;
    if float.fract() != 0.0 || !(LEAST..BEYOND).contains(&float) {
        return None;
    }
    Some(if float < 0.0 { Whole::Negative(float as i64) } else { Whole::Positive(float as u64) })
}

/// An integer of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// It is less than 0.
    Negative(i64),
    /// It is not.
    Positive(u64),
}

impl From<Whole> for Number {
    fn from(whole: Whole) -> Self {
        match whole {
            Whole::Negative(int) => int.into(),
            Whole::Positive(int) => int.into(),
        }
    }
}

/// Whether two numbers are equal: 1 is 1.0.
pub(super) fn equal(a: &Number, b: &Number) -> bool {
    Num::from(a).partial_cmp(&Num::from(b)) == Some(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, number: &Value) -> Option<String> {
        let complaint = fault(schema.as_object().unwrap(), number.as_number().unwrap())?;
        Some(format!("{}: {}", complaint.kind, complaint.msg))
    }

    #[test]
    fn bounds_are_exact_and_written_as_short_as_can_be() {
        let most = json!({"maximum": 9007199254740993_i64});
        assert_eq!(check(&most, &json!(9007199254740993_i64)), None);
        let msg = "less_than_equal: Input should be less than or equal to 9007199254740993";
        assert_eq!(check(&most, &json!(9007199254740994_i64)).as_deref(), Some(msg));
        let less = "less_than: Input should be less than 2";
        assert_eq!(check(&json!({"exclusiveMaximum": 2.0}), &json!(2)).as_deref(), Some(less));
        let least = "greater_than_equal: Input should be greater than or equal to 0.5";
        assert_eq!(check(&json!({"minimum": 0.5}), &json!(0)).as_deref(), Some(least));
        let more = "greater_than: Input should be greater than 0";
        assert_eq!(check(&json!({"exclusiveMinimum": 0}), &json!(0)).as_deref(), Some(more));
    }

    #[test]
    fn formats_bound_where_the_schema_does_not() {
        let msg = "less_than_equal: Input should be less than or equal to 4294967295";
        assert_eq!(check(&json!({"format": "uint32"}), &json!(4294967296_i64)).as_deref(), Some(msg));
        assert_eq!(check(&json!({"format": "uint32"}), &json!(4294967295_i64)), None);
        let msg = "greater_than_equal: Input should be greater than or equal to -128";
        assert_eq!(check(&json!({"format": "int8"}), &json!(-129)).as_deref(), Some(msg));
        let msg = "less_than: Input should be less than 10";
        assert_eq!(check(&json!({"format": "int8", "exclusiveMaximum": 10}), &json!(200)).as_deref(), Some(msg));
        assert_eq!(check(&json!({"format": "int128"}), &json!(u64::MAX)), None);
    }

    #[test]
    fn whole_floats_are_integers() {
        assert_eq!(whole(5.0), Some(Whole::Positive(5)));
        assert_eq!(whole(-0.0), Some(Whole::Positive(0)));
        assert_eq!(whole(-3.0), Some(Whole::Negative(-3)));
        assert_eq!(whole(9_223_372_036_854_775_808.0), Some(Whole::Positive(1 << 63)));
        assert_eq!(whole(-9_223_372_036_854_775_808.0), Some(Whole::Negative(i64::MIN)));
        for float in [0.5, 18_446_744_073_709_551_616.0, -9_223_372_036_854_777_856.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(whole(float), None, "{float}");
        }
    }

    #[test]
    fn whole_floats_beyond_an_integer_are_out_of_its_range() {
        let most = "less_than_equal: Input should be less than or equal to 9223372036854775807";
        for float in [9_223_372_036_854_775_808.0, 18_446_744_073_709_551_616.0, 1e300] {
            assert_eq!(check(&json!({"format": "int64"}), &json!(float)).as_deref(), Some(most), "{float}");
        }
        let least = "greater_than_equal: Input should be greater than or equal to 0";
        assert_eq!(check(&json!({"format": "uint64"}), &json!(-1.0)).as_deref(), Some(least));
        let most = "less_than_equal: Input should be less than or equal to 18446744073709551615";
        assert_eq!(check(&json!({"format": "uint64"}), &json!(18_446_744_073_709_551_616.0)).as_deref(), Some(most));
        assert_eq!(check(&json!({"format": "int64"}), &json!(-9_223_372_036_854_775_808.0)), None);
    }

    #[test]
    fn multiples_forgive_the_rounding_of_floats() {
        let msg = "multiple_of: Input should be a multiple of 0.1";
        for (number, expected) in [(0.3, None), (0.7, None), (0.25, Some(msg)), (0.0, None)] {
            assert_eq!(check(&json!({"multipleOf": 0.1}), &json!(number)).as_deref(), expected, "{number}");
        }
        let msg = "multiple_of: Input should be a multiple of 5";
        assert_eq!(check(&json!({"multipleOf": 5}), &json!(7)).as_deref(), Some(msg));
        assert_eq!(check(&json!({"multipleOf": 0}), &json!(7)), None);
    }
}
