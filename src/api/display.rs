//! `evcxr_display`: how values look in a notebook of evcxr, which calls this method of the last
//! expression of a cell if it has one.

use super::{Answer, Proof, stdout};
use crate::entangle::model::Model;
use crate::learn::Dataset;
use crate::network::{Bipartition, Network, Rule};
use crate::plot::{Chart, Heatmap, Picture};
use crate::session::Bundle;
use crate::value::{IntoValue, Value};

impl Value {
    /// Shows the value in a notebook of evcxr: plain text, and HTML, LaTeX or SVG where it has such.
    pub fn evcxr_display(&self) {
        stdout::display(&Bundle(self));
    }
}

impl<T> Answer<T> {
    /// Shows the answer in a notebook of evcxr, as a notebook of the language does.
    pub fn evcxr_display(&self) {
        self.as_value().evcxr_display();
    }
}

/// Shows what becomes a value; of one that is too large, why.
fn display(value: impl IntoValue) {
    match value.into_value() {
        Ok(value) => value.evcxr_display(),
        Err(failure) => Value::string(&failure.message).evcxr_display(),
    }
}

macro_rules! displays {
    ($($rust:ty: $what:literal, $own:ident => $value:expr;)*) => { $(
        impl $rust {
            #[doc = concat!("Shows ", $what, " in a notebook of evcxr.")]
            pub fn evcxr_display(&self) {
                let $own = self;
                display($value);
            }
        }
    )* };
}

displays! {
    Network: "the layers with their sizes", network => network;
    Model: "the weights in short", model => model;
    Rule: "the rule", rule => rule;
    Bipartition: "the sides of the sites", sides => sides;
    Dataset: "samples of the data", data => data;
    Picture: "the figure", picture => picture;
    Chart: "the figure", chart => Picture::Chart(chart.clone());
    Heatmap: "the figure", map => Picture::Heatmap(map.clone());
    Proof: "what was checked", proof => proof.to_string();
}
