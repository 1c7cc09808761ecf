//! `/sys/class/hwmon` and `/sys/class/power_supply`: temperatures, fans and power, kernel `hwmon/sysfs-interface` and
//! `power/power_supply_class`. Writes nothing and wakes no sensor that sleeps: those answer with an error.
//!
//! sysinfo knows temperatures, but no fans and no batteries, reads in the thread that asks, where one sick chip would keep all,
//! and does not say why one is missing; so files are read here, each by `asker`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::detail::{Detail, Stamped};
use crate::model::machine::sensor::{Fan, Sensors, Supply, Temperature};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{asker, clock};

/// What a part of a running machine may have, degrees Celsius.
const POSSIBLE: std::ops::RangeInclusive<f32> = -60.0..=200.0;

/// No file of a sensor is longer: the kernel gives a page at most.
const LONGEST: u32 = 4096;

/// Reads all sensors while they are shown; a chip can take milliseconds, so not at every tick.
#[derive(Debug)]
pub struct SensorReader {
    root: ProcRoot,
}

impl SensorReader {
    /// Over a sys tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self { root: root.clone() }
    }
}

impl Source<Detail> for SensorReader {
    fn name(&self) -> &'static str {
        "sensors"
    }

    fn probe(&self) -> Probe {
        Probe::Path {
            path: "/sys/class/hwmon",
            gives: "temperatures, fans, batteries",
            lacks: "",
        }
    }

    fn fills(&self) -> Needs {
        Needs::SENSORS
    }

    fn pace_ms(&self) -> u64 {
        2000
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let sensors = read_now(&self.root);
        into.machine.sensors = Some(Stamped::new(clock::now(), Ok(sensors)));
        Ok(())
    }
}

/// Reads all sensors once; what a driver does not tell is not there.
pub fn read_now(root: &ProcRoot) -> Sensors {
    let mut sensors = Sensors::default();
    for dir in entries(&root.sys("class/hwmon")) {
        chip(&dir, &mut sensors);
    }
    let supplies = entries(&root.sys("class/power_supply"));
    sensors.supplies = supplies.iter().filter_map(|dir| supply(dir)).collect();
    // Stable, so that equal ones keep the order of their chips.
    let share = |t: &Temperature| t.celsius.unwrap_or(f32::MIN) / t.critical.unwrap_or(f32::MAX);
    sensors
        .temperatures
        .sort_by(|a, b| share(b).total_cmp(&share(a)));
    sensors
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = found.map(|e| e.path()).collect();
    paths.sort();
    paths
}

/// One chip: `temp1_input` in thousandths of a degree, `temp1_label`, `temp1_crit`, `fan1_input` in turns a minute.
fn chip(dir: &Path, into: &mut Sensors) {
    let Some(name) = text(&dir.join("name")) else {
        return;
    };
    for path in entries(dir) {
        let file = path.file_name().and_then(|n| n.to_str());
        let Some(sensor) = file.and_then(|n| n.strip_suffix("_input")) else {
            continue;
        };
        let beside = |what: &str| dir.join(format!("{sensor}_{what}"));
        let label = text(&beside("label"));
        if sensor.starts_with("temp") {
            let celsius = match asker::read(&path, LONGEST) {
                // Drivers that have lost their chip tell thousands of degrees, or nothing.
                Ok(text) => parsed(&text)
                    .map(|n| n as f32 / 1000.0)
                    .filter(|c| POSSIBLE.contains(c))
                    .ok_or(Missing::Unsupported),
                Err(why) => Err(why),
            };
            // Drivers without a limit write 0 or thousands of degrees.
            let limit = |what| thousandths(&beside(what)).filter(|c| (1.0..500.0).contains(c));
            into.temperatures.push(Temperature {
                chip: name.clone(),
                label,
                celsius,
                critical: limit("crit").or_else(|| limit("max")),
            });
        } else if sensor.starts_with("fan")
            && let Some(rpm) = number(&path).and_then(|n| u64::try_from(n).ok())
        {
            into.fans.push(Fan {
                chip: name.clone(),
                label,
                rpm,
            });
        }
    }
}

/// One battery or plug: `type`, `status`, `capacity`, `online`, and power in millionths of a watt.
fn supply(dir: &Path) -> Option<Supply> {
    // The battery of a mouse or a headset says `Device`.
    if text(&dir.join("scope")).as_deref() == Some("Device") {
        return None;
    }
    let file = |name: &str| number(&dir.join(name));
    let millionths = |name: &str| file(name).map(|n| n.unsigned_abs() as f32 / 1e6);
    let product = || Some(millionths("current_now")? * millionths("voltage_now")?);
    let kind = text(&dir.join("type"))?;
    let battery = matches!(kind.as_str(), "Battery" | "UPS");
    Some(Supply {
        name: SafeText::from_bytes(dir.file_name()?.as_encoded_bytes()),
        state: text(&dir.join("status")).filter(|s| battery && s.as_str() != "Unknown"),
        percent: file("capacity").map(|n| n as f32),
        watts: millionths("power_now").or_else(product).filter(|_| battery),
        online: file("online").filter(|_| !battery).map(|n| n != 0),
        kind,
    })
}

fn text(path: &Path) -> Option<SafeText> {
    let text = asker::read(path, LONGEST).ok()?;
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| SafeText::from_bytes(text))
}

/// A number such as `-1500`.
fn number(path: &Path) -> Option<i64> {
    parsed(&asker::read(path, LONGEST).ok()?)
}

fn parsed(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

fn thousandths(path: &Path) -> Option<f32> {
    number(path).map(|n| n as f32 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Sensors) {
        let dir = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = dir.path().join("sys/class").join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        }
        let sensors = read_now(&ProcRoot::fixture(dir.path()));
        (dir, sensors)
    }

    #[test]
    fn a_machine_without_sensors_tells_nothing() {
        let (_dir, sensors) = machine(&[]);
        assert_eq!(sensors, Sensors::default());
        assert!(sensors.words().is_empty());
    }

    #[test]
    fn what_tells_no_temperature_is_not_the_hottest() {
        let (dir, _) = machine(&[
            ("hwmon/hwmon0/name", "fake"),
            ("hwmon/hwmon0/temp2_input", "65261000"),
            ("hwmon/hwmon0/temp3_input", ""),
            ("hwmon/hwmon0/temp4_input", "41000"),
        ]);
        let fifo = dir.path().join("sys/class/hwmon/hwmon0/temp1_input");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("made");
        let sensors = read_now(&ProcRoot::fixture(dir.path()));
        let told: Vec<_> = sensors.temperatures.iter().map(|t| t.celsius).collect();
        let nothing = Err(Missing::Unsupported);
        assert_eq!(told, [Ok(41.0), nothing, nothing, nothing]);
    }

    #[test]
    fn hostile_text_is_made_harmless() {
        let (_dir, sensors) = machine(&[
            ("hwmon/hwmon0/name", "a\u{1b}[31m\n"),
            ("hwmon/hwmon0/temp1_input", "40000"),
            ("hwmon/hwmon0/fan1_input", "-5"),
        ]);
        assert!(!sensors.temperatures[0].chip.contains('\u{1b}'));
        assert!(sensors.fans.is_empty());
    }
}
