//! Every source, in reading order. A new one is a line here.

use crate::model::detail::Detail;
use crate::model::sample::Sample;
use crate::sampler::descriptors::ipc::Talks;
use crate::sampler::descriptors::joined::Descriptors;
use crate::sampler::descriptors::joined::shared::Shared;
use crate::sampler::machine::gpus::Graphics;
use crate::sampler::machine::requests::RequestSource;
use crate::sampler::memory::address_space;
use crate::sampler::memory::faults::FaultSource;
use crate::sampler::network::Networks;
use crate::sampler::process::brief::BriefSource;
use crate::sampler::scheduling::call_rates::CallRateSource;
use crate::sampler::scheduling::calls::CallSource;
use crate::sampler::scheduling::spent::Time;
use crate::sampler::scheduling::waits::Waits;
use crate::sampler::scheduling::wakes::WakeSource;
use crate::sys::acting::signal_masks::SignalMasks;
use crate::sys::groups::hierarchy::Hierarchy;
use crate::sys::groups::names::ContainerNames;
use crate::sys::groups::own_strain::OwnStrain;
use crate::sys::machine::cores::Cores;
use crate::sys::machine::disks::DiskReader;
use crate::sys::machine::flows::Flows;
use crate::sys::machine::frequency::Frequencies;
use crate::sys::machine::loadavg::Load;
use crate::sys::machine::meminfo::Meminfo;
use crate::sys::machine::memory::MachineMemories;
use crate::sys::machine::pressure::Pressures;
use crate::sys::machine::sensors::SensorReader;
use crate::sys::own::OwnCost;
use crate::sys::process::changes::Feed;
use crate::sys::process::environ::Environ;
use crate::sys::process::isolation::Isolations;
use crate::sys::process::isolation::cgroup::facts::GroupReader;
use crate::sys::process::overview::Overviews;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::sched::Schedules;
use crate::sys::source::{Probe, Source};

/// Every source by its name, with what the doctor tries for it; none of them reads anything for that.
pub fn probes(root: &ProcRoot) -> Vec<(&'static str, Probe)> {
    let at_ticks = sample_sources(root);
    let details = detail_sources(root, Feed::default());
    let at_ticks = at_ticks.iter().map(|s| (s.name(), s.probe()));
    let details = details.iter().map(|s| (s.name(), s.probe()));
    at_ticks.chain(details).collect()
}

/// What is read at each tick beside the process table.
pub fn sample_sources(root: &ProcRoot) -> Vec<Box<dyn Source<Sample>>> {
    vec![
        Box::new(Cores::new(root)),
        Box::new(Load::new(root)),
        Box::new(Meminfo::new(root)),
        Box::new(Pressures::new(root)),
        Box::new(OwnStrain::new(root)),
        Box::new(Frequencies::new(root)),
        Box::new(Flows::new(root)),
        Box::new(OwnCost::new(root)),
        Box::new(BriefSource::new(root)),
    ]
}

/// What the inspector and the system views show, each at its own pace and only while it is needed; the feed tells them who
/// lives and who ran.
pub fn detail_sources(root: &ProcRoot, feed: Feed) -> Vec<Box<dyn Source<Detail>>> {
    let (regions, residencies) = address_space::sources(root);
    let shared = Shared::hearing(root, feed.clone());
    let call_rates = CallRateSource::new(root, feed.clone());
    vec![
        Box::new(Overviews::new(root)),
        Box::new(regions),
        Box::new(residencies),
        Box::new(FaultSource::new(root)),
        Box::new(MachineMemories::new(root)),
        Box::new(DiskReader::new(root)),
        Box::new(RequestSource::new(root)),
        Box::new(SensorReader::new(root)),
        Box::new(Environ::new(root)),
        Box::new(Isolations::new(root)),
        Box::new(Descriptors::new(root, shared.clone())),
        Box::new(Networks::new(root, shared.clone())),
        Box::new(Talks::new(root, shared.clone())),
        Box::new(ContainerNames::new(root, feed)),
        Box::new(Hierarchy::new(root)),
        Box::new(GroupReader::new(root)),
        Box::new(Graphics::new(root, shared.clone())),
        Box::new(SignalMasks::new(root)),
        Box::new(Schedules::new(root)),
        Box::new(Waits::new(root)),
        Box::new(Time::new(root)),
        Box::new(CallSource::new(root)),
        Box::new(call_rates),
        Box::new(WakeSource::new(root)),
    ]
}

#[cfg(test)]
mod tests {
    use bitflags::Flags as _;

    use super::*;
    use crate::model::id::Nanos;
    use crate::model::plan::Needs;
    use crate::model::sample::OptionalStats;
    use crate::model::scene::Scene;
    use crate::sampler::process::optional_stats;
    use crate::sys::process::proc_dir::ProcDir;

    /// What the sweep and the thread of switches answer by themselves.
    const ELSEWHERE: Needs = optional_stats::OF_A_PROCESS
        .union(Needs::THREADS)
        .union(Needs::COMMANDS)
        .union(Needs::RESIDENT)
        .union(Needs::SWITCHES)
        .union(Needs::WAKE_UPS);

    /// Else a column or a tab stays empty, and nothing tells why.
    #[test]
    fn every_need_is_answered_by_somebody() {
        let root = ProcRoot::live();
        let at_ticks = sample_sources(&root);
        let details = detail_sources(&root, Feed::default());
        let at_ticks = at_ticks.iter().map(|s| s.fills());
        let filled: Needs = at_ticks.chain(details.iter().map(|s| s.fills())).collect();
        assert_eq!(Needs::all() - filled - ELSEWHERE, Needs::empty());
    }

    #[test]
    fn no_two_needs_share_a_bit() {
        for flag in Needs::FLAGS {
            let same = Needs::FLAGS
                .iter()
                .filter(|f| f.value().intersects(*flag.value()));
            let names: Vec<_> = same.map(bitflags::Flag::name).collect();
            assert_eq!(names, [flag.name()]);
        }
    }

    #[test]
    fn every_optional_field_is_read() {
        let dir = ProcDir::open(&ProcRoot::live()).expect("a proc tree");
        let mut scene = Scene::new();
        scene.task(std::process::id(), 0, "we");
        let tasks = &mut scene.sample.tasks;
        // Means are no file's.
        let wanted = OptionalStats::ANSWERED - Needs::MEANS;
        optional_stats::read(&dir, tasks, &[(0, wanted)], Nanos(0));
        let extra = tasks[0].extra.as_deref().expect("it was read");
        assert_eq!(optional_stats::lacking(extra), Needs::empty());
    }
}
