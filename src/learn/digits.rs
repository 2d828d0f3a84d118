//! The 1,797 handwritten digits of 8x8 pixels that come with the program.
//!
//! "Optical Recognition of Handwritten Digits" (test set) by E. Alpaydin and C. Kaynak, 1998, UCI
//! Machine Learning Repository, <https://doi.org/10.24432/C50P49>, licence CC BY 4.0. Values are from 0
//! to 16, here divided by 16.

use super::{DataError, Dataset};
use crate::network::Shape;
use std::io::Read;

static PACKED: &[u8] = include_bytes!("digits-8x8.csv.gz");

/// The digits, in their order, with their labels from 0 to 9; values from 0 to 1.
///
/// # Errors
/// [`DataError`] if the program's own data are damaged.
pub fn digits() -> Result<Dataset, DataError> {
    let mut text = String::new();
    // Damaged data give fewer lines, which the data set notices.
    let _ = flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut numbers = line.split(',').map(|number| number.trim().parse::<u32>().unwrap_or(0));
        values.extend(numbers.by_ref().take(64).map(|value| f64::from(value) / 16.0));
        labels.push(numbers.next().unwrap_or(0));
    }
    Dataset::new(Shape::Grid { rows: 8, cols: 8 }, values, Some(labels))
}
