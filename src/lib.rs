//! An oscilloscope for processes.
//!
//! Two wings stand on one floor. Facts rise from the kernel (`sys` → `sampler`), cross as an immutable `Snapshot` of the
//! `model`, and are drawn (`app` → `panels` → `screen` → `term`). The wings never import each other; `run` joins them.

pub mod app;
pub mod cli;
pub mod model;
pub mod panels;
#[cfg(any(test, fuzzing))]
pub mod parsers;
pub mod recording;
pub mod report;
pub mod run;
pub mod sampler;
pub mod screen;
pub mod sys;
pub mod term;
pub mod theme;
pub mod widgets;
