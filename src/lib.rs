//! An oscilloscope for processes.
//!
//! Two wings stand on one floor. Facts rise from the kernel (`sys` → `sampler`), cross as an immutable `Snapshot` of the
//! `model`, and are drawn (`app` → `panels` → `screen` → `term`). The wings never import each other; `run` joins them.

pub mod app;
pub mod model;
pub mod panels;
pub mod screen;
pub mod sys;
pub mod theme;
pub mod widgets;
