//! How values are written as bytes: a tag, then numbers in little-endian order.

use std::fmt;

use crate::{Integer, Model, Record, Table, Tensor, Value};

/// Bytes that are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no value")
    }
}

impl std::error::Error for Malformed {}

/// How deep lists and records may be nested: reading them recurses.
const MAX_DEPTH: u32 = 500;
/// How much deeper they are in questions and answers.
const MARGIN: u32 = 8;

impl Value {
    /// The value as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(self, &mut out);
        out
    }

    /// Whether [`Value::decode`] would read it again.
    ///
    /// # Errors
    /// Lists and records that are nested too deeply, and a [`Table`] or [`Tensor`] whose parts do not
    /// fit each other.
    pub fn check(&self) -> Result<(), String> {
        check(self, MAX_DEPTH)
    }

    /// The value that these bytes are.
    ///
    /// # Errors
    /// [`Malformed`] when they are not exactly one value.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(bytes);
        let value = rest.value(MAX_DEPTH + MARGIN)?;
        if rest.0.is_empty() { Ok(value) } else { Err(Malformed) }
    }
}

fn check(value: &Value, depth: u32) -> Result<(), String> {
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| format!("lists and records are nested more than {MAX_DEPTH} levels deep"))?;
    match value {
        Value::List(items) => items.iter().try_for_each(|item| check(item, depth)),
        Value::Record(record) => record.0.iter().try_for_each(|(_, value)| check(value, depth)),
        Value::Table(table) => {
            table.check()?;
            table.columns.iter().try_for_each(|(_, column)| check(column, depth))
        }
        Value::Tensor(tensor) => tensor.check(),
        _ => Ok(()),
    }
}

impl Table {
    /// Whether all columns have as many items as the table has rows.
    pub(crate) fn check(&self) -> Result<(), String> {
        let rows = self.rows;
        if rows > 0 && self.columns.is_empty() {
            return Err(format!("the table has {rows} rows and no columns"));
        }
        let shorter = self.columns.iter().find(|(_, column)| column.items_len() != Some(rows));
        match shorter {
            Some((name, _)) => {
                Err(format!("column `{name}` of the table is no list of {rows} items"))
            }
            None => Ok(()),
        }
    }
}

impl Tensor {
    /// Whether it has as many numbers as its shape says.
    pub(crate) fn check(&self) -> Result<(), String> {
        let size = self.shape.iter().try_fold(1_usize, |size, axis| size.checked_mul(*axis));
        if size == Some(self.data.len()) {
            return Ok(());
        }
        let (shape, found) = (&self.shape, self.data.len());
        Err(format!("the tensor has {found} numbers, which is not the product of {shape:?}"))
    }
}

fn put_len(len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(len as u64).to_le_bytes());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_len(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn put_fields(fields: &[(String, Value)], out: &mut Vec<u8>) {
    put_len(fields.len(), out);
    for (name, value) in fields {
        put_text(name, out);
        put(value, out);
    }
}

fn put_reals(reals: &[f64], out: &mut Vec<u8>) {
    put_len(reals.len(), out);
    out.reserve(8 * reals.len());
    for real in reals {
        out.extend_from_slice(&real.to_le_bytes());
    }
}

fn put(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::None => out.push(0),
        Value::Bool(false) => out.push(1),
        Value::Bool(true) => out.push(2),
        Value::Int(int) => {
            out.push(3);
            out.extend_from_slice(&int.to_le_bytes());
        }
        Value::Big(integer) => {
            out.push(4);
            out.push(u8::from(integer.is_negative()));
            put_len(integer.limbs().len(), out);
            for limb in integer.limbs() {
                out.extend_from_slice(&limb.to_le_bytes());
            }
        }
        Value::Real(real) => {
            out.push(5);
            out.extend_from_slice(&real.to_le_bytes());
        }
        Value::String(text) => {
            out.push(6);
            put_text(text, out);
        }
        Value::List(items) => {
            out.push(7);
            put_len(items.len(), out);
            for item in items {
                put(item, out);
            }
        }
        Value::Bools(items) => {
            out.push(8);
            put_len(items.len(), out);
            out.extend(items.iter().map(|item| u8::from(*item)));
        }
        Value::Ints(items) => {
            out.push(9);
            put_len(items.len(), out);
            out.reserve(8 * items.len());
            for item in items {
                out.extend_from_slice(&item.to_le_bytes());
            }
        }
        Value::Reals(items) => {
            out.push(10);
            put_reals(items, out);
        }
        Value::Record(record) => {
            out.push(11);
            put_fields(&record.0, out);
        }
        Value::Table(table) => {
            out.push(12);
            put_len(table.rows, out);
            put_fields(&table.columns, out);
        }
        Value::Tensor(tensor) => {
            out.push(13);
            put_len(tensor.shape.len(), out);
            for size in &tensor.shape {
                put_len(*size, out);
            }
            put_reals(&tensor.data, out);
        }
        Value::Model(model) => {
            out.push(14);
            put_text(&model.network, out);
            put_len(model.safetensors.len(), out);
            out.extend_from_slice(&model.safetensors);
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    /// A length of what takes at least so many bytes each: nothing is reserved that is not there.
    fn len(&mut self, each: usize) -> Result<usize, Malformed> {
        let len = usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Malformed)?;
        let needed = len.checked_mul(each).ok_or(Malformed)?;
        if needed <= self.0.len() { Ok(len) } else { Err(Malformed) }
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let len = self.len(1)?;
        String::from_utf8(self.take(len)?.to_vec()).map_err(|_| Malformed)
    }

    fn eights<T>(&mut self, read: impl Fn([u8; 8]) -> T) -> Result<Vec<T>, Malformed> {
        let len = self.len(8)?;
        let (chunks, _) = self.take(8 * len)?.as_chunks::<8>();
        Ok(chunks.iter().map(|bytes| read(*bytes)).collect())
    }

    fn fields(&mut self, depth: u32) -> Result<Vec<(String, Value)>, Malformed> {
        let len = self.len(9)?;
        (0..len).map(|_| Ok((self.text()?, self.value(depth)?))).collect()
    }

    fn value(&mut self, depth: u32) -> Result<Value, Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed)?;
        let [tag] = self.array()?;
        Ok(match tag {
            0 => Value::None,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Int(i64::from_le_bytes(self.array()?)),
            4 => {
                let [negative] = self.array()?;
                let len = self.len(4)?;
                let (chunks, _) = self.take(4 * len)?.as_chunks::<4>();
                let limbs = chunks.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
                Value::Big(Integer::from_limbs(negative != 0, limbs))
            }
            5 => Value::Real(f64::from_le_bytes(self.array()?)),
            6 => Value::String(self.text()?),
            7 => {
                let len = self.len(1)?;
                Value::List((0..len).map(|_| self.value(depth)).collect::<Result<_, _>>()?)
            }
            8 => {
                let len = self.len(1)?;
                Value::Bools(self.take(len)?.iter().map(|byte| *byte != 0).collect())
            }
            9 => Value::Ints(self.eights(i64::from_le_bytes)?),
            10 => Value::Reals(self.eights(f64::from_le_bytes)?),
            11 => Value::Record(Record(self.fields(depth)?)),
            12 => {
                let rows =
                    usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Malformed)?;
                let table = Table { rows, columns: self.fields(depth)? };
                table.check().map_err(|_| Malformed)?;
                Value::Table(table)
            }
            13 => {
                let axes = self.len(8)?;
                let shape = (0..axes)
                    .map(|_| {
                        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Malformed)
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let tensor = Tensor { shape, data: self.eights(f64::from_le_bytes)? };
                tensor.check().map_err(|_| Malformed)?;
                Value::Tensor(tensor)
            }
            14 => {
                let network = self.text()?;
                let len = self.len(1)?;
                Value::Model(Model { network, safetensors: self.take(len)?.to_vec() })
            }
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Value> {
        let record = Record(vec![
            ("a".into(), Value::Int(-3)),
            ("𝛼".into(), Value::List(vec![Value::None, Value::Bool(true)])),
        ]);
        vec![
            Value::None,
            Value::Bool(false),
            Value::Int(i64::MIN),
            Value::Big("-99999999999999999999999999999999999999999999".parse().unwrap()),
            Value::Real(-0.0),
            Value::Real(f64::INFINITY),
            Value::String("ü\n\0".into()),
            Value::Bools(vec![true, false]),
            Value::Ints(vec![1, -1, i64::MAX]),
            Value::Reals(vec![0.1, 1e-320]),
            Value::Record(record.clone()),
            Value::Table(Table {
                rows: 2,
                columns: vec![
                    ("x".into(), Value::Ints(vec![1, 2])),
                    ("y".into(), Value::List(vec![Value::None; 2])),
                ],
            }),
            Value::Tensor(Tensor { shape: vec![2, 0, 3], data: vec![] }),
            Value::Tensor(Tensor { shape: vec![], data: vec![1.5] }),
            Value::Model(Model { network: "network {}".into(), safetensors: vec![0, 255] }),
            Value::List(vec![Value::Record(record)]),
        ]
    }

    #[test]
    fn bytes_and_back() {
        for value in samples() {
            let bytes = value.encode();
            assert_eq!(Value::decode(&bytes), Ok(value.clone()));
            for end in 0..bytes.len() {
                assert_eq!(Value::decode(&bytes[..end]), Err(Malformed), "{value:?} cut at {end}");
            }
            let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            assert_eq!(Value::decode(&longer), Err(Malformed));
        }
    }

    #[test]
    fn bytes_that_lie_are_refused() {
        // A list of 2^60 values, a table whose column is shorter, one of 2^40 rows without columns, a
        // tensor of another size.
        let mut long = vec![7];
        long.extend_from_slice(&(1_u64 << 60).to_le_bytes());
        assert_eq!(Value::decode(&long), Err(Malformed));
        let table = Table { rows: 3, columns: vec![("x".into(), Value::Ints(vec![1]))] };
        assert_eq!(
            Value::Table(table.clone()).check().unwrap_err(),
            "column `x` of the table is no list of 3 items"
        );
        assert_eq!(Value::decode(&Value::Table(table).encode()), Err(Malformed));
        let empty = Value::Table(Table { rows: 1 << 40, columns: vec![] });
        assert_eq!(empty.check().unwrap_err(), "the table has 1099511627776 rows and no columns");
        assert_eq!(Value::decode(&empty.encode()), Err(Malformed));
        let tensor = Tensor { shape: vec![usize::MAX, 2], data: vec![] };
        let tensor = Value::Record(Record(vec![("t".into(), Value::Tensor(tensor))]));
        assert!(tensor.check().unwrap_err().starts_with("the tensor has 0 numbers"));
        assert_eq!(Value::decode(&tensor.encode()), Err(Malformed));
        let mut deep = Value::None;
        for _ in 0..600 {
            deep = Value::List(vec![deep]);
        }
        assert_eq!(Value::decode(&deep.encode()), Err(Malformed));
        assert!(deep.check().is_err());
        for value in samples() {
            assert_eq!(value.check(), Ok(()));
        }
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let byte = (state >> 56) as u8;
                    if state & 0x300 == 0 { byte } else { byte % 15 }
                })
                .collect();
            if let Ok(value) = Value::decode(&bytes) {
                assert_eq!(value.encode().len(), bytes.len());
            }
        }
    }
}
