//! Dates and times as RFC 3339 writes them. An error says what was expected, never what was found.

/// A date, `T` or a space, a time, then `Z` or an offset.
pub(super) fn date_time(text: &str) -> Result<(), &'static str> {
    let rest = take_date(text)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).ok_or("expected T between date and time")?;
    match take_time(rest)? {
        "" => Err("expected Z or an offset at the end"),
        offset => take_offset(offset).and_then(end),
    }
}

/// `2024-02-29`.
pub(super) fn date(text: &str) -> Result<(), &'static str> {
    take_date(text).and_then(end)
}

/// `14:40:21.5`, perhaps with an offset.
pub(super) fn time(text: &str) -> Result<(), &'static str> {
    match take_time(text)? {
        "" => Ok(()),
        offset => take_offset(offset).and_then(end),
    }
}

/// `14:40:21.5`.
pub(super) fn local_time(text: &str) -> Result<(), &'static str> {
    take_time(text).and_then(end)
}

fn end(rest: &str) -> Result<(), &'static str> {
    if rest.is_empty() { Ok(()) } else { Err("expected nothing more") }
}

fn take_date(text: &str) -> Result<&str, &'static str> {
    let (year, rest) = number(text, 4).ok_or("expected a year of 4 digits")?;
    let (month, rest) =
        rest.strip_prefix('-').and_then(|rest| number(rest, 2)).ok_or("expected a month of 2 digits")?;
    let (day, rest) = rest.strip_prefix('-').and_then(|rest| number(rest, 2)).ok_or("expected a day of 2 digits")?;
    if year == 0 {
        return Err("expected a year from 0001 to 9999");
    }
    if !(1..=12).contains(&month) {
        return Err("expected a month from 01 to 12");
    }
    if !(1..=days(year, month)).contains(&day) {
        return Err("expected a day that the month has");
    }
    Ok(rest)
}

fn take_time(text: &str) -> Result<&str, &'static str> {
    let (hour, rest) = number(text, 2).ok_or("expected an hour of 2 digits")?;
    let (minute, rest) =
        rest.strip_prefix(':').and_then(|rest| number(rest, 2)).ok_or("expected a minute of 2 digits")?;
    let (second, rest) =
        rest.strip_prefix(':').and_then(|rest| number(rest, 2)).ok_or("expected a second of 2 digits")?;
    if hour > 23 || minute > 59 || second > 59 {
        return Err("expected a time from 00:00:00 to 23:59:59");
    }
    match rest.strip_prefix('.') {
        None => Ok(rest),
        Some(fraction) => take_fraction(fraction),
    }
}

/// Up to nanoseconds.
fn take_fraction(text: &str) -> Result<&str, &'static str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match text.len() - rest.len() {
        1..=9 => Ok(rest),
        _ => Err("expected 1 to 9 digits of a second"),
    }
}

fn take_offset(text: &str) -> Result<&str, &'static str> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Ok(rest);
    }
    let hours = text.strip_prefix(['+', '-']).and_then(|rest| number(rest, 2));
    let minutes = hours.and_then(|(hours, rest)| Some((hours, number(rest.strip_prefix(':')?, 2)?)));
    match minutes {
        Some((0..=23, (0..=59, rest))) => Ok(rest),
        _ => Err("expected Z or an offset such as +07:00"),
    }
}

/// The number that the first `length` digits write, and what follows them.
fn number(text: &str, length: usize) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(length)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, rest))
}

fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_exist() {
        for text in ["2024-02-29", "2000-02-29", "2025-12-31", "0001-01-01"] {
            assert_eq!(date(text), Ok(()), "{text}");
        }
        for text in ["0000-01-01", "2023-02-29", "1900-02-29", "2025-13-01", "2025-00-01", "2025-04-31", "2025-01-00"] {
            assert!(date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_of_other_shapes_are_refused() {
        for text in ["", "2025", "2025-1-01", "2025/01/01", "+025-01-01", "2025-01-01 ", "٢٠٢٥-01-01", "202ß-01-01"]
        {
            assert!(date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_may_have_a_fraction_and_an_offset() {
        for text in ["14:40:21", "00:00:00.1", "23:59:59.123456789"] {
            assert_eq!((time(text), local_time(text)), (Ok(()), Ok(())), "{text}");
        }
        for text in ["14:40", "24:00:00", "14:60:00", "14:40:60", "14:40:21.", "14:40:21.1234567890", "1:40:21"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!(time("14:40:21+07:00"), Ok(()));
        assert_eq!(local_time("14:40:21Z"), Err("expected nothing more"));
    }

    #[test]
    fn instants_need_an_offset() {
        for text in ["2025-06-07T14:40:21Z", "2025-06-07t14:40:21.5z", "2025-06-07 14:40:21-23:59"] {
            assert_eq!(date_time(text), Ok(()), "{text}");
        }
        for text in [
            "2025-06-07T14:40:21",
            "2025-06-07T14:40:21+07",
            "2025-06-07T14:40:21+24:00",
            "2025-06-07",
            "2025-06-07T14:40:21Zx",
        ] {
            assert!(date_time(text).is_err(), "{text}");
        }
    }
}
