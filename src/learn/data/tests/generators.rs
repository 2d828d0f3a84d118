//! What generators make, and that a sample depends on its number alone.

use crate::interrupt::Interrupt;
use crate::learn::data::{Blob, Lines, Task, blobs, lines};
use crate::learn::{DataError, Dataset};
use crate::network::SplitMix64;

fn row(data: &Dataset, sample: usize) -> Vec<f64> {
    let mut out = vec![0.0; data.sites()];
    data.read(sample, &mut out).unwrap();
    out
}

#[test]
fn blobs_are_balanced_and_the_scores_part_them() {
    for task in [Task::Closedness, Task::Symmetry] {
        for samples in [1, 7, 100] {
            let data = blobs(task, samples, None, 5, &Interrupt::new()).unwrap();
            assert_eq!((data.samples(), data.sites()), (samples, 1024));
            let ones = data.labels().unwrap().iter().filter(|label| **label == 1).count();
            assert_eq!(ones, samples.div_ceil(2));
        }
        // The scores of the classes do not overlap.
        let data = blobs(task, 60, Some(32), 9, &Interrupt::new()).unwrap();
        let score = |sample: usize| {
            let pixels = row(&data, sample).iter().map(|value| *value == 1.0).collect();
            Blob { pixels, corner: (0, 0), tile: 32 }.score(task)
        };
        let of = |class: u32| {
            (0..60).filter(|s| data.label(*s) == Some(class)).map(score).collect::<Vec<f64>>()
        };
        let highest = of(0).into_iter().fold(0.0, f64::max);
        let lowest = of(1).into_iter().fold(1.0, f64::min);
        assert!(highest <= lowest, "{task:?}: {highest} {lowest}");
    }
    assert_eq!(blobs(Task::Symmetry, 0, None, 0, &Interrupt::new()), Err(DataError::Empty));
    let many = blobs(Task::Symmetry, 1 << 21, None, 0, &Interrupt::new());
    assert!(matches!(many, Err(DataError::TooMany { .. })));
    let stopped = Interrupt::new();
    stopped.trigger();
    assert_eq!(blobs(Task::Symmetry, 9, None, 0, &stopped), Err(DataError::Interrupted));
}

#[test]
fn blobs_do_not_depend_on_threads() {
    let make = || blobs(Task::Closedness, 40, None, 3, &Interrupt::new()).unwrap();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(make), pool(3).install(make));
    assert_ne!(make(), blobs(Task::Closedness, 40, None, 4, &Interrupt::new()).unwrap());
}

/// A blob from letters, `#` for its pixels, at the upper left of its image.
fn drawn(lines: &[&str], tile: usize) -> Blob {
    let mut pixels = vec![false; 1024];
    for (row, line) in lines.iter().enumerate() {
        for (column, letter) in line.chars().enumerate() {
            pixels[row * 32 + column] = letter == '#';
        }
    }
    Blob { pixels, corner: (0, 0), tile }
}

#[test]
fn scores_are_those_of_small_blobs() {
    let ring = drawn(&["###", "#.#", "###"], 16);
    assert_eq!(ring.score(Task::Closedness), 8.0 / 9.0);
    let block = drawn(&["##", "##"], 16);
    assert_eq!(block.score(Task::Closedness), 1.0);
    // A hole is filled where all four neighbours are set, a gap in a line is not.
    assert_eq!(drawn(&[".#.", "#.#", ".#."], 16).score(Task::Closedness), 4.0 / 5.0);
    assert_eq!(drawn(&["#.#"], 16).score(Task::Closedness), 1.0);
    // The mirror image is that in the tile.
    assert_eq!(drawn(&["#..............#"], 16).score(Task::Symmetry), 1.0);
    assert_eq!(drawn(&["##.............#"], 16).score(Task::Symmetry), 2.0 / 3.0);
    assert_eq!(drawn(&["#..............#"], 32).score(Task::Symmetry), 0.0);
}

#[test]
fn blobs_lie_in_their_tile() {
    let mut random = SplitMix64::new(1);
    let mut tiles = [0; 2];
    let mut symmetric = 0;
    for round in 0..400 {
        let blob = Blob::random(&mut random, (round % 4 == 0).then_some(16));
        tiles[blob.tile / 32] += 1;
        let aligned = |place: usize| place.is_multiple_of(blob.tile);
        assert!(aligned(blob.corner.0) && aligned(blob.corner.1));
        let inside = |place: usize, first: usize| (first..first + blob.tile).contains(&place);
        for (place, _) in blob.pixels.iter().enumerate().filter(|(_, pixel)| **pixel) {
            assert!(inside(place / 32, blob.corner.0) && inside(place % 32, blob.corner.1));
        }
        symmetric += usize::from(blob.score(Task::Symmetry) > 0.9);
        for task in [Task::Closedness, Task::Symmetry] {
            assert!((0.0..=1.0).contains(&blob.score(task)));
        }
    }
    assert!(tiles[0] > 200 && tiles[1] > 100, "{tiles:?}");
    assert!(symmetric > 20, "{symmetric}");
}

#[test]
fn lines_have_their_direction() {
    let size = (5, 7);
    let data = lines(Lines::Stripes, size, 60, 0.0, 2).unwrap();
    for sample in 0..60 {
        let pixels = row(&data, sample);
        let upright = data.label(sample) == Some(1);
        assert_eq!(upright, sample % 2 == 1);
        for (place, pixel) in pixels.iter().enumerate() {
            let first = if upright { place % 7 } else { place / 7 * 7 };
            assert_eq!(*pixel, pixels[first]);
        }
        assert!(pixels.contains(&0.0) && pixels.contains(&1.0));
    }
    let data = lines(Lines::Bars(3), size, 60, 0.0, 2).unwrap();
    for sample in 0..60 {
        let set: Vec<usize> = (0..35).filter(|place| row(&data, sample)[*place] == 1.0).collect();
        let step = if sample % 2 == 1 { 7 } else { 1 };
        assert_eq!(set.len(), 3);
        assert!(set[1] - set[0] == step && set[2] - set[1] == step, "{set:?}");
        assert!(step == 7 || set[0] / 7 == set[2] / 7);
    }
    assert_eq!(lines(Lines::Bars(6), size, 1, 0.0, 0), Err(DataError::Empty));
    // Noise turns its share of the pixels.
    let noisy = lines(Lines::Bars(3), (16, 16), 100, 0.25, 2).unwrap();
    let clean = lines(Lines::Bars(3), (16, 16), 100, 0.0, 2).unwrap();
    let turned: usize = (0..100)
        .map(|sample| {
            row(&noisy, sample).iter().zip(row(&clean, sample)).filter(|(a, b)| **a != *b).count()
        })
        .sum();
    assert!((5_900..6_900).contains(&turned), "{turned} of 25,600");
}

#[test]
fn samples_do_not_depend_on_how_many_there_are() {
    let few = lines(Lines::Stripes, (4, 4), 10, 0.1, 7).unwrap();
    let many = lines(Lines::Stripes, (4, 4), 1000, 0.1, 7).unwrap();
    for sample in (0..10).rev() {
        assert_eq!(row(&few, sample), row(&many, sample));
    }
}
