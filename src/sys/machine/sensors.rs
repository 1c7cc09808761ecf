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
use crate::model::reading::{Missing, Reading};
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
        Probe::Examined(&["sensors"])
    }

    fn fills(&self) -> Needs {
        Needs::SENSORS
    }

    fn pace_ms(&self) -> u64 {
        2000
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let sensors = read_now(&self.root);
        into.machine.sensors = Some(Stamped::new(clock::now(), sensors));
        Ok(())
    }
}

/// Reads all sensors once; what a driver does not tell is not there.
///
/// # Errors
/// `Denied` where its folders may not be read, `Unsupported` where nobody tells what devices there are: `/sys` is missing.
pub fn read_now(root: &ProcRoot) -> Reading<Sensors> {
    let mut sensors = Sensors::default();
    let [chips, supplies] = ["hwmon", "power_supply"].map(|name| class(root, name));
    let found = |of: &Reading<Vec<PathBuf>>| of.as_ref().is_ok_and(|all| !all.is_empty());
    if !found(&chips) && !found(&supplies) {
        // That there is nothing is known where both say so.
        chips.as_ref().and(supplies.as_ref()).map_err(|why| *why)?;
    }
    let (chips, supplies) = (chips.unwrap_or_default(), supplies.unwrap_or_default());
    for dir in chips {
        chip(&dir, &mut sensors);
    }
    sensors.supplies = supplies.iter().filter_map(|dir| supply(dir)).collect();
    // Stable, so that equal ones keep the order of their chips.
    let share = |t: &Temperature| t.celsius.unwrap_or(f32::MIN) / t.critical.unwrap_or(f32::MAX);
    sensors
        .temperatures
        .sort_by(|a, b| share(b).total_cmp(&share(a)));
    Ok(sensors)
}

/// What there is of one class; nothing where no driver has made it.
fn class(root: &ProcRoot, name: &str) -> Reading<Vec<PathBuf>> {
    let dir = root.sys(format!("class/{name}"));
    match fs::read_dir(&dir).map_err(Missing::from) {
        Ok(_) => Ok(entries(&dir)),
        Err(Missing::Gone) if fs::read_dir(root.sys("class")).is_ok() => Ok(Vec::new()),
        Err(Missing::Denied) => Err(Missing::Denied),
        Err(_) => Err(Missing::Unsupported),
    }
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
        let folder = dir.file_name().unwrap_or_default().as_encoded_bytes();
        let place = SafeText::from_bytes(&[folder, b"/", sensor.as_bytes()].concat());
        if sensor.starts_with("temp") {
            let told = asker::read(&path, LONGEST);
            // Drivers that have lost their chip tell thousands of degrees, or nothing.
            let possible = |text: &Vec<u8>| {
                let celsius = parsed(text).map(|n| n as f32 / 1000.0);
                celsius
                    .filter(|c| POSSIBLE.contains(c))
                    .ok_or(Missing::Unsupported)
            };
            let celsius = told.as_ref().map_err(|why| *why).and_then(possible);
            let late = celsius == Err(Missing::Late);
            let silent = late.then(|| asker::silent_for(&path)).flatten();
            let told = told.ok().filter(|_| celsius.is_err());
            // Drivers without a limit write 0 or thousands of degrees.
            let limit = |what| thousandths(&beside(what)).filter(|c| (1.0..500.0).contains(c));
            into.temperatures.push(Temperature {
                chip: name.clone(),
                place,
                label,
                celsius,
                told: told.map(|text| SafeText::from_bytes(cut(text.trim_ascii()))),
                silent,
                critical: limit("crit").or_else(|| limit("max")),
            });
        } else if sensor.starts_with("fan")
            && let Some(rpm) = number(&path).and_then(|n| u64::try_from(n).ok())
        {
            into.fans.push(Fan {
                chip: name.clone(),
                place,
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

/// As much of it as is told where it is no number.
fn cut(text: &[u8]) -> &[u8] {
    &text[..text.len().min(20)]
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
        fs::create_dir_all(dir.path().join("sys/class")).expect("made");
        let sensors = read_now(&ProcRoot::fixture(dir.path())).expect("readable");
        (dir, sensors)
    }

    #[test]
    fn a_machine_without_sensors_tells_nothing() {
        let (_dir, sensors) = machine(&[]);
        assert_eq!(sensors, Sensors::default());
        assert!(sensors.words().is_empty());
    }

    #[test]
    fn where_nobody_tells_of_devices_that_there_are_no_sensors_is_not_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let told = read_now(&ProcRoot::fixture(dir.path()));
        assert_eq!(told, Err(Missing::Unsupported));
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
        let sensors = read_now(&ProcRoot::fixture(dir.path())).expect("readable");
        let told: Vec<_> = sensors.temperatures.iter().map(|t| t.celsius).collect();
        let nothing = Err(Missing::Unsupported);
        assert_eq!(told, [Ok(41.0), nothing, nothing, nothing]);
        let words = sensors.words();
        let words: Vec<_> = words
            .iter()
            .map(|(n, w, _)| (n.as_str(), w.as_str()))
            .collect();
        assert_eq!(
            words,
            [
                ("fake hwmon0/temp4", "41 °C"),
                ("fake hwmon0/temp1", "– tells nothing"),
                (
                    "fake hwmon0/temp2",
                    "– tells 65261 °C, which no part survives"
                ),
                ("fake hwmon0/temp3", "– tells nothing"),
            ]
        );
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
