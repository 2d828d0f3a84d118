//! Tests of formats, generators and views; every generator is seeded, files are made in memory.

mod formats;
mod generators;
mod views;

use super::{Bytes, InMemory};
use std::sync::Arc;

fn bytes(bytes: impl Into<Vec<u8>>) -> Arc<dyn Bytes> {
    Arc::new(InMemory::new(bytes.into()))
}
