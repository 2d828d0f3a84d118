//! The min-cut across one partition as a function of the bond dimensions.
//!
//! A network whose channel numbers change keeps its tree, so what is below an index and looks alike
//! is found once ([`Subtrees`]) and every evaluation is a pass over the different subtrees: a few
//! for each level when the partition is regular.

use super::DesignError;
use super::family::convolutions_of_levels;
use crate::graph::{ChildOrder, Edge, Hierarchy, Labels, Run, Subtrees};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Layer, Network, Sharing};

/// One level: what joins it upwards, where its dimension comes from, and its different subtrees.
#[derive(Clone, Debug)]
struct Level {
    up: Edge,
    /// The convolution whose channels its indices carry; `None` for representation functions.
    conv: Option<usize>,
    starts: Vec<u32>,
    runs: Vec<Run>,
}

impl Level {
    fn kinds(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn children(&self, kind: usize) -> &[Run] {
        let bounds = self.starts.get(kind).zip(self.starts.get(kind + 1));
        bounds.and_then(|(start, end)| self.runs.get(*start as usize..*end as usize)).unwrap_or(&[])
    }
}

/// The logarithm of the min-cut of a network across one partition, for any channel numbers.
#[derive(Clone, Debug)]
pub struct CutFunction {
    levels: Vec<Level>,
    /// For every different site whether it is in A.
    sites: Vec<bool>,
    convolutions: usize,
}

/// Costs of one index in bits: on side A, on side B, cut (its own dimension not counted).
type State = [f64; 3];

/// Memory that evaluations share; one for each thread.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// By level and kind, the state.
    states: Vec<Vec<State>>,
    /// By level and kind, what the state costs a parent on A, on B, or anywhere.
    offers: Vec<Vec<State>>,
    /// By level and kind, how many indices have a parent on A, on B, or anywhere.
    demands: Vec<Vec<[f64; 3]>>,
}

impl CutFunction {
    /// The function of a network (its own channel numbers do not matter) and a partition.
    ///
    /// # Errors
    /// [`DesignError::Graph`] when the network is no ConvAC, the partition of another shape, or
    /// more sites than can be listed look different; [`DesignError::Interrupted`].
    pub fn new(
        network: &Network,
        across: &Bipartition,
        interrupt: &Interrupt,
    ) -> Result<Self, DesignError> {
        // A cut does not see how weights are shared: all subtrees with one pattern are one.
        let layers = network.layers().iter().map(|layer| match layer {
            Layer::Conv { channels, .. } => {
                Layer::Conv { channels: *channels, sharing: Sharing::Layer }
            }
            other => other.clone(),
        });
        let network = Network::new(layers.collect())?;
        let hierarchy = Hierarchy::from_network(&network)?;
        let order = ChildOrder::Any;
        let labels = Labels::Sides(across);
        let subtrees = Subtrees::new(&network, &hierarchy, labels, order, interrupt)?;
        let mut levels: Vec<Level> = Vec::new();
        let sources = convolutions_of_levels(&hierarchy);
        for ((level, kinds), conv) in hierarchy.levels().iter().zip(subtrees.levels()).zip(sources)
        {
            let (mut starts, mut runs) = (vec![0], Vec::new());
            for kind in 0..kinds.len() {
                runs.extend_from_slice(kinds.children(kind));
                starts.push(runs.len() as u32);
            }
            levels.push(Level { up: level.up, conv, starts, runs });
        }
        let sites = subtrees.levels().first();
        let sites = sites.map_or(Vec::new(), |kinds| {
            (0..kinds.len()).map(|kind| kinds.mask(kind) & 1 == 1).collect()
        });
        Ok(Self { levels, sites, convolutions: network.convolutions() })
    }

    /// The number of convolutions: so many channel numbers an evaluation takes.
    pub fn convolutions(&self) -> usize {
        self.convolutions
    }

    /// log2 of the min-cut; `dim` and `channels` are given by their log2. Off by some units in
    /// the last place.
    pub fn bits(&self, dim: f64, channels: &[f64], scratch: &mut Scratch) -> f64 {
        self.solve(dim, channels, scratch);
        let root = scratch.offers.last().and_then(|offers| offers.first());
        root.map_or(0.0, |offer| offer[2])
    }

    /// How many bonds of the input and of every convolution a smallest cut has, and log2 of the
    /// min-cut. The cut is one of the smallest.
    pub fn counts(&self, dim: f64, channels: &[f64], scratch: &mut Scratch) -> (Vec<f64>, f64) {
        let bits = self.bits(dim, channels, scratch);
        let mut counts = vec![0.0; 1 + self.convolutions];
        for (level, kinds) in self.levels.iter().zip(&mut scratch.demands) {
            kinds.clear();
            kinds.resize(level.kinds(), [0.0; 3]);
        }
        if let Some(top) = scratch.demands.last_mut().and_then(|kinds| kinds.first_mut()) {
            *top = [0.0, 0.0, 1.0];
        }
        for place in (0..self.levels.len()).rev() {
            let Some(level) = self.levels.get(place) else { continue };
            let price = log_of(level.conv, dim, channels);
            let (below, here) = scratch.demands.split_at_mut(place);
            let mut passed = below.last_mut();
            for kind in 0..level.kinds() {
                let demand = here.first().and_then(|kinds| kinds.get(kind)).copied();
                let state = scratch.states.get(place).and_then(|states| states.get(kind)).copied();
                let (Some(demand), Some(state)) = (demand, state) else { continue };
                let mut labels = [0.0; 3];
                for (parent, number) in demand.into_iter().enumerate().filter(|(_, n)| *n > 0.0) {
                    let label = if level.up == Edge::Identity {
                        parent
                    } else {
                        cheapest(state, price, parent)
                    };
                    labels[label] += number;
                }
                // An index without a weight above it is its parent: the parent pays.
                if level.up != Edge::Identity
                    && let Some(count) = counts.get_mut(level.conv.map_or(0, |conv| conv + 1))
                {
                    *count += labels[2];
                }
                if let Some(below) = passed.as_deref_mut() {
                    for run in level.children(kind) {
                        if let Some(demand) = below.get_mut(run.kind as usize) {
                            for (sum, number) in demand.iter_mut().zip(labels) {
                                *sum += number * f64::from(run.count);
                            }
                        }
                    }
                }
            }
        }
        (counts, bits)
    }

    fn solve(&self, dim: f64, channels: &[f64], scratch: &mut Scratch) {
        let levels = self.levels.len();
        for tables in [&mut scratch.states, &mut scratch.offers] {
            tables.resize(levels, Vec::new());
        }
        scratch.demands.resize(levels, Vec::new());
        for (place, level) in self.levels.iter().enumerate() {
            let price = log_of(level.conv, dim, channels);
            let (below, here) = scratch.offers.split_at_mut(place);
            let (below, Some(offers)) = (below.last(), here.first_mut()) else { return };
            let Some(states) = scratch.states.get_mut(place) else { return };
            states.clear();
            offers.clear();
            for kind in 0..level.kinds() {
                let state = match below {
                    None if self.sites.get(kind) == Some(&true) => [0.0, f64::INFINITY, 0.0],
                    None => [f64::INFINITY, 0.0, 0.0],
                    Some(below) => {
                        let mut sum = [0.0; 3];
                        for run in level.children(kind) {
                            let Some(offer) = below.get(run.kind as usize) else { continue };
                            let times = f64::from(run.count);
                            for (sum, cost) in sum.iter_mut().zip(offer) {
                                *sum += times * cost;
                            }
                        }
                        sum
                    }
                };
                states.push(state);
                offers.push(if level.up == Edge::Identity { state } else { close(state, price) });
            }
        }
    }
}

/// What a state costs a parent on A, on B, or anywhere.
fn close([on_a, on_b, below]: State, price: f64) -> State {
    let cut = below + price;
    let (a, b) = (on_a.min(cut), on_b.min(cut));
    [a, b, a.min(b)]
}

/// The label (0 A, 1 B, 2 cut) of an index below a parent with a label.
fn cheapest([on_a, on_b, below]: State, price: f64, parent: usize) -> usize {
    let cut = below + price;
    let (a, b) = (
        if parent == 1 { f64::INFINITY } else { on_a },
        if parent == 0 { f64::INFINITY } else { on_b },
    );
    if a <= b && a <= cut {
        0
    } else if b <= cut {
        1
    } else {
        2
    }
}

fn log_of(conv: Option<usize>, dim: f64, channels: &[f64]) -> f64 {
    conv.map_or(dim, |conv| channels.get(conv).copied().unwrap_or(0.0))
}
