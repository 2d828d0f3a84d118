//! Sites in an order in which what belongs together is near.
//!
//! A locally connected network fits data whose correlations across its canonical partitions are small
//! (Alexander et al., arXiv 2303.11249, section 5): so the sites are halved again and again, each time
//! into two halves with little correlation between them. The smallest balanced cut is NP-hard; up to
//! 12 sites all halves are tried, above by exchanging pairs (Kernighan and Lin, 1970) from several
//! starts. What is found is an upper bound of the smallest cut.

use super::DataError;
use super::correlation::Correlations;
use crate::interrupt::Interrupt;
use crate::network::{Shape, SplitMix64};

/// Sites up to which all halves are tried.
const EXACT: usize = 12;
/// Random starts beside the given order and the second eigenvector.
const STARTS: u64 = 4;
/// Passes of exchanges from one start.
const PASSES: usize = 24;

/// A new order of sites.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrangement {
    /// For every place, row-major, the site that comes there.
    pub order: Vec<usize>,
    /// The correlation across the cuts of the recursion in the old order. A pair that is parted once is
    /// parted in all halvings below, so every cut counts once for each of them.
    pub before: f64,
    /// The same in the new order.
    pub after: f64,
}

/// Arranges sites on a shape by recursive halving; `seed` for the random starts.
///
/// # Errors
/// [`DataError::Interrupted`].
pub fn arrange(
    correlations: &Correlations,
    shape: Shape,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Arrangement, DataError> {
    let sites: Vec<usize> = (0..correlations.sites()).collect();
    let mut work = Halving {
        correlations,
        columns: usize::try_from(shape.cols()).unwrap_or(usize::MAX),
        order: sites.clone(),
        before: 0.0,
        after: 0.0,
        random: SplitMix64::new(seed),
        interrupt,
    };
    let (rows, cols) = (shape.rows() as usize, shape.cols() as usize);
    work.halve(sites, (0, rows), (0, cols))?;
    if work.after > work.before {
        // The order that was given is better than what was found.
        let order = (0..correlations.sites()).collect();
        return Ok(Arrangement { order, before: work.before, after: work.before });
    }
    Ok(Arrangement { order: work.order, before: work.before, after: work.after })
}

struct Halving<'h> {
    correlations: &'h Correlations,
    columns: usize,
    order: Vec<usize>,
    before: f64,
    after: f64,
    random: SplitMix64,
    interrupt: &'h Interrupt,
}

impl Halving<'_> {
    /// Puts sites into a rectangle of places.
    fn halve(
        &mut self,
        sites: Vec<usize>,
        rows: (usize, usize),
        cols: (usize, usize),
    ) -> Result<(), DataError> {
        let (height, width) = (rows.1 - rows.0, cols.1 - cols.0);
        if sites.len() < 2 {
            if let (Some(site), Some(place)) =
                (sites.first(), self.order.get_mut(rows.0 * self.columns + cols.0))
            {
                *place = *site;
            }
            return Ok(());
        }
        // The longer side is halved.
        let by_cols = width >= height;
        let (middle_row, middle_col) = (rows.0 + height / 2, cols.0 + width / 2);
        let first = if by_cols { (width / 2) * height } else { (height / 2) * width };
        let halves = if by_cols {
            [(rows, (cols.0, middle_col)), (rows, (middle_col, cols.1))]
        } else {
            [((rows.0, middle_row), cols), ((middle_row, rows.1), cols)]
        };
        let levels = f64::from(usize::BITS - (sites.len() - 1).leading_zeros());
        self.before += levels * self.given_cut(halves[0], halves[1]);
        let (one, other, cut) = self.best_halves(&sites, first)?;
        self.after += levels * cut;
        self.halve(one, halves[0].0, halves[0].1)?;
        self.halve(other, halves[1].0, halves[1].1)
    }

    /// The correlation between two rectangles in the order that was given.
    fn given_cut(
        &self,
        one: ((usize, usize), (usize, usize)),
        other: ((usize, usize), (usize, usize)),
    ) -> f64 {
        let places = |(rows, cols): ((usize, usize), (usize, usize))| {
            let columns = self.columns;
            (rows.0..rows.1)
                .flat_map(move |row| (cols.0..cols.1).map(move |col| row * columns + col))
        };
        let right: Vec<usize> = places(other).collect();
        places(one)
            .map(|site| right.iter().map(|other| self.correlations.pair(site, *other)).sum::<f64>())
            .sum()
    }

    /// Sites in two parts of which the first has a given size, and the correlation between them.
    fn best_halves(
        &mut self,
        sites: &[usize],
        first: usize,
    ) -> Result<(Vec<usize>, Vec<usize>, f64), DataError> {
        self.interrupt.check()?;
        let local = Local::new(self.correlations, sites);
        let sides = if sites.len() <= EXACT {
            local.all_halves(first)
        } else {
            let mut starts = vec![(0..sites.len()).collect::<Vec<usize>>(), local.by_eigenvector()];
            for _ in 0..STARTS {
                let mut start: Vec<usize> = (0..sites.len()).collect();
                self.random.shuffle(&mut start);
                starts.push(start);
            }
            let mut best: Option<(f64, Vec<bool>)> = None;
            for start in starts {
                let mut sides = vec![false; sites.len()];
                for site in start.iter().take(first) {
                    if let Some(side) = sides.get_mut(*site) {
                        *side = true;
                    }
                }
                local.exchange(&mut sides, self.interrupt)?;
                let cut = local.cut(&sides);
                if best.as_ref().is_none_or(|(best, _)| cut < *best - 1e-12) {
                    best = Some((cut, sides));
                }
            }
            best.map(|(_, sides)| sides).unwrap_or_default()
        };
        let part = |wanted: bool| -> Vec<usize> {
            let of = sites.iter().zip(&sides).filter(|(_, side)| **side == wanted);
            of.map(|(site, _)| *site).collect()
        };
        Ok((part(true), part(false), local.cut(&sides)))
    }
}

/// The correlations of some sites, numbered from 0.
struct Local {
    count: usize,
    weights: Vec<f64>,
}

impl Local {
    fn new(correlations: &Correlations, sites: &[usize]) -> Self {
        let row = |site: &usize| {
            let own = *site;
            sites.iter().map(
                move |other| {
                    if own == *other { 0.0 } else { correlations.pair(own, *other) }
                },
            )
        };
        Self { count: sites.len(), weights: sites.iter().flat_map(row).collect() }
    }

    fn row(&self, site: usize) -> &[f64] {
        self.weights.get(site * self.count..(site + 1) * self.count).unwrap_or(&[])
    }

    fn cut(&self, sides: &[bool]) -> f64 {
        let in_first = sides.iter().enumerate().filter(|(_, side)| **side);
        in_first
            .map(|(site, _)| {
                let other = self.row(site).iter().zip(sides).filter(|(_, side)| !**side);
                other.map(|(weight, _)| weight).sum::<f64>()
            })
            .sum()
    }

    fn all_halves(&self, first: usize) -> Vec<bool> {
        let mut best: Option<(f64, Vec<bool>)> = None;
        for code in 0u32..1 << self.count {
            if code.count_ones() as usize != first {
                continue;
            }
            let sides: Vec<bool> = (0..self.count).map(|site| code >> site & 1 == 1).collect();
            let cut = self.cut(&sides);
            if best.as_ref().is_none_or(|(best, _)| cut < *best - 1e-12) {
                best = Some((cut, sides));
            }
        }
        best.map(|(_, sides)| sides).unwrap_or_default()
    }

    /// Sites by the second eigenvector of the matrix of weights, which parts groups.
    fn by_eigenvector(&self) -> Vec<usize> {
        let n = self.count;
        let degree: Vec<f64> = (0..n).map(|site| self.row(site).iter().sum()).collect();
        let most = degree.iter().fold(1e-300f64, |most, d| most.max(*d));
        let mut vector: Vec<f64> =
            (0..n).map(|site| site as f64 - 0.5 * (n as f64 - 1.0)).collect();
        for _ in 0..60 {
            // (2 most - Laplacian) has the eigenvectors of the Laplacian, smallest first.
            let next: Vec<f64> = (0..n)
                .map(|site| {
                    let own = vector.get(site).copied().unwrap_or(0.0);
                    let pull: f64 = self.row(site).iter().zip(&vector).map(|(w, x)| w * x).sum();
                    (2.0 * most - degree.get(site).copied().unwrap_or(0.0)) * own + pull
                })
                .collect();
            let mean = next.iter().sum::<f64>() / n as f64;
            let norm = next.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt().max(1e-300);
            vector = next.into_iter().map(|x| (x - mean) / norm).collect();
        }
        let mut sites: Vec<usize> = (0..n).collect();
        let of = |site: &usize| vector.get(*site).copied().unwrap_or(0.0);
        sites.sort_by(|one, other| of(one).total_cmp(&of(other)).then(one.cmp(other)));
        sites
    }

    /// Exchanges pairs as long as that helps: in every pass all sites are exchanged once, best
    /// first, and the best prefix is kept.
    fn exchange(&self, sides: &mut [bool], interrupt: &Interrupt) -> Result<(), DataError> {
        let n = self.count;
        for _ in 0..PASSES {
            interrupt.check()?;
            let mut trial = sides.to_vec();
            let mut free = vec![true; n];
            // What the cut loses when a site alone changes its side.
            let mut gains: Vec<f64> = (0..n)
                .map(|site| {
                    let own = trial.get(site).copied().unwrap_or(false);
                    let pull = |(weight, side): (&f64, &bool)| {
                        if *side == own { -weight } else { *weight }
                    };
                    self.row(site).iter().zip(&trial).map(pull).sum()
                })
                .collect();
            let (mut sum, mut best, mut steps) = (0.0, (1e-12, 0), Vec::new());
            for _ in 0..n / 2 {
                let pick = |wanted: bool| {
                    let all = (0..n).filter(|site| {
                        free.get(*site) == Some(&true) && trial.get(*site) == Some(&wanted)
                    });
                    all.max_by(|one, other| {
                        let of = |site: &usize| gains.get(*site).copied().unwrap_or(0.0);
                        of(one).total_cmp(&of(other)).then(other.cmp(one))
                    })
                };
                let (Some(one), Some(other)) = (pick(true), pick(false)) else { break };
                let of = |site: usize| gains.get(site).copied().unwrap_or(0.0);
                let between = self.row(one).get(other).copied().unwrap_or(0.0);
                sum += of(one) + of(other) - 2.0 * between;
                for moved in [one, other] {
                    let side = trial.get(moved).copied().unwrap_or(false);
                    for (site, gain) in gains.iter_mut().enumerate() {
                        let weight = self.row(moved).get(site).copied().unwrap_or(0.0);
                        let same = trial.get(site) == Some(&side);
                        *gain += if same { 2.0 * weight } else { -2.0 * weight };
                    }
                    if let (Some(slot), Some(open)) = (trial.get_mut(moved), free.get_mut(moved)) {
                        (*slot, *open) = (!side, false);
                    }
                }
                steps.push((one, other));
                if sum > best.0 {
                    best = (sum, steps.len());
                }
            }
            if best.1 == 0 {
                return Ok(());
            }
            for (one, other) in steps.into_iter().take(best.1) {
                sides.swap(one, other);
            }
        }
        Ok(())
    }
}
