//! Which positions a pooling window joins.
//!
//! Contiguous windows favour interleaved partitions, mirror windows favour left|right ones
//! (Cohen and Shashua, arXiv 1605.06743).

use super::{MAX_EXPLICIT_SITES, Shape};
use rustc_hash::FxHashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

/// How a pooling layer chooses the members of its windows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// Neighbours: along each axis with window `w`, source `p` goes to `p div w`.
    Contiguous,
    /// Mirrored places: along each axis of length `n`, target `h` takes source `h/2` (`h` even)
    /// or `n - (h-1)/2 - 1` (`h` odd); then windows are contiguous.
    Mirror,
    /// Places far apart: along each axis of length `n` with window `w`, source `p` goes to
    /// `p mod (n/w)`.
    Strided,
    /// As listed.
    Grouped(Arc<Grouping>),
}

/// An arbitrary pooling geometry: for every source position (row-major) its output position
/// (row-major). Every output position takes equally many sources.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grouping {
    targets: Vec<u32>,
    groups: u32,
}

/// Why a list of targets is no pooling geometry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupingError {
    /// The list has no entry.
    Empty,
    /// The list has more than [`MAX_EXPLICIT_SITES`] entries.
    TooLarge {
        /// The number of sources.
        sources: usize,
    },
    /// An output position takes more or fewer sources than the first one.
    Uneven {
        /// The output position.
        group: u32,
        /// The number of its sources.
        size: u64,
        /// The number of sources of output position 0.
        expected: u64,
    },
}

impl fmt::Display for GroupingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupingError::Empty => write!(f, "the pooling geometry has no sites"),
            GroupingError::TooLarge { sources } => {
                write!(f, "a pooling geometry can list {MAX_EXPLICIT_SITES} sites, not {sources}")
            }
            GroupingError::Uneven { group, size, expected } => {
                write!(
                    f,
                    "group {group} of the pooling geometry has {size} sites, group 0 has {expected}"
                )
            }
        }
    }
}

impl std::error::Error for GroupingError {}

impl Grouping {
    /// The geometry with these targets.
    ///
    /// # Errors
    /// [`GroupingError`] when the list is empty, too long, or when the output positions
    /// `0..=max` do not all take equally many sources.
    pub fn new(targets: Vec<u32>) -> Result<Self, GroupingError> {
        if targets.len() as u64 > MAX_EXPLICIT_SITES {
            return Err(GroupingError::TooLarge { sources: targets.len() });
        }
        let largest = targets.iter().copied().max().ok_or(GroupingError::Empty)?;
        if largest as usize >= targets.len() {
            // Some output position below it has no source: name the first one.
            let mut used: Vec<u32> = targets.clone();
            used.sort_unstable();
            used.dedup();
            let group = used.iter().zip(0u32..).find(|(value, place)| **value != *place);
            let group = group.map_or(largest, |(_, place)| place);
            let expected = targets.iter().filter(|target| **target == 0).count() as u64;
            return Err(GroupingError::Uneven { group, size: 0, expected });
        }
        let mut sizes = vec![0u64; largest as usize + 1];
        for target in &targets {
            if let Some(size) = sizes.get_mut(*target as usize) {
                *size += 1;
            }
        }
        let expected = sizes.first().copied().unwrap_or(0);
        if let Some((group, size)) = (0u32..).zip(&sizes).find(|(_, size)| **size != expected) {
            return Err(GroupingError::Uneven { group, size: *size, expected });
        }
        Ok(Grouping { targets, groups: largest + 1 })
    }

    /// The geometry that pools positions with equal keys; output positions are numbered in the
    /// order in which their keys first appear.
    ///
    /// # Errors
    /// [`GroupingError`] as for [`Grouping::new`].
    pub fn from_keys<K: Hash + Eq>(
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Self, GroupingError> {
        let mut numbers: FxHashMap<K, u32> = FxHashMap::default();
        let mut targets = Vec::new();
        for key in keys {
            if targets.len() as u64 >= MAX_EXPLICIT_SITES {
                return Err(GroupingError::TooLarge { sources: targets.len() + 1 });
            }
            let next = numbers.len() as u32;
            targets.push(*numbers.entry(key).or_insert(next));
        }
        Grouping::new(targets)
    }

    /// For every source position its output position.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// The number of output positions.
    pub fn groups(&self) -> u64 {
        u64::from(self.groups)
    }
}

impl Geometry {
    /// The spelling in the language; `None` for a list.
    pub fn as_str(&self) -> Option<&'static str> {
        match self {
            Geometry::Contiguous => Some("contiguous"),
            Geometry::Mirror => Some("mirror"),
            Geometry::Strided => Some("strided"),
            Geometry::Grouped(_) => None,
        }
    }

    /// The geometry with this spelling.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "contiguous" => Some(Geometry::Contiguous),
            "mirror" => Some(Geometry::Mirror),
            "strided" => Some(Geometry::Strided),
            _ => None,
        }
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str().unwrap_or("grouped"))
    }
}

/// One pooling step: a window and a geometry on a shape that the window tiles.
#[derive(Clone, Debug)]
pub struct Window {
    source: Shape,
    target: Shape,
    window: Shape,
    geometry: Geometry,
    /// For a list: the sources of each target in turn, row-major, and the place of each source
    /// in its window.
    sources: Vec<u32>,
    places: Vec<u32>,
}

impl Window {
    /// The pooling step, or `None` when the window does not tile the shape or a list does not
    /// fit it.
    pub fn new(source: Shape, window: Shape, geometry: &Geometry) -> Option<Self> {
        let target = source.pooled(&window)?;
        let (mut sources, mut places) = (Vec::new(), Vec::new());
        if let Geometry::Grouped(grouping) = geometry {
            let size = usize::try_from(window.sites()).ok()?;
            if grouping.targets.len() as u64 != source.sites()
                || grouping.groups() != target.sites()
            {
                return None;
            }
            let mut filled = vec![0u32; grouping.groups as usize];
            sources = vec![0u32; grouping.targets.len()];
            places = Vec::with_capacity(grouping.targets.len());
            for (position, group) in (0u32..).zip(&grouping.targets) {
                let place = filled.get_mut(*group as usize)?;
                *sources.get_mut(*group as usize * size + *place as usize)? = position;
                places.push(*place);
                *place += 1;
            }
        }
        Some(Window { source, target, window, geometry: geometry.clone(), sources, places })
    }

    /// Whether neighbours are joined.
    pub fn is_contiguous(&self) -> bool {
        self.geometry == Geometry::Contiguous
    }

    /// The number of members of a window.
    pub fn size(&self) -> u64 {
        self.window.sites()
    }

    /// The shape after pooling.
    pub fn target(&self) -> Shape {
        self.target
    }

    /// The shape before pooling.
    pub fn source_shape(&self) -> Shape {
        self.source
    }

    /// The output position of a source position and its place inside the window (row-major in
    /// the window). Positions outside the shape give the place of some position inside.
    pub fn locate(&self, position: u64) -> (u64, u64) {
        if matches!(self.geometry, Geometry::Grouped(_)) {
            let place = self.places.get(position as usize).copied().unwrap_or(0);
            let group = match &self.geometry {
                Geometry::Grouped(grouping) => {
                    grouping.targets.get(position as usize).copied().unwrap_or(0)
                }
                _ => 0,
            };
            return (u64::from(group), u64::from(place));
        }
        let cols = self.source.cols().max(1);
        let (row, col) = (position / cols, position % cols);
        let (row, down) = self.locate_on_axis(row, self.source.rows(), self.window.rows());
        let (col, across) = self.locate_on_axis(col, cols, self.window.cols());
        (row * self.target.cols() + col, down * self.window.cols() + across)
    }

    /// The source position at a place inside the window of an output position.
    pub fn source(&self, target: u64, place: u64) -> u64 {
        if matches!(self.geometry, Geometry::Grouped(_)) {
            let slot = target.saturating_mul(self.size()).saturating_add(place);
            return self.sources.get(slot as usize).copied().map_or(0, u64::from);
        }
        let (wide, across) = (self.target.cols().max(1), self.window.cols().max(1));
        let row = self.source_on_axis(
            target / wide,
            place / across,
            self.source.rows(),
            self.window.rows(),
        );
        let col = self.source_on_axis(target % wide, place % across, self.source.cols(), across);
        row.saturating_mul(self.source.cols()).saturating_add(col)
    }

    fn locate_on_axis(&self, position: u64, length: u64, window: u64) -> (u64, u64) {
        let window = window.max(1);
        match self.geometry {
            Geometry::Strided => {
                let stride = (length / window).max(1);
                (position % stride, position / stride)
            }
            Geometry::Mirror => {
                let mirrored = if position <= length.saturating_sub(1) / 2 {
                    2 * position
                } else {
                    2 * (length.saturating_sub(1).saturating_sub(position)) + 1
                };
                (mirrored / window, mirrored % window)
            }
            _ => (position / window, position % window),
        }
    }

    fn source_on_axis(&self, target: u64, place: u64, length: u64, window: u64) -> u64 {
        let window = window.max(1);
        match self.geometry {
            Geometry::Strided => place.saturating_mul(length / window).saturating_add(target),
            Geometry::Mirror => {
                let mirrored = target.saturating_mul(window).saturating_add(place);
                if mirrored.is_multiple_of(2) {
                    mirrored / 2
                } else {
                    length.saturating_sub(mirrored / 2 + 1)
                }
            }
            _ => target.saturating_mul(window).saturating_add(place),
        }
    }
}
