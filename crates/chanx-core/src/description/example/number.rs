//! Numbers within bounds.

use serde_json::{Map, Number, Value};

/// How many multiples are tried.
const MULTIPLES: i128 = 64;

/// Integers that may do, the one that is nearest to 1 first.
pub(super) fn integers(keywords: &Map<String, Value>, variant: usize) -> impl Iterator<Item = Value> {
    let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_number);
    let least = bound("minimum").map(ceiling).max(bound("exclusiveMinimum").map(|number| floor(number) + 1));
    let most = [bound("maximum").map(floor), bound("exclusiveMaximum").map(|number| ceiling(number) - 1)];
    let most = most.into_iter().flatten().min();

    let step = bound("multipleOf").and_then(Number::as_i128).map_or(1, |step| step.abs().max(1));
    let wanted = 1 + variant as i128;
    let start = wanted.min(most.unwrap_or(wanted)).max(least.unwrap_or(wanted));
    let above = start.div_euclid(step) + i128::from(start.rem_euclid(step) != 0);
    let multiples = (0..MULTIPLES).flat_map(move |distance| [above + distance, above - distance - 1]);
    multiples.filter_map(move |multiple| multiple.checked_mul(step)).filter_map(as_json)
}

/// Numbers that may do, the simplest first.
pub(super) fn numbers(keywords: &Map<String, Value>, variant: usize) -> impl Iterator<Item = Value> {
    let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_f64);
    let least = bound("minimum").or(bound("exclusiveMinimum"));
    let most = bound("maximum").or(bound("exclusiveMaximum"));
    let between = match (least, most) {
        (Some(least), Some(most)) => vec![f64::midpoint(least, most), least, most],
        (Some(least), None) => vec![least + 1.0, least],
        (None, Some(most)) => vec![most - 1.0, most],
        (None, None) => vec![],
    };
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let first = step.map(|step| (least.unwrap_or(step) / step).ceil());
    let multiples = first.zip(step).map(|(first, step)| (0..MULTIPLES).map(move |n| (first + n as f64) * step));
    let simple = [1.5, 1.0, 0.5].map(|number| number + variant as f64);
    simple.into_iter().chain(between).chain(multiples.into_iter().flatten()).map(Value::from)
}

fn ceiling(number: &Number) -> i128 {
    number.as_i128().unwrap_or_else(|| number.as_f64().unwrap_or_default().ceil() as i128)
}

fn floor(number: &Number) -> i128 {
    number.as_i128().unwrap_or_else(|| number.as_f64().unwrap_or_default().floor() as i128)
}

fn as_json(number: i128) -> Option<Value> {
    i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from)).ok()
}
