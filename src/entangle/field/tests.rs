//! Elimination against a plain one with 128-bit remainders.

use super::*;
use crate::interrupt::Interrupt;
use crate::network::SplitMix64;

fn multiply<F: Field>(x: u64, y: u64) -> u64 {
    (u128::from(x) * u128::from(y) % u128::from(F::PRIME)) as u64
}

fn plain_rank<F: Field>(mut rows: Vec<Vec<u64>>) -> usize {
    let power = |mut base: u64, mut exponent: u64| {
        let mut result = 1;
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = multiply::<F>(result, base);
            }
            base = multiply::<F>(base, base);
            exponent >>= 1;
        }
        result
    };
    let cols = rows.first().map_or(0, Vec::len);
    let mut found = 0;
    for col in 0..cols {
        let Some(pivot) = (found..rows.len()).find(|row| rows[*row][col] != 0) else { continue };
        rows.swap(found, pivot);
        let inverse = power(rows[found][col], F::PRIME - 2);
        for row in found + 1..rows.len() {
            let factor = multiply::<F>(rows[row][col], inverse);
            let (upper, lower) = rows.split_at_mut(row);
            for (entry, pivot) in lower[0].iter_mut().zip(&upper[found]) {
                *entry = (*entry + F::PRIME - multiply::<F>(factor, *pivot)) % F::PRIME;
            }
        }
        found += 1;
    }
    found
}

/// A matrix of at most this rank, with zero columns and repeated rows now and then.
fn of_rank<F: Field>(random: &mut SplitMix64, rows: usize, cols: usize, rank: usize) -> Vec<u64> {
    let mut draw =
        |count: usize| -> Vec<u64> { (0..count).map(|_| random.below(F::PRIME)).collect() };
    let (left, right) = (draw(rows * rank), draw(rank * cols));
    let (zero, repeated) = (draw(1)[0] as usize % (cols + 3), draw(1)[0] as usize % (rows + 3));
    let mut out = Vec::new();
    for row in 0..rows {
        let row = if row == repeated { 0 } else { row };
        for col in 0..cols {
            let sum = (0..rank).fold(0, |sum, k| {
                (sum + multiply::<F>(left[row * rank + k], right[k * cols + col])) % F::PRIME
            });
            out.push(if col == zero { 0 } else { sum });
        }
    }
    out
}

fn check<F: Field>(rounds: usize) {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(F::PRIME);
    for round in 0..rounds {
        let (rows, cols) = (random.below(12) as usize + 1, random.below(12) as usize + 1);
        let rank_wanted = random.below(rows.min(cols) as u64 + 1) as usize;
        let x = of_rank::<F>(&mut random, rows, cols, rank_wanted);
        let wanted = plain_rank::<F>(x.chunks(cols).map(<[u64]>::to_vec).collect());
        assert!(wanted <= rank_wanted);
        assert_eq!(rank::<F>(&mut x.clone(), rows, cols, &interrupt), Ok(wanted), "{round}");
        let mut basis = x.clone();
        let kept = row_basis::<F>(&mut basis, rows, cols, &interrupt).unwrap();
        assert_eq!((kept, basis.len()), (wanted, wanted * cols));
        // The basis spans all rows: nothing new comes with them.
        let both: Vec<Vec<u64>> =
            basis.chunks(cols).chain(x.chunks(cols)).map(<[u64]>::to_vec).collect();
        assert_eq!(plain_rank::<F>(both), wanted);
    }
}

#[test]
fn ranks_are_those_of_plain_elimination() {
    check::<Mersenne31>(300);
    check::<Mersenne61>(300);
    check::<Small>(300);
}

#[test]
fn blocks_change_nothing() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(9);
    for (rows, cols, wanted) in
        [(300, 300, 300), (200, 420, 150), (420, 200, 131), (700, 260, 129), (1, 300, 1)]
    {
        let x = of_rank::<Small>(&mut random, rows, cols, wanted);
        let plain = super::eliminate::echelon::<Small>(&mut x.clone(), rows, cols, &interrupt);
        assert_eq!(rank::<Small>(&mut x.clone(), rows, cols, &interrupt), plain);
    }
    assert_eq!(rank::<Small>(&mut [], 0, 5, &interrupt), Ok(0));
    assert_eq!(rank::<Mersenne31>(&mut [], 3, 0, &interrupt), Ok(0));
}

#[test]
fn products_are_exact() {
    fn check<F: Field>() {
        let mut random = SplitMix64::new(4);
        let (rows, inner, cols) = (5, 37, 6);
        let mut draw = |count: usize| -> Vec<u64> {
            (0..count).map(|_| F::PRIME - 1 - random.below(3)).collect()
        };
        let (x, w) = (draw(rows * inner), draw(cols * inner));
        let mut out = vec![7; rows * cols];
        multiply_transposed::<F>(&x, &w, &mut out, (rows, inner, cols), &Interrupt::new()).unwrap();
        for row in 0..rows {
            for col in 0..cols {
                let wanted = (0..inner).fold(0, |sum, k| {
                    (sum + multiply::<F>(x[row * inner + k], w[col * inner + k])) % F::PRIME
                });
                assert_eq!(out[row * cols + col], wanted);
            }
        }
        for element in [1, 2, F::PRIME - 1, 12345] {
            assert_eq!(F::mul(element, F::inverse(element)), 1);
        }
    }
    check::<Mersenne31>();
    check::<Mersenne61>();
    check::<Small>();
}

#[test]
fn the_primes_are_prime() {
    // Miller and Rabin with these bases decides all numbers below 2^64.
    fn is_prime(n: u64) -> bool {
        let multiply = |x: u64, y: u64| (u128::from(x) * u128::from(y) % u128::from(n)) as u64;
        let (odd, twos) = ((n - 1) >> (n - 1).trailing_zeros(), (n - 1).trailing_zeros());
        [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].into_iter().all(|base| {
            let (mut x, mut square, mut exponent) = (1, base, odd);
            while exponent > 0 {
                if exponent & 1 == 1 {
                    x = multiply(x, square);
                }
                square = multiply(square, square);
                exponent >>= 1;
            }
            let mut passes = x == 1 || x == n - 1;
            for _ in 1..twos {
                x = multiply(x, x);
                passes |= x == n - 1;
            }
            passes
        })
    }
    assert!(is_prime(Mersenne31::PRIME) && is_prime(Mersenne61::PRIME) && is_prime(Small::PRIME));
    assert!(!is_prime(8_388_595));
}
