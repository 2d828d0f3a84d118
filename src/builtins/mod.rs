//! The builtins: one table for each chapter of the manual.
//!
//! An entry of a table is all there is to a builtin: its name, typed parameters, defaults, docs,
//! examples and body. Dispatch, errors, help, completion and the manual read these tables. This
//! room is the only bridge between the language and the engine.

mod arguments;
mod charts;
mod datasets;
mod design;
mod entanglement;
mod exports;
mod files;
mod general;
mod latex;
mod layers;
mod lists;
pub mod manual;
mod matrices;
mod models;
mod networks;
mod numbers;
mod partitions;
mod pictures;
mod plots;
mod queries;
mod ranks;
pub mod rust;
mod spectra;
mod states;
mod statistics;
mod strings;
mod sweep;
mod table_macro;
mod tables;
mod training;
pub mod typed;

use crate::evaluate::Registry;
use crate::value::{FieldInfo, Type};

pub use files::{
    Journal, Locked, decode_text, folder_entries, make_folder, place, read_text, remove_unfinished,
    write_whole,
};

/// The registry of all builtins.
pub fn registry() -> Registry {
    let tables = vec![
        layers::LAYERS,
        networks::NETWORKS,
        partitions::PARTITIONS,
        queries::QUERIES,
        design::CURVES,
        design::WIDTHS,
        design::DESIGN,
        datasets::MADE,
        datasets::FILES,
        datasets::GENERATE,
        datasets::VIEWS,
        datasets::REPRESENT,
        datasets::QUESTIONS,
        models::MODELS,
        training::TRAINING,
        training::ANSWERS,
        sweep::SWEEP,
        ranks::RANKS,
        spectra::SPECTRA,
        entanglement::ENTANGLEMENT,
        states::STATES,
        plots::PLOTS,
        numbers::NUMBERS,
        lists::LISTS,
        statistics::STATISTICS,
        tables::TABLES,
        strings::STRINGS,
        files::FILES,
        exports::EXPORTS,
        rust::RUST,
        general::GENERAL,
    ];
    Registry::new(tables, fields, networks::build, files::load_program)
}

/// The fields of a type of objects.
fn fields(ty: Type) -> &'static [FieldInfo] {
    match ty {
        Type::Network => networks::FIELDS,
        Type::Partition => partitions::FIELDS,
        Type::Cut => queries::CUT_FIELDS,
        Type::Bound => queries::BOUND_FIELDS,
        Type::Rank => ranks::FIELDS,
        Type::Spectrum => spectra::FIELDS,
        Type::Tensor => states::FIELDS,
        Type::Model => models::FIELDS,
        Type::Plot => plots::FIELDS,
        Type::Dataset => datasets::FIELDS,
        Type::Features => design::FEATURES_FIELDS,
        Type::Design => design::DESIGN_FIELDS,
        _ => &[],
    }
}
