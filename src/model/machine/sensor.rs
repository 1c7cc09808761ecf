//! Temperatures, fans and power, where the machine tells them. Nothing is known of a machine without sensors.

use crate::model::format;
use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// All of them; each list is empty where there is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sensors {
    /// Temperatures, the hottest against its limit first.
    pub temperatures: Vec<Temperature>,
    /// Fans.
    pub fans: Vec<Fan>,
    /// Batteries and mains.
    pub supplies: Vec<Supply>,
}

/// One temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct Temperature {
    /// The driver that tells it: `coretemp`.
    pub chip: SafeText,
    /// Where it stands below `/sys/class/hwmon`: `hwmon0/temp1`.
    pub place: SafeText,
    /// What is measured, where the driver says so: `Package id 0`.
    pub label: Option<SafeText>,
    /// Degrees Celsius; `Late` where the sensor does not answer, `Unsupported` for nothing or what no part survives.
    pub celsius: Reading<f32>,
    /// What the driver told, where that is no temperature; empty for nothing.
    pub told: Option<SafeText>,
    /// For how long it had not answered when it was asked last; `None` where it does.
    pub silent: Option<Nanos>,
    /// From where the machine protects itself, degrees Celsius.
    pub critical: Option<f32>,
}

/// One fan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fan {
    /// The driver that tells it.
    pub chip: SafeText,
    /// Where it stands below `/sys/class/hwmon`: `hwmon0/fan1`.
    pub place: SafeText,
    /// Which fan, where the driver says so.
    pub label: Option<SafeText>,
    /// Revolutions a minute; 0 while it stands still.
    pub rpm: u64,
}

/// A battery or a plug.
#[derive(Clone, Debug, PartialEq)]
pub struct Supply {
    /// Its name: `BAT0`.
    pub name: SafeText,
    /// `Battery`, `Mains`, `USB`, `UPS`.
    pub kind: SafeText,
    /// `Charging`, `Discharging`, `Full`.
    pub state: Option<SafeText>,
    /// How full it is.
    pub percent: Option<f32>,
    /// Power that flows in or out.
    pub watts: Option<f32>,
    /// Of mains: whether it is plugged in.
    pub online: Option<bool>,
}

impl Temperature {
    /// Its value, or why there is none.
    fn words(&self) -> String {
        let why = match (self.celsius, &self.told) {
            (Ok(now), _) => {
                let critical = self.critical.map(|c| format!(" of {c:.0} °C allowed"));
                return format!("{now:.0} °C{}", critical.unwrap_or_default());
            }
            (Err(Missing::Late), _) => match self.silent {
                Some(lasts) => format!("has not answered for {}", format::duration(lasts)),
                None => "does not answer".to_owned(),
            },
            (Err(Missing::Denied), _) => "denied".to_owned(),
            (Err(_), None) => "cannot be read".to_owned(),
            (Err(_), Some(told)) if told.is_empty() => "tells nothing".to_owned(),
            (Err(_), Some(told)) => match told.parse::<i64>() {
                Ok(n) => format!("tells {:.0} °C, which no part survives", n as f64 / 1000.0),
                Err(_) => format!("tells '{told}', which is no temperature"),
            },
        };
        format!("– {why}")
    }

    /// Whether less than a tenth is left to its limit.
    pub fn is_hot(&self) -> bool {
        let near = |limit: f32| self.celsius.is_ok_and(|now| now >= limit * 0.9);
        self.critical.is_some_and(near)
    }
}

impl Supply {
    /// Whether it is a battery that runs and is nearly empty.
    pub fn is_low(&self) -> bool {
        let runs = self.state.as_deref() == Some("Discharging");
        runs && self.percent.is_some_and(|p| p < 10.0)
    }

    fn words(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.percent.map(|p| format!("{p:.0}%")));
        parts.extend(self.state.as_deref().map(str::to_lowercase));
        parts.extend(self.watts.map(|w| format!("{w:.1} W")));
        parts.extend(self.online.map(|on| {
            let word = if on { "plugged in" } else { "not plugged in" };
            word.to_owned()
        }));
        parts.join(", ")
    }
}

/// Chip, label and place of a sensor.
type Named<'a> = (&'a SafeText, &'a Option<SafeText>, &'a SafeText);

/// What a sensor is called: by its chip and label, and by its place too where others are called the same.
fn name(of: Named<'_>, among: &[Named<'_>]) -> String {
    let (chip, label, place) = of;
    let alike = among.iter().filter(|(c, l, _)| (*c, *l) == (chip, label));
    match (label, alike.count() > 1) {
        (Some(label), false) => format!("{chip} {label}"),
        (Some(label), true) => format!("{chip} {label} ({place})"),
        (None, false) => chip.to_string(),
        (None, true) => format!("{chip} {place}"),
    }
}

impl Sensors {
    /// Which tell no temperature and why, where there are such.
    pub fn silent(&self) -> Option<String> {
        let all = self.words().into_iter().zip(&self.temperatures);
        let silent = all.filter(|(_, t)| t.celsius.is_err());
        let silent: Vec<String> = silent
            .map(|((name, text, _), _)| format!("{name} {}", text.trim_start_matches("– ")))
            .collect();
        (!silent.is_empty()).then(|| silent.join("; "))
    }

    /// Each with its name, its value in words, and whether that is a warning.
    pub fn words(&self) -> Vec<(String, String, bool)> {
        let temperatures = self.temperatures.iter();
        let named = temperatures.clone().map(|t| (&t.chip, &t.label, &t.place));
        let named: Vec<Named<'_>> = named
            .chain(self.fans.iter().map(|f| (&f.chip, &f.label, &f.place)))
            .collect();
        let name = |of: Named<'_>| name(of, &named);
        let temperatures = temperatures.map(|t| {
            let name = name((&t.chip, &t.label, &t.place));
            (name, t.words(), t.is_hot())
        });
        let fans = self.fans.iter().map(|f| {
            let text = format!("{} turns a minute", f.rpm);
            (name((&f.chip, &f.label, &f.place)), text, false)
        });
        let supplies = self.supplies.iter().map(|s| {
            let name = format!("{} {}", s.kind.to_lowercase(), s.name);
            (name, s.words(), s.is_low())
        });
        temperatures.chain(fans).chain(supplies).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temperature(place: &str, celsius: Reading<f32>) -> Temperature {
        Temperature {
            chip: "nvme".into(),
            place: place.into(),
            label: None,
            celsius,
            told: None,
            silent: None,
            critical: Some(100.0),
        }
    }

    #[test]
    fn what_is_near_its_limit_is_a_warning() {
        for (celsius, hot) in [
            (Ok(89.9), false),
            (Ok(90.0), true),
            (Err(Missing::Late), false),
        ] {
            assert_eq!(temperature("a", celsius).is_hot(), hot, "{celsius:?}");
        }
        for (state, percent, low) in [
            ("Discharging", Some(9.9), true),
            ("Discharging", Some(10.0), false),
            ("Charging", Some(5.0), false),
            ("Discharging", None, false),
        ] {
            let supply = Supply {
                name: "BAT0".into(),
                kind: "Battery".into(),
                state: Some(state.into()),
                percent,
                watts: None,
                online: None,
            };
            assert_eq!(supply.is_low(), low, "{state} {percent:?}");
        }
    }

    #[test]
    fn those_that_tell_nothing_are_named_with_the_reason() {
        let mut sensors = Sensors {
            temperatures: vec![temperature("hwmon0/temp1", Ok(40.0))],
            ..Sensors::default()
        };
        assert_eq!(sensors.silent(), None);
        assert_eq!(sensors.words()[0].0, "nvme", "there is no other");
        let told = |told: Option<&str>| Temperature {
            told: told.map(Into::into),
            ..temperature("hwmon1/temp1", Err(Missing::Unsupported))
        };
        for (told, words) in [
            (told(Some("")), "tells nothing"),
            (told(Some("x")), "tells 'x', which is no temperature"),
            (told(Some("900000")), "tells 900 °C, which no part survives"),
            (told(None), "cannot be read"),
        ] {
            sensors.temperatures.truncate(1);
            sensors.temperatures.push(told);
            let silent = sensors.silent();
            assert_eq!(silent, Some(format!("nvme hwmon1/temp1 {words}")));
        }
    }
}
