//! A model as the weights of its index tree.

use super::EntangleError;
use super::model::{Model, Weight};
use crate::graph::{Edge, Hierarchy};
use std::borrow::Cow;
use std::sync::Arc;

/// The levels of a ConvAC with the weights between them.
///
/// What arrives from a subtree is a vector on the index of its parent: the *message* of a kind has
/// the dimension [`Tree::up_dim`] of its level, because the matrix above the kind is applied.
#[derive(Clone, Debug)]
pub(super) struct Tree<'m> {
    pub hierarchy: Arc<Hierarchy>,
    /// By level: the weight to the parent; `None` where both are one copy tensor, and at the top.
    weights: Vec<Option<Cow<'m, Weight>>>,
    output: &'m Weight,
    /// The power of two that was taken out of all weights on the tree together: layers of extreme
    /// weights, whose squares no double holds, are scaled.
    pub shift: i64,
}

/// Weights beyond this power of two, or below its inverse, are scaled.
const EXTREME: i64 = 100;

/// What happens to the class index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The state of one class.
    Class(usize),
    /// The class index is kept, as one more site of side A.
    OnA,
    /// The class index is kept, as one more site of side B.
    OnB,
}

impl<'m> Tree<'m> {
    /// The index tree of a model.
    pub fn new(model: &'m Model) -> Result<Self, EntangleError> {
        let hierarchy = Arc::new(Hierarchy::from_network(model.network())?);
        let mut shift = 0i64;
        let mut weights = Vec::with_capacity(hierarchy.levels().len());
        for level in hierarchy.levels() {
            let weight = match level.up {
                Edge::Weight { conv } => model.conv(conv),
                Edge::Identity | Edge::Top => None,
            };
            weights.push(weight.map(|weight| {
                let exponent = weight.exponent();
                if exponent.abs() <= EXTREME {
                    return Cow::Borrowed(weight);
                }
                let count = i64::try_from(level.shape.sites()).unwrap_or(i64::MAX);
                shift = shift.saturating_add(exponent.saturating_mul(count));
                Cow::Owned(weight.scaled_down(exponent))
            }));
        }
        Ok(Tree { weights, output: model.output(), hierarchy, shift })
    }

    /// The number of levels.
    pub fn depth(&self) -> usize {
        self.weights.len()
    }

    /// The dimension of the indices of a level.
    pub fn dim(&self, level: usize) -> usize {
        self.hierarchy.levels().get(level).map_or(1, |level| level.dim as usize)
    }

    /// The dimension of the messages of a level: that of the level above, at the top its own.
    pub fn up_dim(&self, level: usize) -> usize {
        self.dim((level + 1).min(self.depth().saturating_sub(1)))
    }

    /// The matrix above a kind, [`Tree::up_dim`] x [`Tree::dim`]; `None` for the identity.
    pub fn matrix(&self, level: usize, number: usize) -> Option<&[f64]> {
        self.weight(level).map(|weight| weight.matrix(number))
    }

    /// The weight above a level, if there is one.
    pub fn weight(&self, level: usize) -> Option<&Weight> {
        self.weights.get(level)?.as_deref()
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.output.rows()
    }

    /// The rows of the output matrix that a question needs: one, or all.
    pub fn heads(&self, output: Output) -> Result<&'m [f64], EntangleError> {
        let all = self.output.matrix(0);
        let Output::Class(class) = output else { return Ok(all) };
        let width = self.output.cols();
        all.chunks_exact(width.max(1)).nth(class).ok_or_else(|| EntangleError::OutOfRange {
            what: format!("class {class}"),
            range: format!("the model has classes 0 to {}", self.classes().saturating_sub(1)),
            hint: "class = 0".into(),
        })
    }
}
