//! A moment as people write it: `12:03:40`, `12:03`, `2026-11-26 12:03`, `-5m`.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::past::Moment;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::span;
use crate::model::zone::Zone;

const HOW: &str = "write a time of day (12:03:40, of another day 2026-11-26 12:03) or how long before the end (-5m)";

/// So much later than the end a moment may be.
const LATE_MS: i64 = 60_000;

/// A moment as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The last tick at or before it.
    pub at: Nanos,
    /// Why that is of another time, where it is: `it ends at 12:03:40, 25s before that`.
    pub instead: Option<String>,
}

/// A tick is of the time that is asked for where it is so long before that, or twice as long as the ticks there are apart.
const SAME_MS: i64 = 1500;

/// The moment that is meant: the last tick at or before it, by the clock on the wall of this zone.
///
/// # Errors
/// How to write one, or from when to when there is something.
pub fn find(text: &str, moments: &[Moment], zone: &Zone) -> Result<Found, String> {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
        return Err("nothing is kept yet".to_owned());
    };
    let ms = |moment: &Moment| moment.summary.unix_ms as i64;
    let span = (ms(first), ms(last));
    let wanted = meant(text, span, zone)?;
    let place = moments.partition_point(|moment| ms(moment) <= wanted);
    let Some(place) = place.checked_sub(1) else {
        return Err(nothing(span, zone));
    };
    let shown = ms(&moments[place]);
    let before = place.checked_sub(1).map_or(shown, |at| ms(&moments[at]));
    let away = wanted - shown;
    let instead = (away > SAME_MS.max(2 * (shown - before))).then(|| {
        let clock = told(shown, span.1, zone);
        match moments.get(place + 1) {
            None => {
                let before = format::duration(Nanos(away as u64 * 1_000_000));
                format!("it ends at {clock}, {before} before that")
            }
            Some(next) => {
                let next = told(ms(next), span.1, zone);
                format!("nothing was kept from {clock} to {next}: this is the last before")
            }
        }
    });
    let at = moments[place].at;
    Ok(Found { at, instead })
}

/// The end of the second or millisecond that is meant, in milliseconds after the Unix epoch, of what reaches from one moment to
/// another.
///
/// # Errors
/// How to write one; from when to when there is something, where it lies beyond that.
pub fn meant(text: &str, span: (i64, i64), zone: &Zone) -> Result<i64, String> {
    let (_, last) = span;
    // A written second is meant whole.
    let mut meant_for = 1000;
    let wanted = if let Some(back) = text.strip_prefix('-') {
        let back = span::parse_any(back).map_err(|_| HOW.to_owned())?;
        let back = (back.0 / 1_000_000) as i64;
        if back % 1000 != 0 {
            meant_for = 1;
        }
        last - back
    } else {
        let end = wall(last, zone);
        let (date, time) = parted(text).ok_or_else(|| HOW.to_owned())?;
        let date = match date {
            Some(date) => date_of(date, end).ok_or_else(|| HOW.to_owned())?,
            None => end.date(),
        };
        let meant = |date: Date| date.at(0, 0, 0, 0) + SignedDuration::from_millis(time);
        let at = unix_ms(meant(date), zone);
        // A time that has not come yet today was yesterday's.
        let yesterday = text.len() <= CLOCK && at > last + LATE_MS;
        if yesterday {
            unix_ms(meant(date) - 1.day(), zone)
        } else {
            at
        }
    };
    // What ended a moment ago is told as it ended; of what comes long after there is nothing.
    if wanted > last + LATE_MS || wanted + meant_for <= span.0 {
        return Err(nothing(span, zone));
    }
    Ok(wanted + meant_for - 1)
}

fn nothing((first, last): (i64, i64), zone: &Zone) -> String {
    let (first, last) = (told(first, last, zone), told(last, last, zone));
    format!("there is nothing of that time: it goes from {first} to {last}")
}

/// The longest time of day, `12:03:40`.
const CLOCK: usize = 8;

/// The day, where one is written, and the milliseconds of the day.
fn parted(text: &str) -> Option<(Option<&str>, i64)> {
    let mut parts = text.splitn(2, [' ', 'T', 't']);
    let (first, second) = (parts.next()?, parts.next());
    match second {
        Some(time) => Some((Some(first), time_of_day(time.trim())?)),
        None => Some((None, time_of_day(first)?)),
    }
}

/// The day that `2026-11-26` or `11-26` means: without a year the last one up to the end.
fn date_of(text: &str, end: DateTime) -> Option<Date> {
    let date = |year: i16, month: &str, day: &str| {
        let two = |part: &str| part.parse().ok().filter(|_| part.len() <= 2);
        Date::new(year, two(month)?, two(day)?).ok()
    };
    match *text.split('-').collect::<Vec<_>>() {
        [month, day] => date(end.year(), month, day)
            .filter(|date| *date <= end.date())
            .or_else(|| date(end.year() - 1, month, day)),
        [year, month, day] => date(year.parse().ok()?, month, day),
        _ => None,
    }
}

fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(str::parse::<u32>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    let right = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    right.then(|| i64::from(hour * 3600 + minute * 60 + second) * 1000)
}

/// What a clock and a calendar on the wall say.
fn wall(unix_ms: i64, zone: &Zone) -> DateTime {
    let at = Timestamp::from_millisecond(zone.wall_ms(unix_ms));
    Offset::UTC.to_datetime(at.unwrap_or(Timestamp::UNIX_EPOCH))
}

fn unix_ms(wall: DateTime, zone: &Zone) -> i64 {
    let at = Offset::UTC.to_timestamp(wall);
    zone.unix_ms(at.unwrap_or(Timestamp::UNIX_EPOCH).as_millisecond())
}

/// The time of day, `12:03:40`, with its date where that is not the day of `other`: `2026-11-26 12:03:40`.
pub fn told(at: i64, other: i64, zone: &Zone) -> String {
    let day = wall(at, zone).date();
    let clock = clock(at, zone);
    if day == wall(other, zone).date() {
        clock
    } else {
        format!("{day} {clock}")
    }
}

/// The time of day, `12:03:40`.
pub fn clock(unix_ms: i64, zone: &Zone) -> String {
    let second = zone.wall_ms(unix_ms).div_euclid(1000).rem_euclid(86_400);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Marks, Summary};

    const FROM: u64 = 1_700_000_000_000; // 2023-11-14 22:13:20 UTC

    /// So many moments, so many seconds apart.
    fn moments(count: u64, apart: u64) -> Vec<Moment> {
        let moment = |i: u64| Moment {
            at: Nanos(i),
            summary: Summary {
                unix_ms: FROM + i * apart * 1000,
                cpu: None,
                memory: None,
                pressure: None,
                marks: Marks::default(),
            },
            bytes: 0,
        };
        (0..count).map(moment).collect()
    }

    #[test]
    fn a_recording_of_days_is_asked_for_a_day() {
        let hours = moments(72, 3600);
        let find = |text| find(text, &hours, &Zone::default()).map(|found| found.at);
        // The last one is of 2023-11-17 21:13:20.
        assert_eq!(find("21:13:20"), Ok(Nanos(71)));
        assert_eq!(find("22:13:20"), Ok(Nanos(48)), "not come yet that day");
        assert_eq!(find("11-15 00:30"), Ok(Nanos(2)));
        assert_eq!(find("2023-11-14 22:30"), Ok(Nanos(0)));
        let why = find("12-01 10:00").expect_err("of the year before");
        assert!(why.contains("2023-11-14 22:13:20 to 21:13:20"), "{why}");
        assert_eq!(
            told(FROM as i64, FROM as i64, &Zone::fixed(3600)),
            "23:13:20"
        );
    }

    #[test]
    fn what_people_write_is_found() {
        let moments = moments(600, 1);
        let find = |text| find(text, &moments, &Zone::default()).map(|found| found.at);
        assert_eq!(find("22:13:20"), Ok(Nanos(0)));
        assert_eq!(find("22:14"), Ok(Nanos(40)));
        assert_eq!(find("-5m"), Ok(Nanos(299)));
        assert_eq!(find("-2500ms"), Ok(Nanos(596)), "not later than that");
        assert!(find("-9m59s").is_err());
        assert!(find("21:00").is_err_and(|why| why.contains("22:13:20 to 22:23:19")));
        assert!(find("").is_err() && find("25:00").is_err() && find("-").is_err());
        assert_eq!(find("2023-11-14 22:14"), Ok(Nanos(40)));
        assert_eq!(find("11-14T22:14:00"), Ok(Nanos(40)));
        let vain = [
            "2023-11-13 22:14",
            "11-15 22:14",
            "2023-11-14 22:25",
            "2030-01-01 00:00",
        ];
        for text in vain {
            assert!(
                find(text).is_err_and(|why| why.contains("22:13:20 to")),
                "{text}"
            );
        }
        let wrong = [
            "2023-11-31 22:14",
            "11-14",
            "x-11-14 22:14",
            "11-14 22",
            "11-014 22:14",
        ];
        for text in wrong {
            assert!(
                find(text).is_err_and(|why| why.contains("2026-11-26")),
                "{text}"
            );
        }
        assert_eq!(
            super::find("23:14", &moments, &Zone::fixed(3600)).map(|found| found.at),
            Ok(Nanos(40))
        );
    }

    /// Whoever is shown another time than that which was asked for is told so.
    #[test]
    fn what_lies_beyond_the_end_or_in_a_hole_is_not_shown_in_silence() {
        let mut some = moments(100, 1);
        let mut later = moments(700, 1);
        some.extend(later.drain(600..));
        let instead = |text| {
            let found = find(text, &some, &Zone::default());
            found.map(|found| (found.at.0, found.instead))
        };
        assert_eq!(instead("22:13:50"), Ok((30, None)));
        assert_eq!(instead("22:24:59"), Ok((699, None)));
        assert_eq!(instead("22:25:00"), Ok((699, None)), "the next second");
        let ends = "it ends at 22:24:59, 25s before that".to_owned();
        assert_eq!(instead("22:25:24"), Ok((699, Some(ends))));
        let hole = "nothing was kept from 22:14:59 to 22:23:20: this is the last before";
        assert_eq!(instead("22:18"), Ok((99, Some(hole.to_owned()))));
        let slow = moments(10, 60);
        let found = find("22:15:10", &slow, &Zone::default());
        assert_eq!(
            found.map(|found| found.instead),
            Ok(None),
            "a tick a minute"
        );
    }
}
