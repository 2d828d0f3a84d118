//! Files of data are never trusted: bytes of any format give samples that can be read, or an error,
//! and no more memory than they hold.
#![no_main]

use std::sync::Arc;

use convac::interrupt::Interrupt;
use convac::learn::Dataset;
use convac::learn::data::{Array, Bytes, InMemory, csv, entries, grey, idx, npy, open};
use libfuzzer_sys::fuzz_target;

/// Samples that are read of a set.
const LOOKED: usize = 16;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let bytes: Arc<dyn Bytes> = Arc::new(InMemory::new(rest.to_vec()));
    match kind % 5 {
        0 => {
            if let Ok((array, scale)) = idx(bytes) {
                look(&array, scale);
            }
        }
        1 => {
            if let Ok(array) = npy(bytes) {
                look(&array, 1.0);
            }
        }
        2 => {
            for entry in entries(&*bytes).unwrap_or_default().iter().take(LOOKED) {
                if let Ok(array) = open(&bytes, entry).and_then(npy) {
                    look(&array, 1.0);
                }
            }
        }
        3 => {
            if let Ok(data) = csv(bytes, None, &Interrupt::new()) {
                read(&data);
            }
        }
        _ => {
            if let Ok(image) = grey(rest) {
                assert_eq!(image.pixels.len(), image.size.0 * image.size.1);
            }
        }
    }
});

fn look(array: &Array, scale: f64) {
    let _ = array.labels();
    let Ok((shape, numbers)) = array.samples(scale) else { return };
    if let Ok(data) = Dataset::from_source(shape, Arc::new(numbers), None) {
        read(&data);
    }
}

fn read(data: &Dataset) {
    let mut out = vec![0.0; data.sites()];
    for sample in 0..data.samples().min(LOOKED) {
        if data.read(sample, &mut out).is_ok() {
            assert!(out.iter().all(|value| value.is_finite()));
        }
    }
}
