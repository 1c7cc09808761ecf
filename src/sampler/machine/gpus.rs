//! Graphics cards and who uses them: NVIDIA's as its library tells it, the others by their drivers' files joined with the
//! descriptors that processes hold of them. Only while somebody shows them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::model::descriptors::descriptor::gpu::{Engine, Gpu};
use crate::model::descriptors::descriptor::{About, Info};
use crate::model::descriptors::peer::{HolderIndex, Object, Tables};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Nanos, Pid};
use crate::model::machine::gpu::{Card, Gpus, User};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::sampler::descriptors::joined::shared::{self, Shared};
use crate::sys::descriptors::fds::Fds;
use crate::sys::machine::drm::{Cards, Place};
use crate::sys::machine::{drm, gpus};
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{asker, clock};

/// One client of a card, as its driver numbers them; where it does not, a descriptor of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Client {
    Numbered(Place, u64),
    Of(Pid, u32),
}

/// Reads cards, and remembers what their engines had done.
pub struct Graphics {
    root: ProcRoot,
    shared: Shared,
    cards: Option<Cards>,
    before: HashMap<Client, (Nanos, Vec<Engine>)>,
    took_ms: u64,
    whole: bool,
}

/// A client of a card and whose it is.
struct Use {
    of: Pid,
    place: Place,
    client: Client,
    gpu: Gpu,
}

impl Graphics {
    /// Over the index that other sources use too.
    pub fn new(root: &ProcRoot, shared: Shared) -> Self {
        Self {
            root: root.clone(),
            shared,
            cards: None,
            before: HashMap::new(),
            took_ms: 0,
            whole: true,
        }
    }

    /// Every card now; how busy processes keep those of other makers than NVIDIA needs a second call.
    ///
    /// # Errors
    /// `Unsupported` without a card; why the driver tells nothing, where it is the only one.
    pub fn read_now(&mut self, budget: Duration) -> Reading<Gpus> {
        self.read_at(budget, clock::now())
    }

    fn read_at(&mut self, budget: Duration, now: Nanos) -> Reading<Gpus> {
        let nvidia = gpus::library().filter(|_| self.root.is_live());
        let mut all = Gpus::default();
        match nvidia.map(|_| gpus::read_now(budget)) {
            Some(Err(why)) if drm::there(&self.root) != Ok(true) => return Err(why),
            Some(Err(why)) => all.cards.push(Card {
                name: "NVIDIA".into(),
                users: Err(why),
                ..Card::default()
            }),
            Some(Ok(cards)) => all.cards = cards,
            None if !gpus::there(&self.root)? => return Err(Missing::Unsupported),
            None => {}
        }
        if gpus::there(&self.root) == Ok(true) && drm::there(&self.root) == Ok(true) {
            self.others(budget, now, &mut all);
        }
        Ok(all)
    }

    /// Adds the cards of other makers.
    fn others(&mut self, budget: Duration, now: Nanos, all: &mut Gpus) {
        let cards = self.cards.get_or_insert_with(|| Cards::new(&self.root));
        let cards = cards.read(now);
        let (mut holders, mut early) = (Vec::new(), false);
        self.shared.with(budget, None, |index, _: &Tables| {
            early = index.early;
            holders = holding(index);
            let hides = index
                .holders
                .iter()
                .filter(|h| h.ends == Err(Missing::Denied));
            all.hidden = hides.map(|h| h.id.pid).collect();
        });
        self.whole = !early;
        let uses = self.uses(&holders);
        let seen = all.hidden.is_empty() && !early;
        for (place, mut card) in cards {
            card.index = all.cards.len() as u32;
            let of_card: Vec<&Use> = uses.iter().filter(|u| is_of(u, &place)).collect();
            card.users = if early {
                Err(Missing::Soon)
            } else {
                Ok(self.users(&of_card, now))
            };
            if seen && !card.asleep {
                self.engines(&of_card, now, &mut card);
            }
            all.cards.push(card);
        }
        let told = uses.into_iter().map(|u| (u.client, (now, u.gpu.engines)));
        self.before = told.collect();
    }

    /// What the drivers tell of everybody's descriptors; of a client that several hold, only the first counts.
    fn uses(&self, holders: &[(Pid, Vec<u32>)]) -> Vec<Use> {
        let mut out = Vec::new();
        let mut known = HashSet::new();
        for (pid, fds) in holders {
            let infos = Fds::open(&self.root, *pid).map(|dir| dir.infos(fds));
            for (fd, info) in fds.iter().zip(infos.into_iter().flatten()) {
                let Ok(Info {
                    about: About::Gpu(gpu),
                    ..
                }) = info
                else {
                    continue;
                };
                let place = Place {
                    slot: gpu.card.clone(),
                    driver: gpu.driver.clone(),
                };
                let client = match gpu.client {
                    Some(number) => Client::Numbered(place.clone(), number),
                    None => Client::Of(*pid, *fd),
                };
                if known.insert(client.clone()) {
                    out.push(Use {
                        of: *pid,
                        place,
                        client,
                        gpu,
                    });
                }
            }
        }
        out
    }

    /// What each process uses of a card: of its time as much as of its busiest engine.
    fn users(&self, of_card: &[&Use], now: Nanos) -> Vec<User> {
        let mut by: BTreeMap<Pid, Vec<&Use>> = BTreeMap::new();
        for one in of_card {
            by.entry(one.of).or_default().push(one);
        }
        let user = |(pid, uses): (Pid, Vec<&Use>)| {
            let held = uses.iter().map(|u| u.gpu.holds());
            let held: Option<Vec<Bytes>> = held.collect();
            let shares = self.shares(&uses, now);
            User {
                pid,
                memory: held
                    .map(|all| all.into_iter().sum())
                    .ok_or(Missing::Unsupported),
                busy: shares.map(|shares| busiest(&shares)),
            }
        };
        by.into_iter().map(user).collect()
    }

    /// The share of each engine that these clients had since the reading before, percent.
    fn shares(&self, uses: &[&Use], now: Nanos) -> Reading<BTreeMap<String, f64>> {
        let mut out: BTreeMap<String, f64> = BTreeMap::new();
        let mut told = uses.is_empty();
        for one in uses {
            let Some((at, before)) = self.before.get(&one.client) else {
                continue;
            };
            told = true;
            let span = now.since(*at);
            let none = Engine::default();
            for engine in &one.gpu.engines {
                // A driver may leave an engine out until it has worked.
                let old = before.iter().find(|e| e.name == engine.name);
                if let Some(share) = engine.share(old.unwrap_or(&none), span) {
                    *out.entry(engine.name.to_string()).or_default() += share;
                }
            }
        }
        if told { Ok(out) } else { Err(Missing::Soon) }
    }

    /// What a card's engines did for everybody, where its driver does not tell that by itself.
    fn engines(&self, of_card: &[&Use], now: Nanos, card: &mut Card) {
        let shares = self.shares(of_card, now);
        let of = |is: fn(&str) -> bool| {
            let shares = shares.as_ref().map_err(|why| *why)?;
            let found: BTreeMap<_, _> = shares.iter().filter(|(name, _)| is(name)).collect();
            let most = found.into_values().copied().reduce(f64::max);
            most.map(|most| most.min(100.0) as f32)
                .ok_or(Missing::Unsupported)
        };
        if card.busy == Err(Missing::Unsupported) {
            card.busy = shares.as_ref().map(busiest).map_err(|why| *why);
        }
        card.encoder = of(|name| name.starts_with("enc"));
        card.decoder = of(|name| name.starts_with("dec") || name.starts_with("jpeg"));
    }
}

/// Who holds descriptors of cards, and which.
fn holding(index: &HolderIndex) -> Vec<(Pid, Vec<u32>)> {
    let of = index.holders.iter().map(|holder| {
        let ends = holder.ends.iter().flat_map(|ends| ends.iter());
        let cards = ends.filter(|end| end.object == Object::Card);
        (holder.id.pid, cards.map(|end| end.fd).collect::<Vec<_>>())
    });
    of.filter(|(_, fds)| !fds.is_empty()).collect()
}

/// Whether a client is one of this card; drivers of cards on no bus tell no place.
fn is_of(one: &Use, place: &Place) -> bool {
    one.place.driver == place.driver
        && (one.place.slot == place.slot || one.place.slot.is_empty() || place.slot.is_empty())
}

/// The share of the busiest engine. Counters are read one after the other, so that it may come out a little above the whole.
fn busiest(shares: &BTreeMap<String, f64>) -> f32 {
    shares.values().copied().fold(0.0, f64::max).min(100.0) as f32
}

impl Source<Detail> for Graphics {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["gpu"])
    }

    fn fills(&self) -> Needs {
        Needs::GPU
    }

    fn pace_ms(&self) -> u64 {
        match self.cards {
            // What a driver is asked for takes its time elsewhere than on our threads.
            Some(_) => shared::pace(self.whole).max(self.took_ms * self.share()),
            None => 0,
        }
    }

    fn share(&self) -> u64 {
        shared::share(self.whole)
    }

    fn rest(&mut self) {
        asker::close_gpus();
        self.cards = None;
        self.before.clear();
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let began = Instant::now();
        let read = self.read_now(shared::BUDGET);
        self.took_ms = began.elapsed().as_millis() as u64;
        into.machine.gpus = Some(Stamped::new(clock::now(), read));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
