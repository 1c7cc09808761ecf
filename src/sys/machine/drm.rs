//! Graphics cards of AMD, Intel and others, as their drivers tell of them in `/sys/class/drm` and in the `hwmon` below it
//! (kernel `gpu/amdgpu/driver-misc`, `gpu/drm-usage-stats`). Who uses them is told by descriptors, which are not read here.
//!
//! Only cards with a render node count: what merely shows a console computes for nobody. A card that sleeps is not asked, since
//! being asked would wake it. NVIDIA's own driver tells nothing here. Everything is asked by [`asker`]: a sick driver never
//! answers.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::model::id::{Bytes, Nanos};
use crate::model::machine::gpu::{Card, share};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;
use crate::sys::{asker, fields};

/// Cards come and go (an eGPU, a driver that is loaded late): they are looked for again after this.
const AGAIN: Duration = Duration::from_secs(30);
/// No number is longer.
const LONGEST: u32 = 64;
/// The list of what is called what has one and a half megabytes.
const LIST: u32 = 8 << 20;
/// Where that list may lie.
const LISTS: [&str; 3] = [
    "/usr/share/hwdata/pci.ids",
    "/usr/share/misc/pci.ids",
    "/usr/share/pci.ids",
];

/// What is read of a card at each reading, below its own directory.
const OF_CARD: [&str; 7] = [
    "device/gpu_busy_percent",
    "device/mem_busy_percent",
    "device/mem_info_vram_used",
    "device/mem_info_vram_total",
    // Intel: i915, and xe.
    "gt_act_freq_mhz",
    "gt_cur_freq_mhz",
    "device/tile0/gt0/freq0/act_freq",
];
/// The same of its sensors.
const OF_SENSORS: [&str; 9] = [
    "temp1_input",
    "temp2_input",
    "power1_average",
    "power1_input",
    "power1_cap",
    "power1_max",
    "freq1_input",
    "freq2_input",
    "energy1_input",
];

/// Where a card is on its bus, and who drives it: how descriptors name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// `0000:03:00.0`; empty where it is on no bus.
    pub slot: SafeText,
    /// `amdgpu`.
    pub driver: SafeText,
}

/// A card that was found.
#[derive(Debug)]
struct Found {
    dir: PathBuf,
    sensors: Option<PathBuf>,
    place: Place,
    name: SafeText,
    /// When its energy was read last, and how much it was, microjoules.
    energy: Option<(Nanos, u64)>,
}

/// The cards of this machine.
#[derive(Debug)]
pub struct Cards {
    root: ProcRoot,
    found: Vec<Found>,
    looked: Option<Instant>,
}

/// Whether there is a card; asks nobody but the kernel's own list.
///
/// # Errors
/// `Unsupported` where there is no such list since `/sys` is not there, `Denied` where it may not be looked at.
pub fn there(root: &ProcRoot) -> Reading<bool> {
    let is_card = |name: &String| {
        let driver = root.sys(format!("class/drm/{name}/device/driver"));
        let driver = std::fs::read_link(driver).ok();
        let driver = driver.as_deref().and_then(|d| d.file_name());
        driver.is_some_and(|driver| driver != "nvidia") && renders(root, name)
    };
    let why = |of: &str| match std::fs::read_dir(root.sys(of)).map_err(Missing::from) {
        Ok(_) => None,
        Err(Missing::Gone) => Some(Missing::Unsupported),
        Err(why) => Some(why),
    };
    match why("class/drm") {
        None => Ok(names(root).iter().any(is_card)),
        // Without a driver of cards there is no such class, if there are classes at all.
        Some(Missing::Unsupported) => why("class").map_or(Ok(false), Err),
        Some(why) => Err(why),
    }
}

/// `card0`, `card1` of `/sys/class/drm`, without their connectors (`card0-DP-1`).
fn names(root: &ProcRoot) -> Vec<String> {
    let entries = std::fs::read_dir(root.sys("class/drm"));
    let entries = entries.into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut all: Vec<(u32, String)> = names
        .filter_map(|name| Some((name.strip_prefix("card")?.parse().ok()?, name)))
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, name)| name).collect()
}

/// Whether programs can compute or draw with a card.
fn renders(root: &ProcRoot, name: &str) -> bool {
    let nodes = std::fs::read_dir(root.sys(format!("class/drm/{name}/device/drm")));
    let mut nodes = nodes.into_iter().flatten().filter_map(Result::ok);
    nodes.any(|node| node.file_name().as_encoded_bytes().starts_with(b"render"))
}

impl Cards {
    /// Over a sys tree; nothing is read yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            found: Vec::new(),
            looked: None,
        }
    }

    /// Every card with what is told of it now; who uses it is not.
    pub fn read(&mut self, now: Nanos) -> Vec<(Place, Card)> {
        if self.looked.is_none_or(|at| at.elapsed() >= AGAIN) {
            self.looked = Some(Instant::now());
            self.look();
        }
        let dirs = || self.found.iter().map(|card| &card.dir);
        let status = dirs().map(|dir| dir.join("device/power/runtime_status"));
        let asleep: Vec<bool> = asker::regular(status.collect(), LONGEST)
            .into_iter()
            .map(|text| text.is_ok_and(|text| text.trim_ascii() == b"suspended"))
            .collect();
        let mut paths = Vec::new();
        for card in self.awake(&asleep) {
            paths.extend(OF_CARD.map(|file| card.dir.join(file)));
            let sensors = card.sensors.clone().unwrap_or_default();
            paths.extend(OF_SENSORS.map(|file| sensors.join(file)));
        }
        let told: Vec<Reading<u64>> = asker::regular(paths, LONGEST)
            .into_iter()
            .map(|text| match text {
                Ok(text) => fields::number(text.trim_ascii()).ok_or(Missing::Unsupported),
                // No such file: the driver does not tell it.
                Err(Missing::Gone) => Err(Missing::Unsupported),
                Err(why) => Err(why),
            })
            .collect();
        let mut told = told.chunks(OF_CARD.len() + OF_SENSORS.len());
        let cards = self.found.iter_mut().zip(&asleep);
        cards
            .map(|(found, asleep)| {
                let card = match (asleep, told.next().filter(|_| !asleep)) {
                    (false, Some(told)) => found.card(told, now),
                    _ => found.asleep(),
                };
                (found.place.clone(), card)
            })
            .collect()
    }

    fn awake<'a>(&'a self, asleep: &'a [bool]) -> impl Iterator<Item = &'a Found> {
        let both = self.found.iter().zip(asleep);
        both.filter(|(_, asleep)| !**asleep).map(|(card, _)| card)
    }

    /// Looks for cards; those that are known keep what was counted.
    fn look(&mut self) {
        let mut before = std::mem::take(&mut self.found);
        let names = names(&self.root).into_iter();
        for name in names.filter(|name| renders(&self.root, name)) {
            let dir = self.root.sys(format!("class/drm/{name}"));
            let event = asker::read(&dir.join("device/uevent"), 4096).unwrap_or_default();
            let of = |key: &[u8]| {
                fields::lines(&event).find_map(|line| line.strip_prefix(key)?.strip_prefix(b"="))
            };
            let place = Place {
                slot: SafeText::from_bytes(of(b"PCI_SLOT_NAME").unwrap_or_default()),
                driver: SafeText::from_bytes(of(b"DRIVER").unwrap_or_default()),
            };
            if place.driver.is_empty() || place.driver.as_str() == "nvidia" {
                continue;
            }
            let known = before.iter().position(|c| c.dir == dir && c.place == place);
            if let Some(at) = known {
                self.found.push(before.swap_remove(at));
                continue;
            }
            let sensors = asker::list(&dir.join("device/hwmon"), 4096).unwrap_or_default();
            let sensors = sensors.first().map(|name| {
                let name = String::from_utf8_lossy(name).into_owned();
                dir.join("device/hwmon").join(name)
            });
            let product = asker::read(&dir.join("device/product_name"), 256).unwrap_or_default();
            let id = of(b"PCI_ID").unwrap_or_default();
            self.found.push(Found {
                name: match product.trim_ascii() {
                    [] => self.name(id, &place),
                    name => SafeText::from_bytes(name),
                },
                dir,
                sensors,
                place,
                energy: None,
            });
        }
    }

    /// What the numbers of its maker stand for, where the machine has a list of them; else the maker and the numbers.
    fn name(&self, id: &[u8], place: &Place) -> SafeText {
        let Some((vendor, device)) = ids(id) else {
            return place.driver.clone();
        };
        let paths = LISTS.map(|path| self.root.whole(path)).to_vec();
        let lists = asker::regular(paths, LIST);
        let listed = lists.into_iter().flatten();
        if let Some(name) = listed
            .into_iter()
            .find_map(|l| called(&l, &vendor, &device))
        {
            return name;
        }
        let maker = match vendor.as_str() {
            "1002" => "AMD",
            "8086" => "Intel",
            "10de" => "NVIDIA",
            _ => "card",
        };
        format!("{maker} {vendor}:{device}").into()
    }
}

/// `1002:73BF` in the small letters of the list.
fn ids(id: &[u8]) -> Option<(String, String)> {
    let (vendor, device) = std::str::from_utf8(id).ok()?.split_once(':')?;
    Some((vendor.to_lowercase(), device.to_lowercase()))
}

/// Looks a device up in `pci.ids`: a line `1002  Advanced Micro Devices, Inc. [AMD/ATI]`, and below it
/// `\t73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]`. What stands in brackets is what people call them.
pub(crate) fn called(list: &[u8], vendor: &str, device: &str) -> Option<SafeText> {
    let mut lines = fields::lines(list);
    let after =
        |line: &[u8], key: &str| Some(line.strip_prefix(key.as_bytes())?.trim_ascii().to_vec());
    let maker = lines.find_map(|line| after(line, vendor))?;
    let mut of_maker = lines.take_while(|line| line.is_empty() || matches!(line[0], b'\t' | b'#'));
    let name = of_maker.find_map(|line| after(line.strip_prefix(b"\t")?, device))?;
    let short = |text: &[u8]| {
        let open = text.iter().rposition(|b| *b == b'[')?;
        let inner = text.get(open + 1..)?.strip_suffix(b"]")?;
        Some(String::from_utf8_lossy(inner).into_owned())
    };
    let whole = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let maker = match short(&maker).unwrap_or_else(|| whole(&maker)) {
        maker if maker.starts_with("AMD") => "AMD".to_owned(),
        maker => maker.replace(" Corporation", ""),
    };
    let name = short(&name).unwrap_or_else(|| whole(&name));
    Some(format!("{maker} {name}").into())
}

impl Found {
    fn asleep(&mut self) -> Card {
        self.energy = None;
        Card {
            name: self.name.clone(),
            driver: self.place.driver.clone(),
            asleep: true,
            ..Card::default()
        }
    }

    fn card(&mut self, told: &[Reading<u64>], now: Nanos) -> Card {
        let (card, sensors) = told.split_at(OF_CARD.len());
        let first = |of: &[Reading<u64>]| {
            let found = of.iter().find(|r| r.is_ok() || **r == Err(Missing::Late));
            found.copied().unwrap_or(Err(Missing::Unsupported))
        };
        let percent = |of: Reading<u64>| of.and_then(|n| share(u32::try_from(n).unwrap_or(101)));
        let energy = sensors[8];
        let by_energy = self.watts(energy, now);
        let micro = |of: Reading<u64>| of.map(|n| n as f32 / 1e6);
        let mhz = |of: Reading<u64>| of.map(|hertz| (hertz / 1_000_000) as u32);
        Card {
            name: self.name.clone(),
            driver: self.place.driver.clone(),
            busy: percent(card[0]),
            memory_busy: percent(card[1]),
            used: card[2].map(Bytes),
            total: card[3].map(Bytes),
            temperature: first(&sensors[0..2]).map(|t| t as f32 / 1000.0),
            power: micro(first(&sensors[2..4])).or(by_energy),
            power_limit: micro(first(&sensors[4..6])),
            clock: mhz(sensors[6]).or_else(|_| first(&card[4..7]).map(|n| n as u32)),
            memory_clock: mhz(sensors[7]),
            ..Card::default()
        }
    }

    /// What it drew since its energy was read last.
    fn watts(&mut self, energy: Reading<u64>, now: Nanos) -> Reading<f32> {
        let energy = energy?;
        let (at, before) = self.energy.replace((now, energy)).ok_or(Missing::Soon)?;
        let span = now.since(at).seconds();
        let used = energy.checked_sub(before).filter(|_| span > 0.0);
        used.map(|used| (used as f64 / 1e6 / span) as f32)
            .ok_or(Missing::Soon)
    }
}

#[cfg(test)]
mod tests;
