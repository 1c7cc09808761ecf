//! Temperatures, fans and power, where the machine tells them. Nothing is known of a machine without sensors.

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
    /// What is measured, where the driver says so: `Package id 0`.
    pub label: Option<SafeText>,
    /// Degrees Celsius; `Late` where the sensor does not answer, `Unsupported` for nothing or what no part survives.
    pub celsius: Reading<f32>,
    /// From where the machine protects itself, degrees Celsius.
    pub critical: Option<f32>,
}

/// One fan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fan {
    /// The driver that tells it.
    pub chip: SafeText,
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

impl Sensors {
    /// Each with its name, its value in words, and whether that is a warning.
    pub fn words(&self) -> Vec<(String, String, bool)> {
        let name = |chip: &SafeText, label: &Option<SafeText>| match label {
            Some(label) => format!("{chip} {label}"),
            None => chip.to_string(),
        };
        let temperatures = self.temperatures.iter().map(|t| {
            let critical = t.critical.map(|c| format!(" of {c:.0} °C allowed"));
            let text = match t.celsius {
                Ok(now) => format!("{now:.0} °C{}", critical.unwrap_or_default()),
                Err(Missing::Late) => "– does not answer".to_owned(),
                Err(_) => "– tells no temperature".to_owned(),
            };
            (name(&t.chip, &t.label), text, t.is_hot())
        });
        let fans = self.fans.iter().map(|f| {
            let text = format!("{} turns a minute", f.rpm);
            (name(&f.chip, &f.label), text, false)
        });
        let supplies = self.supplies.iter().map(|s| {
            let name = format!("{} {}", s.kind.to_lowercase(), s.name);
            (name, s.words(), s.is_low())
        });
        temperatures.chain(fans).chain(supplies).collect()
    }
}
