//! NPY, the format of one NumPy array:
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//!
//! Six bytes of magic, two of version, the length of the header, and a header that is a Python
//! dictionary: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.

use super::array::Array;
use super::bytes::{Bytes, Number, Order};
use super::format::FormatError;
use std::sync::Arc;

/// The longest header that is read; NumPy itself takes 10,000 bytes from strangers.
const MOST_HEADER: u64 = 1 << 16;

/// The array of an NPY file; one in Fortran order is turned in memory.
///
/// # Errors
/// [`FormatError`] for other magic bytes, a header that cannot be read, numbers that are no ints,
/// floats or bools, and sizes that the bytes do not hold.
pub fn npy(bytes: Arc<dyn Bytes>) -> Result<Array, FormatError> {
    let mut start = [0u8; 12];
    let short = |_| not_npy("it ends within its header");
    bytes.read_at(0, start.get_mut(..10).unwrap_or(&mut [])).map_err(short)?;
    if !start.starts_with(b"\x93NUMPY") {
        return Err(not_npy("it does not begin with \\x93NUMPY"));
    }
    let [.., major, _, a, b, _, _] = start;
    let (length, first) = match major {
        1 => (u64::from(u16::from_le_bytes([a, b])), 10),
        2 | 3 => {
            bytes.read_at(0, &mut start).map_err(short)?;
            let [.., a, b, c, d] = start;
            (u64::from(u32::from_le_bytes([a, b, c, d])), 12)
        }
        other => return Err(not_npy(&format!("version {other} is not known"))),
    };
    if length > MOST_HEADER {
        return Err(not_npy(&format!("its header of {length} bytes is too long")));
    }
    let mut header = vec![0u8; length as usize];
    bytes.read_at(first, &mut header).map_err(short)?;
    let header = String::from_utf8_lossy(&header);
    let description = entry(&header, "descr").ok_or_else(|| not_npy("it has no 'descr'"))?;
    let (number, order) = number(description)?;
    let fortran = match entry(&header, "fortran_order").map(|text| text.starts_with("True")) {
        Some(fortran) => fortran,
        None => return Err(not_npy("it has no 'fortran_order'")),
    };
    let sizes = entry(&header, "shape").and_then(sizes);
    let sizes = sizes.ok_or_else(|| not_npy("it has no 'shape' that can be read"))?;
    let array = Array::new(bytes, first + length, number, order, sizes)?;
    if fortran { array.turned() } else { Ok(array) }
}

/// What stands behind the colon of a key.
fn entry<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let behind = quoted.iter().find_map(|quoted| header.split_once(quoted.as_str()))?.1;
    Some(behind.trim_start().strip_prefix(':')?.trim_start())
}

/// The type of numbers of a description like `'<f8'`.
fn number(text: &str) -> Result<(Number, Order), FormatError> {
    let unfit = |what: &str| {
        FormatError::unfit(
            format!("the array is made of {what}, samples are made of numbers"),
            "np.save(\"numbers.npy\", x.astype(\"float32\"))",
        )
    };
    let quote = match text.chars().next() {
        Some(quote @ ('\'' | '"')) => quote,
        _ => return Err(unfit("records")),
    };
    let text = text.split(quote).nth(1).unwrap_or("");
    let mut letters = text.chars();
    let mark = letters.next();
    let order = match mark {
        Some('>') => Order::Big,
        // NumPy writes one byte as '|', and '=' nowhere in files; both are read as little.
        Some('<' | '|' | '=') => Order::Little,
        _ => return Err(unfit(&format!("{text:?}"))),
    };
    let kind = letters.next();
    let length: usize = letters.as_str().parse().unwrap_or(0);
    let number = match (kind, length) {
        (Some('b'), 1) => Number::Unsigned(1),
        (Some('u'), 1 | 2 | 4 | 8) => Number::Unsigned(length),
        (Some('i'), 1 | 2 | 4 | 8) => Number::Signed(length),
        (Some('f'), 2 | 4 | 8) => Number::Float(length),
        (Some('O'), _) => return Err(unfit("Python objects")),
        (Some('c'), _) => return Err(unfit("complex numbers")),
        (Some('U' | 'S'), _) => return Err(unfit("texts")),
        _ => return Err(unfit(&format!("{text:?}"))),
    };
    Ok((number, order))
}

/// The ints of a Python tuple.
fn sizes(text: &str) -> Option<Vec<u64>> {
    let inner = text.strip_prefix('(')?.split_once(')')?.0;
    let items = inner.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| item.trim_end_matches('L').parse().ok()).take(33).collect()
}

fn not_npy(why: &str) -> FormatError {
    FormatError::broken(
        format!("this is no NPY file: {why}"),
        "np.save(\"x.npy\", x) writes one; idx(…), npz(…), csv(…) and images(…) read others",
    )
}
