//! What a spectrum costs, known before it runs.
//!
//! The plan follows the recursion of [`walk`](super::walk) with sizes in place of tensors. For
//! weights without sharing that are in general position the sizes are those of the real cores:
//! the min-cuts of each subtree between its sites of one side and {the others, the bond}.

use super::EntangleError;
use super::tree::{Output, Tree};
use super::walk::{A_ONLY, B_ONLY, MIXED};
use crate::graph::{Kinds, Run, Subtrees};

/// The largest memory of one spectrum: 4 GiB.
const MAX_BYTES: f64 = 4.0 * (1u64 << 30) as f64;
/// The most work of one spectrum: some hours of one core.
const MAX_FLOPS: f64 = 1e14;
/// Floating-point operations per second that an estimate in seconds assumes: for cores, for the
/// Gram matrix of the last matrix, and for its eigenvalues. Measured on one core of a server of
/// 2025.
const CORE_RATE: f64 = 2.0e10;
const GRAM_RATE: f64 = 5.0e10;
const EIGEN_RATE: f64 = 2.0e10;

/// Sizes of the cores of one level.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanLevel {
    /// The level: `input`, `conv0`, …
    pub name: String,
    /// The number of different subtrees.
    pub kinds: usize,
    /// The largest core `a x b x channels`; what is beyond 2^53 is told as infinite.
    pub largest: (f64, f64, f64),
    /// Floating-point operations.
    pub flops: f64,
    /// Memory of the cores, in bytes.
    pub bytes: f64,
}

/// The cost of the spectrum across a bipartition.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// From the input up.
    pub levels: Vec<PlanLevel>,
    /// Rows and columns of the last matrix, whose singular values are the spectrum.
    pub matrix: (f64, f64),
    /// Floating-point operations in all.
    pub flops: f64,
    /// The largest memory at one time, in bytes.
    pub bytes: f64,
    /// The memory of the four-copy messages that the Renyi-2 entropy needs, in bytes.
    pub renyi_bytes: f64,
    /// The work of the Renyi-2 entropy by four copies.
    pub renyi_flops: f64,
}

/// The size of a core; real numbers, so that astronomic ones are ordinary.
#[derive(Clone, Copy, Debug)]
struct Size {
    a: f64,
    b: f64,
    channels: f64,
}

impl Size {
    fn entries(&self) -> f64 {
        self.a * self.b * self.channels
    }
}

/// Adds up flops and memory.
#[derive(Default)]
struct Meter {
    flops: f64,
    /// The largest intermediate result, in entries.
    peak: f64,
}

impl Meter {
    fn compress(&mut self, mut size: Size) -> Size {
        self.peak = self.peak.max(size.entries());
        loop {
            if size.a > size.b * size.channels {
                let cols = size.b * size.channels;
                self.flops += 2.0 * size.a * cols * cols;
                size.a = cols;
            } else if size.b > size.a * size.channels {
                let cols = size.a * size.channels;
                self.flops += 2.0 * size.b * cols * cols;
                size.b = cols;
            } else {
                return size;
            }
        }
    }

    fn join(&mut self, left: Size, right: Size, lift: Option<f64>) -> Size {
        let (a, b) = (left.a * right.a, left.b * right.b);
        let joined = Size { a, b, channels: left.channels };
        self.flops += joined.entries();
        self.lift(joined, lift)
    }

    fn lift(&mut self, size: Size, lift: Option<f64>) -> Size {
        let Some(new) = lift else { return size };
        self.flops += 2.0 * size.entries() * new;
        Size { channels: new, ..size }
    }

    /// As [`walk`](super::walk) folds: the two smallest until two are left.
    fn fold(&mut self, sizes: &mut Vec<Size>) {
        while sizes.len() > 2 {
            sizes.sort_by(|x, y| y.entries().total_cmp(&x.entries()));
            let (Some(first), Some(second)) = (sizes.pop(), sizes.pop()) else { break };
            let joined = self.join(first, second, None);
            sizes.push(self.compress(joined));
        }
    }
}

impl Plan {
    /// The plan of a spectrum.
    pub(super) fn new(tree: &Tree<'_>, subtrees: &Subtrees, output: Output) -> Self {
        let dims: Vec<f64> = (0..tree.depth()).map(|level| tree.dim(level) as f64).collect();
        let names = tree.hierarchy.levels().iter().map(|level| level.name.clone());
        let lifts = (0..tree.depth()).map(|level| tree.weight(level).is_some()).collect();
        let heads = match output {
            Output::Class(_) => 1.0,
            Output::OnA | Output::OnB => tree.classes() as f64,
        };
        Self::of_sizes(&dims, names.collect(), lifts, (heads, output == Output::OnA), subtrees)
    }

    /// The plan for a tree of these dimensions; `lifts` says above which levels are matrices.
    pub(super) fn of_sizes(
        dims: &[f64],
        names: Vec<String>,
        lifts: Vec<bool>,
        (heads, on_a): (f64, bool),
        subtrees: &Subtrees,
    ) -> Self {
        let mut plan = Plan {
            levels: Vec::new(),
            matrix: (1.0, 1.0),
            flops: 0.0,
            bytes: 0.0,
            renyi_bytes: 0.0,
            renyi_flops: 0.0,
        };
        let mut below: Vec<Size> = Vec::new();
        let mut bytes_below = 0.0;
        let last = subtrees.levels().len().saturating_sub(1);
        for (level, ((kinds, name), lifted)) in
            subtrees.levels().iter().zip(names).zip(lifts).enumerate()
        {
            let dim = |level: usize| dims.get(level).copied().unwrap_or(1.0);
            let new = (lifted && level < last).then(|| dim(level + 1));
            let mut meter = Meter::default();
            let mut current: Vec<Size> = Vec::with_capacity(kinds.len());
            let under = level.checked_sub(1).and_then(|below| subtrees.levels().get(below));
            for kind in 0..kinds.len() {
                let mask = kinds.mask(kind);
                let mut parts = parts(&mut meter, kinds, kind, under, &below);
                if level == 0 {
                    let (a, b) = if mask == A_ONLY { (dim(0), 1.0) } else { (1.0, dim(0)) };
                    parts.push(Size { a, b, channels: dim(0) });
                }
                meter.fold(&mut parts);
                if level == last {
                    let one = Size { a: 1.0, b: 1.0, channels: dim(last) };
                    let first = parts.pop().unwrap_or(one);
                    let second = parts.pop().unwrap_or(one);
                    let (rows, cols) = (first.a * second.a, first.b * second.b);
                    plan.matrix = if on_a { (rows * heads, cols) } else { (rows, cols * heads) };
                    meter.flops += 2.0 * rows * cols * dim(last) * heads;
                    meter.peak = meter.peak.max(2.0 * rows * cols * heads);
                    continue;
                }
                let size = match (parts.pop(), parts.pop()) {
                    (Some(first), Some(second)) => {
                        if mask == MIXED && new.is_some_and(|new| new > dim(level)) {
                            let joined = meter.join(first, second, None);
                            let joined = meter.compress(joined);
                            meter.lift(joined, new)
                        } else {
                            meter.join(first, second, new)
                        }
                    }
                    (Some(only), None) => meter.lift(only, new),
                    _ => Size { a: 1.0, b: 1.0, channels: dim(level) },
                };
                current.push(meter.compress(size));
                if mask == MIXED {
                    let wide = dim(level).max(new.unwrap_or(0.0));
                    plan.renyi_flops += 8.0 * wide.powi(5);
                }
            }
            let entries: f64 = current.iter().map(Size::entries).sum();
            let largest = current
                .iter()
                .copied()
                .max_by(|x, y| x.entries().total_cmp(&y.entries()).then(x.a.total_cmp(&y.a)));
            let bytes = 8.0 * entries;
            if level < last {
                plan.levels.push(PlanLevel {
                    name,
                    kinds: kinds.len(),
                    largest: largest
                        .map_or((1.0, 1.0, 1.0), |size| (size.a, size.b, size.channels)),
                    flops: meter.flops,
                    bytes,
                });
                let mixed = (0..kinds.len()).filter(|kind| kinds.mask(*kind) == MIXED).count();
                let dim = new.unwrap_or_else(|| dim(level));
                plan.renyi_bytes = plan.renyi_bytes.max(16.0 * mixed as f64 * dim.powi(4));
            }
            plan.flops += meter.flops;
            plan.bytes = plan.bytes.max(bytes_below + bytes + 16.0 * meter.peak);
            (below, bytes_below) = (current, bytes);
        }
        let (rows, cols) = plan.matrix;
        let small = rows.min(cols);
        let (gram, eigen) = plan.last_step();
        plan.flops += gram + eigen;
        plan.bytes = plan.bytes.max(8.0 * (rows * cols + 2.0 * small * small));
        plan
    }

    /// The largest rank that the last matrix can have.
    pub fn rank_bound(&self) -> f64 {
        self.matrix.0.min(self.matrix.1)
    }

    /// An estimate of the time of an entropy on one core, in seconds; a spectrum with all digits
    /// takes about twice as long where the last matrix is large.
    pub fn seconds(&self) -> f64 {
        let (gram, eigen) = self.last_step();
        (self.flops - gram - eigen) / CORE_RATE + gram / GRAM_RATE + eigen / EIGEN_RATE
    }

    /// The work of the last matrix: its Gram matrix and the eigenvalues of that.
    fn last_step(&self) -> (f64, f64) {
        let (small, large) = (self.matrix.0.min(self.matrix.1), self.matrix.0.max(self.matrix.1));
        (2.0 * small * small * large, 4.0 / 3.0 * small.powi(3))
    }

    /// Refuses what is beyond the limits.
    ///
    /// # Errors
    /// [`EntangleError::TooLarge`] with the size, the limit and a cheaper question.
    pub fn check(&self) -> Result<(), EntangleError> {
        if self.bytes <= MAX_BYTES && self.flops <= MAX_FLOPS {
            return Ok(());
        }
        let hint = if self.renyi_allowed() {
            "entropy(model, across, order = 2) is exact here; bound(net, across) needs no weights"
        } else {
            "bound(net, across) needs no weights; fewer channels or sites make the spectrum possible"
        };
        let (rows, cols) = self.matrix;
        let (size, limit) = if self.bytes > MAX_BYTES {
            (size_text(self.bytes, "bytes"), "4 GiB".to_owned())
        } else {
            (size_text(self.flops, "operations"), size_text(MAX_FLOPS, "operations"))
        };
        let what =
            format!("the matrix of the spectrum ({} x {})", count_text(rows), count_text(cols));
        Err(EntangleError::too_large(&what, size, limit, hint))
    }

    /// Whether the Renyi-2 entropy is possible by four copies.
    pub fn renyi_allowed(&self) -> bool {
        self.renyi_bytes <= MAX_BYTES && self.renyi_flops <= MAX_FLOPS
    }
}

/// What meets in the copy tensor of a kind, as the recursion groups it.
fn parts(
    meter: &mut Meter,
    kinds: &Kinds,
    kind: usize,
    under: Option<&Kinds>,
    below: &[Size],
) -> Vec<Size> {
    let mut parts = Vec::new();
    let Some(under) = under else { return parts };
    for side in [A_ONLY, B_ONLY, MIXED] {
        let runs = kinds.children(kind).iter();
        let runs = runs.filter(|run: &&Run| under.mask(run.kind as usize) == side);
        let mut joined: Option<Size> = None;
        for run in runs {
            let Some(size) = below.get(run.kind as usize).copied() else { continue };
            for _ in 0..run.count.min(64) {
                if side == MIXED {
                    parts.push(size);
                    continue;
                }
                joined = Some(match joined {
                    None => size,
                    Some(left) => {
                        let size = meter.join(left, size, None);
                        meter.compress(size)
                    }
                });
            }
        }
        parts.extend(joined);
    }
    parts
}

/// A size with its unit: `2.1 GiB`, `3.4e19 operations`, `2^1024 bytes`.
fn size_text(size: f64, unit: &str) -> String {
    const GIB: f64 = (1u64 << 30) as f64;
    match unit {
        "bytes" if size < 1024.0 * GIB => format!("{:.1} GiB", size / GIB),
        _ if size.is_finite() => format!("{size:.1e} {unit}"),
        _ => format!("more than 1e308 {unit}"),
    }
}

/// A number of rows: exact while it is readable.
fn count_text(count: f64) -> String {
    match count {
        count if count < 1e15 => format!("{count:.0}"),
        count if count.is_finite() => format!("{count:.1e}"),
        _ => "over 1e308".to_owned(),
    }
}
