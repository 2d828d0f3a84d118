//! Curves and tables of what a Rust program computed.

use super::Error;
use crate::plot::{Axis, Chart, Picture, Scale, Series};
use crate::symbol::Symbol;
use crate::value::{IntoValue, Value};

/// A table from the names of its columns and its rows, each a tuple or a list: it is shown as the
/// language shows tables, and can be given to a program.
///
/// # Errors
/// [`Error::Value`] for a row that has not one entry for each name, or more than a list can hold.
///
/// ```
/// use convac::prelude::*;
///
/// let rows = [4u64, 8, 16].map(|r| (r, (r as f64).log2()));
/// let table = table(["r", "bits"], rows)?;
/// assert_eq!(cac!("sum(t.bits)", t = &table => f64)?, 9.0);
/// # Ok::<(), Error>(())
/// ```
pub fn table<'n, R: IntoValue>(
    names: impl IntoIterator<Item = &'n str>,
    rows: impl IntoIterator<Item = R>,
) -> Result<Value, Error> {
    let names: Vec<Symbol> = names.into_iter().map(Symbol::new).collect();
    let record = |row: R| {
        let cells = match row.into_value()? {
            Value::List(list) => list.to_vec()?,
            one => vec![one],
        };
        if cells.len() != names.len() {
            let (cells, columns) = (cells.len(), names.len());
            return Err(crate::value::failure(
                crate::diagnostic::Code::Shape,
                format!("a row of {cells} entries in a table of {columns} columns"),
                "give one entry for each name",
            ));
        }
        Value::record(names.iter().copied().zip(cells).collect())
    };
    let rows: Vec<Value> = rows.into_iter().map(record).collect::<Result<_, _>>()?;
    Ok(Value::list(rows)?)
}

impl Chart {
    /// A chart with these labels of its axes (with units) and nothing in it yet.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let cuts = [2, 4, 8, 16].map(|r| {
    ///     let net = Network::chain(64, 4).conv(r).pool(2).conv(r).pool(32).output(1)?;
    ///     Ok((r as f64, net.min_cut(Rule::LeftRight)?.bits()))
    /// });
    /// let points = cuts.into_iter().collect::<Result<Vec<_>, Error>>()?;
    /// let chart = Chart::new("channels r", "min-cut (bits)").log_x().line("left_right", points);
    /// assert!(chart.picture().svg()?.starts_with("<svg"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(x: impl Into<String>, y: impl Into<String>) -> Self {
        let axis = |label: String| Axis { label, ..Axis::default() };
        Self { x: axis(x.into()), y: axis(y.into()), ..Self::default() }
    }

    /// What stands above the chart.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// A line with a symbol at each point (x, y), in the order given.
    #[must_use]
    pub fn line(
        mut self,
        label: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let (label, points) = (Some(label.into()), points.into_iter().collect());
        self.series.push(Series { label, points, ..Series::default() });
        self
    }

    /// Equal ratios at equal distances along x.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.x.scale = Scale::Log;
        self
    }

    /// Equal ratios at equal distances along y.
    #[must_use]
    pub fn log_y(mut self) -> Self {
        self.y.scale = Scale::Log;
        self
    }

    /// The chart as a figure: [`svg`](Picture::svg), [`png`](Picture::png), [`text`](Picture::text).
    pub fn picture(&self) -> Picture {
        Picture::Chart(self.clone())
    }
}
