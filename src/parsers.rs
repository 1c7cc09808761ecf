//! Every parser of what others wrote, as one list of functions of bytes: what `fuzz/` feeds, and what a test replays.
//!
//! Compiled for tests and for `cargo fuzz` only. A new parser is one line in [`PARSERS`] and a folder of seeds in
//! `fuzz/seeds`. An entry calls its parser, and says what must hold of the answer where more than "no panic" must.

use std::hint::black_box;

use crate::app::event::Event;
use crate::app::key::Key;
use crate::model::acting::signal::Signal;
use crate::model::acting::tuning::CoreSet;
use crate::model::descriptors::descriptor::Descriptor;
use crate::model::descriptors::socket::Protocol;
use crate::model::descriptors::socket::names::{Hosts, Services};
use crate::model::detail::Detail;
use crate::model::groups::unit;
use crate::model::id::{Nanos, ProcId, Tid};
use crate::model::process::environment::Environment;
use crate::model::process::filter::Filter;
use crate::model::sample::{Command, SystemSample};
use crate::model::scheduling::wait::Call;
use crate::model::span;
use crate::model::text::{self, SafeText};
use crate::recording::{Past, Recorded, details, lanes};
use crate::run::config::Config;
use crate::sys;
use crate::sys::machine::memory::Neighbours;
use crate::term::decode::Decoder;
use crate::theme::{self, Depth, Theme};

/// A parser: the name of its seeds, and a function that takes any bytes.
pub type Parser = (&'static str, fn(&[u8]));

/// All of them.
pub const PARSERS: &[Parser] = &[
    // What a recording holds.
    ("recording", |b| {
        // Whatever is whole of it is shown, lanes as well.
        if let Ok(recorded) = Recorded::open(Box::new(b.to_vec())) {
            let mut past = Past::new(Box::new(recorded));
            for moment in past.moments().into_iter().take(64) {
                see(past.at(moment.at).is_ok());
                see(past.lanes(moment.at, Nanos(1 << 36)).is_ok());
                see(past.detail(moment.at, None, Nanos(1 << 36)).is_ok());
            }
        }
        see(lanes::read(b).is_ok());
        let mut detail = Detail {
            of: Some(ProcId::new(7, 3)),
            ..Detail::default()
        };
        see(details::fill(&mut detail, b).is_ok());
    }),
    // What the kernel tells of the machine.
    ("stat-machine", |b| {
        sys::machine::cores::parse(b, &mut SystemSample::default());
        see(sys::machine::cores::boot_time(b));
    }),
    ("btf", |b| {
        if let Some(types) = sys::bpf::btf::Types::parse(b.to_vec()) {
            see(types.offset("outer", "in.c"));
            see(types.tracepoint("x"));
        }
    }),
    ("cpuinfo", |b| see(sys::machine::identity::processors(b))),
    ("loadavg", |b| {
        see(sys::machine::loadavg::parse(b));
        see(crate::sampler::scheduling::sampled::births::newest(b));
    }),
    ("uptime", |b| see(sys::machine::host::uptime(b))),
    ("meminfo", |b| {
        see(sys::machine::meminfo::parse(b));
        if let Some(memory) = sys::machine::memory::parse(b, Neighbours::default()) {
            see(memory.used());
        }
    }),
    ("zoneinfo", |b| see(sys::machine::memory::at_hand(b))),
    ("vmstat", |b| {
        see(sys::machine::memory::counters(b));
        see(sys::machine::pressure::searches(b));
    }),
    ("swaps", |b| see(sys::machine::memory::swaps(b))),
    ("pressure", |b| see(sys::machine::pressure::parse(b))),
    ("diskstats", |b| {
        see(sys::machine::disks::parse(b));
        see(sys::machine::flows::of_disks(b));
    }),
    ("mountinfo", |b| {
        see(sys::machine::disks::mounts::mounts(b));
        for line in sys::fields::lines(b) {
            see(sys::process::isolation::cgroup::mount(line));
        }
    }),
    ("passwd", |b| see(sys::process::users::parse(b).count())),
    ("locks", |b| see(sys::descriptors::ipc::locks::parse(b))),
    ("sysvipc", |b| {
        see(sys::descriptors::ipc::queues::parse(b));
        see(sys::descriptors::ipc::queues::sets(b));
    }),
    // What it tells of one process.
    ("stat", |b| see(sys::process::proc_stat::parse(b, 4096))),
    ("status", |b| {
        see(sys::process::proc_status::parse(b));
        see(sys::process::overview::status::parse(b));
        see(sys::process::isolation::rights(b, 40));
        see(sys::acting::signal_masks::parse(b));
        see(sys::acting::signal_masks::thread(Tid(1), b));
        see(sys::scheduling::waits::thread::switches(b));
        see(sys::scheduling::waits::thread::inner(b));
        see(sys::scheduling::waits::thread::tracer(b));
    }),
    ("statm", |b| {
        see(sys::process::proc_counters::resident_pages(b));
    }),
    ("schedstat", |b| {
        see(sys::process::proc_counters::schedstat(b));
    }),
    ("sched", |b| {
        see(sys::scheduling::sched::field(b, "se.slice"));
    }),
    ("io", |b| {
        see(sys::process::proc_counters::io(b));
        see(sys::own::sum(b, &[b"syscr", b"syscw"]));
    }),
    ("smaps-rollup", |b| {
        see(sys::process::proc_counters::proportional(b));
    }),
    ("oom-score", |b| {
        see(sys::process::proc_counters::oom_score(b));
    }),
    ("maps", |b| {
        if let Ok(listing) = sys::memory::maps::parse(b) {
            assert_eq!(listing.mappings.len(), listing.paths.len());
            for path in &listing.paths {
                see(sys::memory::maps::unescaped(path));
            }
        }
        see(sys::memory::maps::shared(b).count());
        see(sys::memory::shared_maps::shared(b));
        let mappings = sys::memory::maps::parse(b).map(|l| l.mappings);
        see(mappings.map(sys::scheduling::waits::space::Space::new));
    }),
    ("cgroup", |b| {
        see(sys::groups::proc_cgroup::parse(b));
        for line in sys::fields::lines(b) {
            see(sys::process::isolation::cgroup::membership(line));
        }
    }),
    ("cpu-stat", |b| see(sys::scheduling::sched::quota(b))),
    ("limits", |b| {
        see(sys::process::isolation::limits(b));
        see(sys::process::overview::soft_limit(b, "Max open files"));
        see(sys::descriptors::limit::soft(b));
    }),
    ("loginuid", |b| {
        see(sys::process::isolation::integer(b));
        see(sys::process::isolation::login(b));
    }),
    ("syscall", |b| {
        see(Call::parse(b));
        see(sys::memory::stack_pointers::parse(b));
        see(sys::descriptors::ipc::sysv::waits(b));
    }),
    ("wchan", |b| {
        see(sys::scheduling::waits::thread::function(b));
    }),
    ("fdinfo", |b| {
        see(sys::descriptors::fdinfo::parse(b));
        see(sys::scheduling::waits::links::watched(b));
    }),
    ("fd-link", |b| {
        see(Descriptor::new(0, b));
        see(sys::descriptors::opened::inode(b));
    }),
    ("mqueue", |b| see(sys::descriptors::fill::waiting(b))),
    ("cmdline", |b| see(Command::from_bytes(b).args().count())),
    ("environ", |b| see(Environment::from_bytes(b))),
    ("elf", |b| {
        see(sys::memory::elf::parse(b));
        let memory = |at: u64, length: usize| {
            let from = usize::try_from(at.checked_sub(0x1000)?).ok()?;
            Some(b.get(from..)?.iter().copied().take(length).collect())
        };
        see(sys::memory::symbols::exported(&memory, 0x1000));
    }),
    // The network's tables and messages.
    ("net-inet", |b| {
        see(sys::network::text_tables::inet(b, Protocol::Tcp, 1));
    }),
    ("net-unix", |b| see(sys::network::text_tables::unix(b))),
    ("net-other", |b| {
        for table in sys::network::other_sockets::TABLES {
            see(sys::network::other_sockets::name(table, b, 4));
        }
    }),
    ("net-dev", |b| {
        see(sys::network::interfaces::counters(b));
        see(sys::machine::flows::of_interfaces(b));
    }),
    ("route", |b| {
        see(sys::network::routes::v4(b));
        see(sys::network::routes::v6(b));
    }),
    ("services", |b| see(Services::parse(b))),
    ("hosts", |b| see(Hosts::parse(b))),
    ("netlink-route", |b| {
        for message in sys::network::netlink::messages(b) {
            see(sys::network::links::link(message.body));
            see(sys::network::links::address(message.body));
        }
    }),
    ("netlink-sockets", |b| {
        for message in sys::network::netlink::messages(b) {
            see(sys::network::sock_diag::inet::parse(
                message.body,
                Protocol::Tcp,
                1,
            ));
            see(sys::network::sock_diag::unix::parse(message.body));
            see(sys::network::sock_diag::endings::parse(message.body, 1));
        }
    }),
    ("connector", |b| {
        let mut told = sys::process::connector::Announced::default();
        for message in sys::network::netlink::messages(b) {
            sys::process::connector::take_in(message.body, &mut told);
        }
    }),
    ("tracepoint", |b| {
        if let Some(format) = sys::scheduling::tracepoint::Format::parse(b) {
            see(format.field("id").and_then(|field| field.long(b)));
        }
    }),
    // Records of switches: each with its header of type, misc and size, as they lie in a ring.
    ("perf", |b| {
        let mut rest = b;
        while let Some((head, after)) = rest.split_first_chunk::<8>() {
            let kind = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]);
            let misc = u16::from_ne_bytes([head[4], head[5]]);
            let size = usize::from(u16::from_ne_bytes([head[6], head[7]])).saturating_sub(8);
            let (body, next) = after.split_at(size.min(after.len()));
            see(sys::scheduling::perf::record::parse(kind, misc, body));
            rest = next;
        }
    }),
    // What a person writes.
    ("filter", |b| {
        let text = String::from_utf8_lossy(b);
        let filter = Filter::parse(&text);
        assert_eq!(filter.text(), text);
        see(filter.notes());
    }),
    ("config", |b| {
        see(Config::parse(&String::from_utf8_lossy(b))
            .complaints
            .is_empty());
    }),
    ("theme", |b| {
        if let Ok(palette) = theme::parse(&String::from_utf8_lossy(b)) {
            for depth in [Depth::Mono, Depth::Ansi, Depth::Indexed, Depth::True] {
                see(Theme::new(&palette, depth, false));
            }
        }
    }),
    ("words", |b| {
        let text = String::from_utf8_lossy(b);
        see(span::parse_any(&text));
        see(unit::short(&text));
        see(text.parse::<CoreSet>());
        if let Ok(signal) = text.parse::<Signal>() {
            assert_eq!(
                signal.to_string().parse(),
                Ok(signal),
                "its own name means it"
            );
        }
        if let Ok(key) = text.parse::<Key>() {
            assert_eq!(key.to_string().parse(), Ok(key), "its own name means it");
        }
    }),
    ("terminal", terminal),
    ("text", safe),
];

/// Bytes from a terminal mean the same however they are cut: whole, and one by one.
fn terminal(bytes: &[u8]) {
    let told = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut decoder, mut out) = (Decoder::default(), Vec::<Event>::new());
        for piece in pieces {
            decoder.feed(piece, &mut out);
        }
        decoder.give_up(&mut out);
        format!("{out:?}")
    };
    let whole = told(&mut std::iter::once(bytes));
    assert_eq!(told(&mut bytes.chunks(1)), whole);
}

/// Safe text holds nothing that moves a cursor or hides, and cutting it keeps within the cells that are there.
fn safe(bytes: &[u8]) {
    let safe = SafeText::from_bytes(bytes);
    assert!(!safe.as_str().chars().any(char::is_control), "{safe:?}");
    assert_eq!(text::width(safe.as_str()), safe.width());
    for cells in [0, 1, 2, 7, 80] {
        let cut = text::cut(safe.as_str(), cells);
        assert!(text::width(&cut) <= cells, "{cut:?} in {cells}");
        assert_eq!(
            text::width(&text::pad(safe.as_str(), cells)),
            cells.max(text::width(&text::pad(safe.as_str(), cells)))
        );
    }
    for line in text::wrap(safe.as_str(), 20) {
        assert!(text::width(&line) <= 20, "{line:?}");
    }
}

fn see<T>(answer: T) {
    black_box(answer);
}

#[cfg(test)]
mod tests;
