//! Every source, in reading order. A new one is a line here.

use crate::model::detail::Detail;
use crate::model::sample::Sample;
use crate::sys::address_space;
use crate::sys::changes::Feed;
use crate::sys::cores::Cores;
use crate::sys::descriptors::Descriptors;
use crate::sys::descriptors::shared::Shared;
use crate::sys::disks::DiskReader;
use crate::sys::environ::Environ;
use crate::sys::frequency::Frequencies;
use crate::sys::ipc::Talks;
use crate::sys::isolation::Isolations;
use crate::sys::loadavg::Load;
use crate::sys::machine_memory::MachineMemories;
use crate::sys::meminfo::Meminfo;
use crate::sys::network::Networks;
use crate::sys::overview::Overviews;
use crate::sys::own::OwnCost;
use crate::sys::own_strain::OwnStrain;
use crate::sys::pressure::Pressures;
use crate::sys::root::ProcRoot;
use crate::sys::sched::Schedules;
use crate::sys::sensors::SensorReader;
use crate::sys::signal_masks::SignalMasks;
use crate::sys::source::Source;
use crate::sys::waits::Waits;

/// What is read at each tick beside the process table.
pub fn sample_sources(root: &ProcRoot) -> Vec<Box<dyn Source<Sample>>> {
    vec![
        Box::new(Cores::new(root)),
        Box::new(Load::new(root)),
        Box::new(Meminfo::new(root)),
        Box::new(Pressures::new(root)),
        Box::new(OwnStrain::new(root)),
        Box::new(Frequencies::new(root)),
        Box::new(OwnCost::new(root)),
    ]
}

/// What the inspector and the system views show, each at its own pace and only while it is needed; the feed tells them who
/// lives and who ran.
pub fn detail_sources(root: &ProcRoot, feed: Feed) -> Vec<Box<dyn Source<Detail>>> {
    let (regions, residencies) = address_space::sources(root);
    let shared = Shared::hearing(root, feed);
    vec![
        Box::new(Overviews::new(root)),
        Box::new(regions),
        Box::new(residencies),
        Box::new(MachineMemories::new(root)),
        Box::new(DiskReader::new(root)),
        Box::new(SensorReader::new(root)),
        Box::new(Environ::new(root)),
        Box::new(Isolations::new(root)),
        Box::new(Descriptors::new(root, shared.clone())),
        Box::new(Networks::new(root, shared.clone())),
        Box::new(Talks::new(root, shared)),
        Box::new(SignalMasks::new(root)),
        Box::new(Schedules::new(root)),
        Box::new(Waits::new(root)),
    ]
}
