//! Questions about the points of a box, and what shrinks and splits it.

use super::DesignError;
use super::problem::ROUNDING;
use super::search::{Design, Oracle};

/// What a point must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The largest cost.
    pub cap: f64,
    /// Whether that cost itself is allowed.
    pub cap_itself: bool,
    /// The smallest value.
    pub floor: f64,
    /// Whether that value itself is enough.
    pub floor_itself: bool,
}

pub(super) fn set(point: &mut [u64], side: usize, to: u64) {
    if let Some(entry) = point.get_mut(side) {
        *entry = to;
    }
}

/// Asks the oracle about points of one structure.
pub(super) struct Probe<'o, 'm, O: Oracle> {
    pub oracle: &'o O,
    pub choice: usize,
    pub memory: &'m mut O::Memory,
}

impl<O: Oracle> Probe<'_, '_, O> {
    pub fn value(&mut self, at: &[u64]) -> Result<f64, DesignError<O::Error>> {
        let value = self.oracle.value(self.choice, at, self.memory).map_err(DesignError::Oracle)?;
        if !value.is_finite() {
            Err(DesignError::NotANumber { at: at.to_vec() })
        } else {
            Ok(value)
        }
    }

    pub fn cost(&mut self, at: &[u64]) -> Result<f64, DesignError<O::Error>> {
        let cost = self.oracle.cost(self.choice, at, self.memory).map_err(DesignError::Oracle)?;
        if !cost.is_finite() { Err(DesignError::NotANumber { at: at.to_vec() }) } else { Ok(cost) }
    }

    pub fn design(&mut self, at: &[u64]) -> Result<Design, DesignError<O::Error>> {
        let (value, cost) = (self.value(at)?, self.cost(at)?);
        Ok(Design { choice: self.choice, at: at.to_vec(), value, cost })
    }

    pub fn is_cheap(&mut self, at: &[u64], window: Window) -> Result<bool, DesignError<O::Error>> {
        if window.cap < f64::INFINITY {
            let cost = self.cost(at)?;
            if cost > window.cap || (cost == window.cap && !window.cap_itself) {
                return Ok(false);
            }
        }
        self.oracle.is_allowed(self.choice, at, self.memory).map_err(DesignError::Oracle)
    }

    pub fn is_good(&mut self, at: &[u64], window: Window) -> Result<bool, DesignError<O::Error>> {
        if window.floor > f64::NEG_INFINITY {
            let value = self.value(at)?;
            if value < window.floor || (value == window.floor && !window.floor_itself) {
                return Ok(false);
            }
        }
        self.oracle.is_enough(self.choice, at, self.memory).map_err(DesignError::Oracle)
    }

    /// What must grow does between the corners of a box.
    pub fn check_growth(&mut self, low: &[u64], high: &[u64]) -> Result<(), DesignError<O::Error>> {
        let fall = |bottom: f64, top: f64| {
            let falls = top < bottom - ROUNDING * bottom.abs().max(1.0);
            falls.then(|| DesignError::Falls {
                low: (low.to_vec(), bottom),
                high: (high.to_vec(), top),
            })
        };
        let (bottom, top) = (self.value(low)?, self.value(high)?);
        if let Some(error) = fall(bottom, top) {
            return Err(error);
        }
        let (bottom, top) = (self.cost(low)?, self.cost(high)?);
        fall(bottom, top).map_or(Ok(()), Err)
    }

    /// Lowers the upper sides that are not cheap with all others at their lowest.
    pub fn lower_tops(
        &mut self,
        low: &[u64],
        high: &mut [u64],
        window: Window,
    ) -> Result<bool, DesignError<O::Error>> {
        let mut point = low.to_vec();
        let mut changed = false;
        for (side, (bottom, top)) in low.iter().zip(high.iter_mut()).enumerate() {
            let last = self
                .largest(&mut point, side, *bottom, *top, |probe, at| probe.is_cheap(at, window))?;
            changed |= last < *top;
            *top = last;
            set(&mut point, side, *bottom);
        }
        Ok(changed)
    }

    /// Raises the lower sides that are not good with all others at their highest.
    pub fn raise_bottoms(
        &mut self,
        low: &mut [u64],
        high: &[u64],
        window: Window,
    ) -> Result<bool, DesignError<O::Error>> {
        let mut point = high.to_vec();
        let mut changed = false;
        for (side, (bottom, top)) in low.iter_mut().zip(high).enumerate() {
            let first = self
                .smallest(&mut point, side, *bottom, *top, |probe, at| probe.is_good(at, window))?;
            changed |= first > *bottom;
            *bottom = first;
            set(&mut point, side, *top);
        }
        Ok(changed)
    }

    /// The largest number of one side from `low` to `high` for which a falling predicate holds; at
    /// `low` it does.
    pub fn largest(
        &mut self,
        point: &mut [u64],
        side: usize,
        mut low: u64,
        mut high: u64,
        mut holds: impl FnMut(&mut Self, &[u64]) -> Result<bool, DesignError<O::Error>>,
    ) -> Result<u64, DesignError<O::Error>> {
        let mut middle = high;
        while low < high {
            set(point, side, middle);
            if holds(self, point)? {
                low = middle;
            } else {
                high = middle - 1;
            }
            middle = low + (high - low).div_ceil(2);
        }
        Ok(low)
    }

    /// The smallest number of one side for which a rising predicate holds; at `high` it does.
    pub fn smallest(
        &mut self,
        point: &mut [u64],
        side: usize,
        mut low: u64,
        mut high: u64,
        mut holds: impl FnMut(&mut Self, &[u64]) -> Result<bool, DesignError<O::Error>>,
    ) -> Result<u64, DesignError<O::Error>> {
        let mut middle = low;
        while low < high {
            set(point, side, middle);
            if holds(self, point)? {
                high = middle;
            } else {
                low = middle + 1;
            }
            middle = low + (high - low) / 2;
        }
        Ok(high)
    }

    /// The side to be split and the last number of its lower part: where halving the side moves
    /// value and cost most. `None` for a point.
    pub fn split(
        &mut self,
        low: &[u64],
        high: &[u64],
        window: Window,
    ) -> Result<Option<(usize, u64)>, DesignError<O::Error>> {
        let (top, bottom) = (self.value(high)?, self.cost(low)?);
        let floor = if window.floor.is_finite() { window.floor } else { self.value(low)? };
        let cap = if window.cap.is_finite() { window.cap } else { self.cost(high)? };
        let (gain, room) = ((top - floor).max(1e-12), (cap - bottom).max(1e-12));
        let mut chosen: Option<(f64, usize, u64)> = None;
        for (side, (from, to)) in low.iter().zip(high).enumerate() {
            if from >= to {
                continue;
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let middle = ((*from as f64 + 1.0) * (*to as f64 + 1.0)).sqrt().floor() as u64 - 1;
            let middle = middle.clamp(*from, *to - 1);
            let (mut down, mut up) = (high.to_vec(), low.to_vec());
            set(&mut down, side, middle);
            set(&mut up, side, middle + 1);
            let fall = ((top - self.value(&down)?) / gain).clamp(0.0, 1.0);
            let rise = ((self.cost(&up)? - bottom) / room).clamp(0.0, 1.0);
            // Both parts shall be easier: the product counts, and width where neither moves.
            let width = ((*to as f64) / (*from as f64).max(1.0)).log2();
            let score = (fall + 1e-3) * (rise + 1e-3) + 1e-9 * width;
            if chosen.is_none_or(|(best, ..)| score > best) {
                chosen = Some((score, side, middle));
            }
        }
        Ok(chosen.map(|(_, side, middle)| (side, middle)))
    }
}
