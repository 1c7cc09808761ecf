//! A pace or a span as people write it: `1s`, `250ms`, `2m`, `24h`, `7d`, `0.5`.

use super::id::Nanos;

const HOW: &str = "write a number with ms, s, m, h or d: 500ms, 2s, 1m";
/// What is longer is not told apart from for ever.
const LONGEST: f64 = 1e18;

/// Reads a pace or a span, from 10 ms to one hour.
///
/// # Errors
/// Says how to write one.
pub fn parse(text: &str) -> Result<Nanos, String> {
    match parse_any(text)? {
        span if (10_000_000..=3_600_000_000_000).contains(&span.0) => Ok(span),
        _ => Err("it goes from 10ms to 1h".to_owned()),
    }
}

/// Reads a span of any length but none.
///
/// # Errors
/// Says how to write one.
pub fn parse_any(text: &str) -> Result<Nanos, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-'));
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let scale = match unit.trim() {
        "ms" => 1e6,
        "" | "s" => 1e9,
        "m" | "min" => 60e9,
        "h" => 3600e9,
        "d" => 86_400e9,
        _ => return Err(HOW.to_owned()),
    };
    let nanos = number.parse::<f64>().map_err(|_| HOW.to_owned())? * scale;
    if nanos < 1.0 {
        Err("it must be longer than nothing: 500ms, 2s, 1m".to_owned())
    } else if nanos >= LONGEST {
        Err("it is longer than thirty years: write less, as 24h or 7d".to_owned())
    } else {
        Ok(Nanos(nanos as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ms) in [
            ("1s", 1000),
            ("250ms", 250),
            ("2m", 120_000),
            ("0.5", 500),
            ("1h", 3_600_000),
        ] {
            assert_eq!(parse(text), Ok(Nanos::from_millis(ms)), "{text}");
        }
        for text in [
            "", "s", "1w", "0", "1ms", "-1s", "1.2.3s", "2h", "1d", "--1s", "1-s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse_any("2h"), Ok(Nanos::from_millis(7_200_000)));
        assert_eq!(parse_any("7d"), parse_any("168h"));
        assert_eq!(parse_any("0.000001ms"), Ok(Nanos(1)));
        for (text, said) in [
            ("", HOW),
            ("5 parsecs", HOW),
            ("inf", HOW),
            ("--for", HOW),
            ("0s", "longer than nothing"),
            ("-1s", "longer than nothing"),
            ("99999999999h", "thirty years"),
        ] {
            let why = parse_any(text).expect_err(text);
            assert!(why.contains(said), "{text}: {why}");
        }
    }
}
