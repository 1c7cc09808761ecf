//! The actions that the app itself answers, whatever pane has the keyboard.

use super::action::{Action, actions};
use super::key::{Code, Key};

/// Control and a key that is no character.
const fn held(code: Code) -> Key {
    Key {
        ctrl: true,
        ..Key::of(code)
    }
}

/// The actions of the app, those that open tabs, those that show views: one line each. Help, palette, manual page and the
/// table in the README follow.
macro_rules! globals {
    (
        app { $($(#[$doc:meta])* $id:ident $name:literal [$($key:expr),*] $about:literal $hint:literal;)* }
        tabs { $($tab:ident $pane:literal $opens:literal [$($tab_key:expr),*] $tab_about:literal;)* }
        views { $($view:ident $digit:literal $shows:literal $label:literal $view_about:literal;)* }
    ) => {
        actions! {
            $($(#[$doc])* $id $name [$($key),*] $about $hint;)*
            $(#[doc = $tab_about] $tab $opens [$($tab_key),*] $tab_about "";)*
            $(#[doc = $view_about] $view $shows [Key::char($digit as char)] $view_about "";)*
        }
        /// Which action opens which tab of the inspector, by the tab's name.
        pub const TABS: &[(&Action, &str)] = &[$((&$tab, $pane)),*];
        /// Which action shows which view, by its digit and the label in the bar of views.
        pub const VIEWS: &[(&Action, u8, &str)] = &[$((&$view, $digit - b'0', $label)),*];
        /// All of them, in the order of the help page.
        pub const ALL: &[&Action] = &[$(&$id,)* $(&$tab,)* $(&$view,)*];
    };
}

globals! {
    app {
        /// Ends the program.
        QUIT "quit" [Key::char('q'), Key::f(10), Key::ctrl('c')] "Ends pscope" "quit";
        /// Leaves what is open.
        BACK "back" [Key::of(Code::Esc)] "Leaves the inspector, a view or a dialog" "";
        /// The keys to begin with are known.
        DISMISS "dismiss-tip" [] "Takes the keys to begin with from the line of views" "";
        /// Moves the keyboard.
        NEXT_PANE "next-pane" [Key::of(Code::Tab)] "Gives the keyboard to the next pane" "";
        /// Moves the keyboard back.
        PREVIOUS_PANE "previous-pane" [Key::of(Code::BackTab)] "Gives the keyboard to the pane before" "";
        /// One pane alone.
        ZOOM "zoom-pane" [Key::char('z')] "Lets the inspector fill the screen, or stand beside the list" "";
        /// Where the inspector stands.
        LAYOUT "layout" [Key::char('|')] "Lets the inspector stand beside the list, below it, or alone on the screen" "";
        /// More room for the list.
        LIST_LARGER "list-larger" [held(Code::Right)] "Gives the list more of the room, and the inspector less" "";
        /// Less room for the list.
        LIST_SMALLER "list-smaller" [held(Code::Left)] "Gives the list less of the room, and the inspector more" "";
        /// More rows for the cores.
        CORES_LARGER "cores-larger" [held(Code::Down)] "Gives the cores a row more" "";
        /// Fewer rows for the cores.
        CORES_SMALLER "cores-smaller" [held(Code::Up)] "Takes a row from the cores" "";
        /// Stops and starts time.
        PAUSE "pause" [Key::char('p'), Key::char('Z')] "Stops time; everything can still be looked at" "pause";
        /// Back in time.
        STEP_BACK "step-back" [Key::char(',')] "While paused: one tick back" "";
        /// On in time.
        STEP_ON "step-on" [Key::char('.')] "While paused: one tick on" "";
        /// A minute back in time.
        MINUTE_BACK "minute-back" [Key::char('<')] "While paused: a minute back" "";
        /// A minute on in time.
        MINUTE_ON "minute-on" [Key::char('>')] "While paused: a minute on" "";
        /// The oldest moment.
        OLDEST "oldest" [Key::of(Code::Home)] "While paused: the oldest moment that is kept" "";
        /// The newest moment.
        NEWEST "newest" [Key::of(Code::End)] "While paused: the newest moment" "";
        /// Records.
        RECORD "record" [Key::char('R')] "Records into a file what is remembered and what comes, or ends that" "";
        /// Another machine.
        NEXT_HOST "next-host" [Key::char('&')] "In recordings of several machines: the next one, at the same time" "";
        /// A shorter interval.
        FASTER "faster" [Key::char('(')] "Halves the interval" "";
        /// A longer interval.
        SLOWER "slower" [Key::char(')')] "Doubles the interval" "";
        /// What the numbers mean.
        EXPLAIN "explain" [Key::char('x')] "Explains every word and number of the pane, and each – in it" "";
        /// The scale of CPU %.
        CPU_SCALE "cpu-scale" [Key::char('%')] "Shows CPU % of one core or of the machine" "";
        /// What pscope itself costs.
        OWN_COST "own-cost" [Key::char('@')] "Shows in the header what pscope itself costs, and how it finds what changed" "";
        /// Draws anew.
        REDRAW "redraw" [Key::ctrl('l')] "Draws the whole screen anew" "";
        /// Gives the terminal back for a while.
        SUSPEND "suspend" [Key::ctrl('z')] "Suspends pscope; fg brings it back" "";
        /// The tab to the right.
        NEXT_TAB "next-tab" [Key::of(Code::Right), Key::char('l')] "In the inspector: the tab to the right" "";
        /// The tab to the left.
        PREVIOUS_TAB "previous-tab" [Key::of(Code::Left), Key::char('h')] "In the inspector: the tab to the left" "";
    }
    tabs {
        OVERVIEW "overview" "overview" [Key::char('o')] "Inspects the selected process: overview";
        MEMORY "memory" "memory" [Key::char('m')] "Inspects its memory regions";
        FILES "files" "files" [Key::char('f')] "Inspects its descriptors and peers";
        THREADS "threads" "threads-tab" [Key::char('w')] "Inspects its threads and what they wait for";
        TIME_SPENT "time" "time-spent" [Key::char('b')] "Inspects where its time goes: on a core, waiting for one, blocked";
        CALLS "calls" "calls" [Key::char('A')] "Inspects what it asks the kernel: its system calls, how many, how long, on what";
        SCHEDULE "schedule" "schedule" [Key::char('S')] "Inspects its slices: when it ran and who took the core";
        SIGNAL_STATE "signals" "signal-state" [] "Inspects how it treats each signal";
        SOCKETS "sockets" "sockets" [] "Inspects its connections";
        ENVIRONMENT "environment" "environment" [Key::char('e')] "Inspects its environment";
        LIMITS "limits" "limits" [] "Inspects its limits and isolation";
        HISTORY "history" "history" [] "Inspects its past";
    }
    views {
        VIEW_1 b'1' "dashboard" "Processes" "Shows the dashboard: cores and processes";
        VIEW_2 b'2' "view-cpu" "CPU" "Shows who had the cores";
        VIEW_3 b'3' "view-memory" "Memory" "Shows where memory went";
        VIEW_4 b'4' "view-disks" "Disks" "Shows disks and filesystems";
        VIEW_5 b'5' "view-network" "Network" "Shows interfaces, ports and connections";
        VIEW_6 b'6' "view-ipc" "IPC" "Shows who talks to whom";
        VIEW_7 b'7' "view-gpu" "GPU" "Shows graphics cards, where there are any";
    }
}

/// What steps through time while it stands still; these keys come before those of the panes then.
pub const TIME: &[&Action] = &[
    &STEP_BACK,
    &STEP_ON,
    &MINUTE_BACK,
    &MINUTE_ON,
    &OLDEST,
    &NEWEST,
];
