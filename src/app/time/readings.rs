//! What was read in the minutes before a moment that is looked back at, for charts of what no tick tells.

use crate::app::App;
use crate::app::world::Readings;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::recording::details::charted;

/// How far charts of readings go back.
const BACK: Nanos = Nanos(300_000_000_000);

impl App {
    /// Makes it that of the moment that is shown, as far as visible panes tell of it; nothing while the present is shown.
    pub(in crate::app) fn reread(&mut self) {
        if !self.world.looks_back() {
            self.world.readings = Readings::default();
            return;
        }
        let wanted = self.plan().needs & charted();
        let of = (self.world.snapshot.at, self.world.focus, wanted);
        if self.world.readings.of == Some(of) {
            return;
        }
        let (at, focus, _) = of;
        let deep = self.past.deep.as_ref().filter(|_| wanted != Needs::empty());
        // What was read after a tick was shown with it until the next one came.
        let moments = &self.world.time.moments;
        let next = moments.get(moments.partition_point(|moment| moment.at <= at));
        let until = next.map_or(Nanos(u64::MAX), |next| Nanos(next.at.0 - 1));
        let found = deep.map(|deep| deep.readings((at, until), focus, BACK, wanted));
        self.world.readings = Readings {
            of: Some(of),
            all: found.and_then(Result::ok).unwrap_or_default(),
        };
    }
}
