//! A moment as people write it: `12:03:40`, `12:03`, `-5m`.

use super::past::Moment;
use crate::model::id::Nanos;
use crate::model::span;
use crate::model::zone::Zone;

const DAY_MS: i64 = 86_400_000;
const HOW: &str = "write a time of day (12:03:40) or how long before the end (-5m)";

/// The moment that is meant: the last tick at or before it, by the clock on the wall of this zone.
///
/// # Errors
/// How to write one, or from when to when there is something.
pub fn find(text: &str, moments: &[Moment], zone: &Zone) -> Result<Nanos, String> {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
        return Err("nothing is kept yet".to_owned());
    };
    let ms = |moment: &Moment| moment.summary.unix_ms as i64;
    let wanted = if let Some(back) = text.strip_prefix('-') {
        let back = span::parse_any(back).map_err(|_| HOW.to_owned())?;
        ms(last) - (back.0 / 1_000_000) as i64
    } else {
        let day = zone.wall_ms(ms(last)).div_euclid(DAY_MS) * DAY_MS;
        let wall = day + time_of_day(text).ok_or_else(|| HOW.to_owned())?;
        // A time that has not come yet today was yesterday's.
        let at = zone.unix_ms(wall);
        if at > ms(last) + 60_000 {
            zone.unix_ms(wall - DAY_MS)
        } else {
            at
        }
    };
    // A written second is meant whole.
    let place = moments.partition_point(|moment| ms(moment) < wanted + 1000);
    let found = place.checked_sub(1).map(|place| moments[place].at);
    found.ok_or_else(|| {
        let clock = |moment| clock(ms(moment), zone);
        format!(
            "there is nothing of that time: it goes from {} to {}",
            clock(first),
            clock(last)
        )
    })
}

fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(str::parse::<u32>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    let right = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    right.then(|| i64::from(hour * 3600 + minute * 60 + second) * 1000)
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

    #[test]
    fn what_people_write_is_found() {
        let from = 1_700_000_000_000_u64; // 22:13:20 UTC
        let moment = |i: u64| Moment {
            at: Nanos(i),
            summary: Summary {
                unix_ms: from + i * 1000,
                cpu: None,
                memory: None,
                pressure: None,
                marks: Marks::default(),
            },
        };
        let moments: Vec<Moment> = (0..600).map(moment).collect();
        let find = |text| find(text, &moments, &Zone::default());
        assert_eq!(find("22:13:20"), Ok(Nanos(0)));
        assert_eq!(find("22:14"), Ok(Nanos(40)));
        assert_eq!(find("-5m"), Ok(Nanos(299)));
        assert!(find("-9m59s").is_err());
        assert!(find("21:00").is_err_and(|why| why.contains("22:13:20 to 22:23:19")));
        assert!(find("").is_err() && find("25:00").is_err() && find("-").is_err());
        assert_eq!(
            super::find("23:14", &moments, &Zone::fixed(3600)),
            Ok(Nanos(40))
        );
    }
}
