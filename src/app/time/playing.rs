//! What is recorded: into which file, and how recordings are shown, played and changed for another machine's.

use crate::app::App;
use crate::app::event::Effect;
use crate::app::world::Replay;
use crate::model::id::Nanos;
use crate::recording;

impl App {
    /// Shows a recording: time stands still at its beginning, which is its second tick: of one alone no rate is known.
    pub fn replay(&mut self, hosts: Vec<(String, recording::Past)>) {
        let Some(past) = self.take_hosts(hosts) else {
            return;
        };
        self.world.time.moments = past.moments();
        self.world.time.replay = Some(Replay {
            playing: false,
            speed: 0,
        });
        self.world.paused = Some(0);
        self.world.time.recorded = true;
        self.remember(past);
        let second = 1.min(self.world.time.moments.len().saturating_sub(1));
        self.go(second);
    }

    /// What is shown comes from elsewhere: nothing can be read or done there.
    pub fn watch(&mut self, past: recording::Past) {
        self.world.time.recorded = true;
        self.remember(past);
    }

    /// Hears of the file into which it is recorded.
    pub(in crate::app) fn on_recording(&mut self, news: Result<Option<String>, String>) {
        let before = self.world.time.recording.take();
        match (news, before) {
            (Ok(Some(file)), _) => {
                self.say(
                    format!("records into {file} with what is remembered; R ends it"),
                    false,
                );
                self.world.time.recording = Some(file);
            }
            (Ok(None), Some(file)) => self.say(
                format!("recorded in {file}; pscope replay {file} shows it"),
                false,
            ),
            (Ok(None), None) => {}
            (Err(why), _) => self.say(why, true),
        }
    }

    /// Plays a recording, or stops it.
    pub(super) fn play(&mut self) {
        let Some(replay) = &mut self.world.time.replay else {
            return;
        };
        replay.playing = !replay.playing;
        let again = replay.playing && self.world.paused == Some(0);
        if again {
            self.go(0);
        }
        self.play_at(0);
    }

    /// Plays faster or slower by so many times two.
    pub(in crate::app) fn play_at(&mut self, change: i8) {
        let time = &mut self.world.time;
        let Some(replay) = &mut time.replay else {
            return;
        };
        replay.speed = replay.speed.saturating_add(change).clamp(-3, 6);
        let (playing, speed) = (replay.playing, replay.speed);
        let pace = if speed < 0 { 1_u64 << -speed } else { 1 };
        let pace = self.world.snapshot.interval.0.max(100_000_000) * pace;
        let pace = Nanos((pace >> speed.max(0)).max(20_000_000));
        self.effects.push(Effect::Play(playing.then_some(pace)));
    }

    /// Shows the next tick of what is played; at its end it stops.
    pub(in crate::app) fn beat(&mut self) {
        if !self.world.time.replay.is_some_and(|replay| replay.playing) {
            return;
        }
        if self.world.paused == Some(0) {
            self.play();
        } else {
            self.go(self.world.time.at + 1);
        }
    }
}
