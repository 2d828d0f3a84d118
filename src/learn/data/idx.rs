//! IDX, the format of MNIST: <http://yann.lecun.com/exdb/mnist/>.
//!
//! Two zero bytes, the type of the numbers, the number of axes, their sizes as 32-bit ints, then the
//! numbers; everything with its most significant byte first.

use super::array::Array;
use super::bytes::{Bytes, Number, Order};
use super::format::FormatError;
use std::sync::Arc;

/// The array of an IDX file, and what its numbers are multiplied with: bytes are grey values from 0 to
/// 255, which become 0 to 1; others stay as they are.
///
/// # Errors
/// [`FormatError`] for a wrong magic number, sizes that the bytes do not hold, and bytes left over.
pub fn idx(bytes: Arc<dyn Bytes>) -> Result<(Array, f64), FormatError> {
    let mut magic = [0u8; 4];
    let short = |_| not_idx("it ends within its first bytes");
    bytes.read_at(0, &mut magic).map_err(short)?;
    let [0, 0, kind, axes] = magic else {
        let [a, b, c, d] = magic;
        return Err(not_idx(&format!("it begins with {a:02x} {b:02x} {c:02x} {d:02x}")));
    };
    let number = match kind {
        0x08 => Number::Unsigned(1),
        0x09 => Number::Signed(1),
        0x0b => Number::Signed(2),
        0x0c => Number::Signed(4),
        0x0d => Number::Float(4),
        0x0e => Number::Float(8),
        _ => return Err(not_idx(&format!("it has no type of numbers 0x{kind:02x}"))),
    };
    if axes == 0 {
        return Err(not_idx("it has no axes"));
    }
    let mut header = vec![0u8; 4 * usize::from(axes)];
    bytes.read_at(4, &mut header).map_err(short)?;
    let sizes = header.chunks_exact(4).map(|size| Number::Unsigned(4).decode(size, Order::Big));
    let sizes: Vec<u64> = sizes.map(|size| size as u64).collect();
    let first = 4 + header.len() as u64;
    let array = Array::new(bytes, first, number, Order::Big, sizes)?;
    Ok((array, if number == Number::Unsigned(1) { 1.0 / 255.0 } else { 1.0 }))
}

fn not_idx(why: &str) -> FormatError {
    FormatError::broken(
        format!("this is no IDX file: {why}"),
        "an IDX file begins with 00 00 08 03; npy(…), npz(…), csv(…) and images(…) read others",
    )
}
