//! Records: named fields in the order in which they were written.

use super::{Failure, Value, deeper};
use crate::symbol::Symbol;

/// A record.
#[derive(Debug)]
pub struct Record {
    fields: Vec<(Symbol, Value)>,
    depth: u32,
    weight: u64,
    unknown: bool,
    _charge: super::list::Charge,
}

impl Record {
    /// A record with these fields.
    ///
    /// # Errors
    /// E07 when nested too deeply.
    pub fn new(fields: Vec<(Symbol, Value)>) -> Result<Self, Failure> {
        let depth = deeper(fields.iter().map(|(_, v)| v.depth()).max().unwrap_or(0))?;
        let weight = fields.iter().fold(1_u64, |sum, (_, v)| sum.saturating_add(v.weight()));
        let unknown = fields.iter().any(|(_, v)| v.has_unknown());
        let charge = super::list::Charge::take(
            1 + fields.iter().map(|(_, value)| super::list::cost(value)).sum::<usize>(),
        )?;
        Ok(Self { fields, depth, weight, unknown, _charge: charge })
    }

    /// The fields.
    pub fn fields(&self) -> &[(Symbol, Value)] {
        &self.fields
    }

    /// The value of a field.
    pub fn get(&self, name: Symbol) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    pub(super) fn has_unknown(&self) -> bool {
        self.unknown
    }
}
