//! Views: what they pick, scale and place.

use super::bytes;
use crate::interrupt::Interrupt;
use crate::learn::data::{Number, Numbers, Order, Range, Scaler, Size};
use crate::learn::{DataError, Dataset, Placement, correlations, digits};
use crate::network::{Shape, SplitMix64};
use std::sync::Arc;

fn row(data: &Dataset, sample: usize) -> Vec<f64> {
    let mut out = vec![0.0; data.sites()];
    data.read(sample, &mut out).unwrap();
    out
}

/// Samples that hold their own number, of unequal classes.
fn numbered(samples: usize) -> Dataset {
    let values = (0..samples).map(|sample| sample as f64).collect();
    let labels = (0..samples).map(|sample| (sample % 10 / 4) as u32).collect();
    Dataset::new(Shape::Chain(1), values, Some(labels)).unwrap()
}

fn numbers(data: &Dataset) -> Vec<usize> {
    (0..data.samples()).map(|sample| row(data, sample)[0] as usize).collect()
}

#[test]
fn splits_part_all_samples() {
    let data = numbered(103);
    for (stratified, seed) in [(false, 0), (true, 0), (true, 1)] {
        let (train, test) = data.split(80, stratified, seed).unwrap();
        assert_eq!((train.samples(), test.samples()), (80, 23));
        let mut all = [numbers(&train), numbers(&test)].concat();
        assert_ne!(all, (0..103).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..103).collect::<Vec<_>>());
        for part in [&train, &test] {
            for sample in 0..part.samples() {
                let number = row(part, sample)[0] as usize;
                assert_eq!(part.label(sample), data.label(number));
            }
        }
        if stratified {
            for class in 0..3 {
                let count = |data: &Dataset| {
                    data.labels().unwrap().iter().filter(|label| **label == class).count() as f64
                };
                let share = count(&data) * 80.0 / 103.0;
                assert!((count(&train) - share).abs() < 1.0);
            }
        }
        assert_eq!(data.split(80, stratified, seed).unwrap(), (train, test));
    }
    assert_eq!(data.split(0, false, 0).unwrap_err(), DataError::Empty);
    assert_eq!(data.split(103, true, 0).unwrap_err(), DataError::Empty);
}

#[test]
fn parts_keep_their_labels() {
    let data = numbered(20);
    assert_ne!(numbers(&data.shuffled(1)), numbers(&data.shuffled(2)));
    let only = data.only(&[2, 0], true).unwrap();
    assert_eq!(numbers(&only), [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 18, 19]);
    assert_eq!(only.labels().unwrap()[..6], [1, 1, 1, 1, 0, 0]);
    assert_eq!(only.classes(), 2);
    let kept = data.only(&[2, 0], false).unwrap();
    assert_eq!((kept.labels().unwrap()[4], kept.classes()), (2, 3));
    assert_eq!(data.only(&[7], true).unwrap_err(), DataError::NoClass { class: 7 });
    let batches = data.batches(8).unwrap();
    assert_eq!(batches.iter().map(Dataset::samples).collect::<Vec<_>>(), [8, 8, 4]);
    assert_eq!(numbers(&batches[2]), [16, 17, 18, 19]);
}

#[test]
fn tests_are_scaled_as_their_training_set() {
    let data = Dataset::new(Shape::Chain(2), vec![1.0, 3.0, 5.0, 7.0], None).unwrap();
    let scaling = data.scaling(Range::Standard, &Interrupt::new()).unwrap();
    assert_eq!(scaling.shift, 4.0);
    assert!((scaling.factor - 1.0 / 5f64.sqrt()).abs() < 1e-15);
    let unit = data.scaling(Range::Unit, &Interrupt::new()).unwrap();
    let scaled = data.scaled(unit);
    assert_eq!(row(&scaled, 1), [4.0 / 6.0, 1.0]);
    assert_eq!(scaled.shuffled(1).scaled_by(), Some(unit));
    let flat = Dataset::new(Shape::Chain(1), vec![2.0, 2.0], None).unwrap();
    assert_eq!(flat.scaling(Range::Unit, &Interrupt::new()), Err(DataError::Flat));
}

#[test]
fn images_shrink_by_area_and_grow_linearly() {
    let scale = |from: Size, to: Size, image: &[f64]| {
        let mut out = vec![0.0; to.0 * to.1];
        Scaler::new(from, to).scale(image, &mut out);
        out
    };
    assert_eq!(scale((2, 2), (1, 1), &[0.0, 1.0, 1.0, 0.0]), [0.5]);
    // A pixel of three takes one and a half of the two old ones' width each.
    let third = scale((1, 3), (1, 2), &[0.0, 3.0, 6.0]);
    assert!((third[0] - 1.0).abs() < 1e-12 && (third[1] - 5.0).abs() < 1e-12, "{third:?}");
    assert_eq!(scale((1, 2), (1, 4), &[0.0, 1.0]), [0.0, 0.25, 0.75, 1.0]);
    // Shrinking keeps the mean, growing keeps a plane.
    let mut random = SplitMix64::new(4);
    for _ in 0..50 {
        let mut side = |most: u64| 1 + random.below(most) as usize;
        let from = (side(12), side(12));
        let to = (side(from.0 as u64), side(from.1 as u64));
        let image: Vec<f64> = (0..from.0 * from.1).map(|_| random.unit()).collect();
        let small = scale(from, to, &image);
        let mean = |image: &[f64]| image.iter().sum::<f64>() / image.len() as f64;
        assert!((mean(&image) - mean(&small)).abs() < 1e-12);
    }
    assert_eq!(scale((3, 5), (3, 5), &[7.0; 15]), [7.0; 15]);
}

#[test]
fn digits_are_placed_where_seed_and_number_say() {
    let data = digits().unwrap().picked((0..50).collect()).unwrap();
    let placement = Placement { size: (8, 8), canvas: (20, 16), copies: 3, seed: 5 };
    let placed = data.placed(placement).unwrap();
    assert_eq!((placed.samples(), placed.sites()), (150, 320));
    let mut corners = std::collections::HashSet::new();
    for sample in (0..150).rev() {
        assert_eq!(placed.label(sample), data.label(sample % 50));
        let image = row(&placed, sample);
        let digit = row(&data, sample % 50);
        let fits = |top: usize, left: usize| {
            (0..320).all(|place| {
                let (row, column) = (place / 16, place % 16);
                let inside = (top..top + 8).contains(&row) && (left..left + 8).contains(&column);
                let wanted = if inside { digit[(row - top) * 8 + column - left] } else { 0.0 };
                image[place] == wanted
            })
        };
        let corner = (0..13).flat_map(|top| (0..9).map(move |left| (top, left)));
        let corner = corner.into_iter().find(|(top, left)| fits(*top, *left));
        corners.insert(corner.expect("the digit lies somewhere"));
    }
    assert!(corners.len() > 60, "{}", corners.len());
    // Fewer copies are the first ones of more, and another seed places otherwise.
    let once = data.placed(Placement { copies: 1, ..placement }).unwrap();
    assert!((0..50).all(|sample| row(&once, sample) == row(&placed, sample)));
    let other = data.placed(Placement { seed: 6, ..placement }).unwrap();
    assert_ne!(other, placed);
    let chain = numbered(3).placed(placement).unwrap_err();
    assert_eq!(chain, DataError::NoImages { sites: 1 });
}

#[test]
fn samples_are_read_from_many_threads() {
    let data = digits().unwrap();
    let placement = Placement { size: (16, 16), canvas: (32, 32), copies: 1, seed: 0 };
    let placed = data.shuffled(3).placed(placement).unwrap();
    let alone: Vec<Vec<f64>> = (0..200).map(|sample| row(&placed, sample)).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (placed, alone) = (&placed, &alone);
            scope.spawn(move || {
                for step in 0..200 {
                    let sample = (step * 7 + thread * 50) % 200;
                    assert_eq!(row(placed, sample), alone[sample]);
                }
            });
        }
    });
}

#[test]
fn questions_are_the_same_on_a_view() {
    // The same numbers in memory and as bytes, in another order and back.
    let digits = digits().unwrap();
    let all: Vec<u8> = digits
        .rows()
        .flat_map(|row| row.unwrap().iter().map(|v| (v * 16.0) as u8).collect::<Vec<_>>())
        .collect();
    let numbers = Numbers {
        bytes: bytes(all),
        first: 0,
        number: Number::Unsigned(1),
        order: Order::Little,
        scale: 1.0 / 16.0,
        samples: 1797,
        sites: 64,
    };
    let labels = digits.labels().unwrap().to_vec();
    let view = Dataset::from_source(digits.shape(), Arc::new(numbers), Some(labels)).unwrap();
    assert_eq!(view, digits);
    let order: Vec<usize> = (0..64).rev().collect();
    assert_eq!(view.with_order(&order).with_order(&order), digits);
    let one = correlations(&view, Some(0.0), &Interrupt::new()).unwrap();
    let other = correlations(&digits, Some(0.0), &Interrupt::new()).unwrap();
    assert_eq!(one, other);
}
