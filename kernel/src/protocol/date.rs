//! Times in headers: ISO 8601 in UTC with microseconds.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i64);

/// The time by the system's clock.
pub fn now() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Date(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

const DAY: i64 = 86_400_000_000;

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let micros = self.0.rem_euclid(DAY);
        let seconds = micros / 1_000_000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            micros % 1_000_000
        )
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar.
/// Years begin in March here, so that the leap day is the last one.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl Date {
    /// Reads `2026-11-24T10:37:23.123456+01:00`, with `Z` or a zone; `None` for anything else, a
    /// time without a zone included.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_at_checked(10)?;
        let mut numbers = date.splitn(3, '-').map(number);
        let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let time = time.strip_prefix(['T', ' '])?;
        let zone_at = time.find(['Z', '+', '-'])?;
        let (clock, zone) = time.split_at(zone_at);
        let offset = match zone.strip_prefix('Z') {
            Some("") => 0,
            Some(_) => return None,
            None => {
                let (sign, rest) = (if zone.starts_with('-') { -1 } else { 1 }, zone.get(1..)?);
                let (hours, minutes) = match rest.split_once(':') {
                    Some(parts) => parts,
                    None => rest.split_at_checked(2)?,
                };
                sign * (number(hours)? * 60 + number(minutes)?)
            }
        };
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut parts = clock.splitn(3, ':').map(number);
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let seconds = ((hour * 60 + minute - offset) * 60) + second;
        Some(Self(days(year, month, day) * DAY + seconds * 1_000_000 + number(&digits)?))
    }
}

fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        assert_eq!(Date(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Date(951_782_400_000_001).to_string(), "2000-02-29T00:00:00.000001Z");
        let same = ["2026-11-24T10:37:23.5Z", "2026-11-24T11:37:23.500000+01:00"];
        assert_eq!(Date::parse(same[0]), Date::parse(same[1]));
        assert_eq!(Date::parse(same[0]).unwrap().to_string(), "2026-11-24T10:37:23.500000Z");
        for bad in ["", "2026-11-24", "2026-13-01T00:00:00Z", "2026-11-24T10:37:23", "éééééé-é"]
        {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn dates_are_read_as_they_are_written(micros in -62_000_000_000_000_000_i64..200_000_000_000_000_000) {
            proptest::prop_assert_eq!(Date::parse(&Date(micros).to_string()), Some(Date(micros)));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,40}") {
            let _ = Date::parse(&text);
        }
    }
}
