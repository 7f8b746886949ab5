//! Moments as Django stores and sends them: UTC text without a zone in SQLite, HTTP dates in cookies.

use std::time::{Duration, SystemTime};

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Sqlite, Type, TypeInfo};
use time::format_description::{StaticFormatDescription, well_known::Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

const WHOLE_SECONDS: StaticFormatDescription = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const MICROSECONDS: StaticFormatDescription =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]");
const STORED: StaticFormatDescription =
    format_description!(version = 2, "[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]");
const HTTP: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// A moment in a column of type `datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(OffsetDateTime);

impl Timestamp {
    #[cfg(test)]
    pub(crate) const UNIX_EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    pub(crate) fn now() -> Self {
        Self(OffsetDateTime::now_utc())
    }

    /// This moment plus `duration`, or the end of time.
    pub(crate) fn plus(self, duration: Duration) -> Self {
        let duration = time::Duration::try_from(duration).unwrap_or(time::Duration::MAX);
        Self(self.0.saturating_add(duration))
    }

    /// Reads the form with a `T` and a zone, which Python's `isoformat` writes.
    pub(crate) fn from_rfc3339(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        moment.checked_to_offset(UtcOffset::UTC).map(Self)
    }

    /// Seconds since 1970; zero for what was before.
    pub(crate) fn unix_seconds(self) -> u64 {
        self.0.unix_timestamp().try_into().unwrap_or_default()
    }

    /// The form of the `expires` attribute of a cookie.
    pub(crate) fn http_date(self) -> String {
        self.written(HTTP)
    }

    /// Microseconds as Python writes them: six digits, or none if they are zero.
    pub(crate) fn stored(self) -> String {
        match self.0.microsecond() {
            0 => self.written(WHOLE_SECONDS),
            _ => self.written(MICROSECONDS),
        }
    }

    fn written(self, form: StaticFormatDescription) -> String {
        self.0.format(form).expect("a moment has all the parts of a date and a time")
    }

    fn read(text: &str) -> Result<Self, time::error::Parse> {
        PrimitiveDateTime::parse(text, STORED).map(|moment| Self(moment.assume_utc()))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(moment: Timestamp) -> Self {
        moment.0.into()
    }
}

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }

    fn compatible(info: &SqliteTypeInfo) -> bool {
        matches!(info.name(), "TEXT" | "DATETIME")
    }
}

impl Encode<'_, Sqlite> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<'_, Sqlite>>::encode(self.stored(), buffer)
    }
}

impl Decode<'_, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self::read(<&str as Decode<'_, Sqlite>>::decode(value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_django_is_read_and_written_alike() {
        for text in ["2025-01-01 00:00:00", "2026-11-22 19:38:21.070333", "2099-12-31 23:59:59.000001"] {
            assert_eq!(Timestamp::read(text).unwrap().stored(), text);
        }
        for text in ["", "2025-01-01", "2025-13-01 00:00:00", "2025-01-01 00:00:00+00:00"] {
            assert!(Timestamp::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn cookies_take_http_dates() {
        let moment = Timestamp::read("2026-11-22 19:38:24.5").unwrap();
        let later = moment.plus(Duration::from_secs(1_209_600));
        assert_eq!(later.http_date(), "Sun, 06 Dec 2026 19:38:24 GMT");
    }

    #[test]
    fn time_ends_without_a_panic() {
        let end = Timestamp::now().plus(Duration::MAX);
        assert_eq!(end, end.plus(Duration::from_secs(1)));
        assert!(end.http_date().ends_with("GMT"));
        assert_eq!(Timestamp::from_rfc3339("9999-12-31T23:59:59-01:00"), None);
    }
}
