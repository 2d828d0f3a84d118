//! Tables of numbers as text, a sample in each row.

use super::array::label;
use super::bytes::Bytes;
use super::format::FormatError;
use super::reading::Reading;
use crate::interrupt::Interrupt;
use crate::learn::{DataError, Dataset};
use crate::network::Shape;
use std::sync::Arc;

/// The most values that are held: 1 GB.
const MOST_VALUES: usize = 1 << 27;

/// Which column holds the labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By its name in the first row.
    Name(String),
    /// By its number, from 0.
    Number(usize),
}

/// Why rows are no data set.
#[derive(Clone, Debug, PartialEq)]
pub enum CsvError {
    /// The text is no table of numbers.
    Format(FormatError),
    /// The numbers are no samples.
    Data(DataError),
    /// There is no such column of labels; the names that there are.
    NoColumn(Vec<String>),
}

impl From<FormatError> for CsvError {
    fn from(error: FormatError) -> Self {
        CsvError::Format(error)
    }
}

impl From<DataError> for CsvError {
    fn from(error: DataError) -> Self {
        CsvError::Data(error)
    }
}

/// The rows of a table as samples on a chain. The first row holds names if one of its cells is no
/// number. An empty cell is a number that is missing.
///
/// # Errors
/// [`CsvError`]: cells that are no numbers, rows of other lengths, numbers that are not finite or no
/// labels, more than 2^27 numbers, [`DataError::Interrupted`].
pub fn csv(
    bytes: Arc<dyn Bytes>,
    labels: Option<&Column>,
    interrupt: &Interrupt,
) -> Result<Dataset, CsvError> {
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(::csv::Trim::All)
        .from_reader(Reading::new(bytes));
    let (mut values, mut found) = (Vec::new(), labels.map(|_| Vec::new()));
    let mut width = 0;
    let mut column = match labels {
        Some(Column::Number(number)) => Some(*number),
        _ => None,
    };
    let mut row = ::csv::ByteRecord::new();
    let (mut samples, mut begun) = (0, false);
    loop {
        interrupt.check().map_err(DataError::from)?;
        let more = reader.read_byte_record(&mut row).map_err(|error| {
            FormatError::broken(format!("this is no CSV: {error}"), "separate cells by commas")
        })?;
        if !more {
            break;
        }
        let line = row.position().map_or(0, ::csv::Position::line);
        if !begun {
            begun = true;
            width = row.len();
            let named = row.iter().any(|cell| number(cell).is_none());
            let names = || row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
            if let Some(Column::Name(name)) = labels {
                let place = if named { names().position(|found| found == *name) } else { None };
                column = Some(place.ok_or_else(|| {
                    CsvError::NoColumn(if named { names().collect() } else { Vec::new() })
                })?);
            }
            if column.is_some_and(|column| column >= width) {
                return Err(CsvError::NoColumn(if named { names().collect() } else { Vec::new() }));
            }
            if named {
                continue;
            }
        }
        if row.len() != width {
            return Err(FormatError::broken(
                format!("line {line} has {} cells, the first one has {width}", row.len()),
                "give every row one cell for each column",
            )
            .into());
        }
        for (place, cell) in row.iter().enumerate() {
            let number = number(cell).ok_or_else(|| {
                let text: String = String::from_utf8_lossy(cell).chars().take(20).collect();
                FormatError::unfit(
                    format!("line {line} has {text:?} in column {place}, which is no number"),
                    "leave out columns of words, or number their words",
                )
            })?;
            match (&mut found, column) {
                (Some(labels), Some(column)) if column == place => {
                    labels.push(label(number, samples)?);
                }
                _ => values.push(number),
            }
        }
        samples += 1;
        if values.len() > MOST_VALUES {
            return Err(FormatError::too_large(
                "the table has more than 2^27 numbers",
                "np.save(\"x.npy\", x): an NPY file is read sample by sample",
            )
            .into());
        }
    }
    let sites = width - usize::from(found.is_some() && width > 0);
    if samples > 0 && sites == 0 {
        return Err(DataError::Length { sample: 0, found: 0, sites: 1 }.into());
    }
    Ok(Dataset::new(Shape::Chain(sites as u64), values, found)?)
}

/// A number; an empty cell is one that is missing.
fn number(cell: &[u8]) -> Option<f64> {
    if cell.is_empty() {
        return Some(f64::NAN);
    }
    std::str::from_utf8(cell).ok()?.parse().ok()
}
