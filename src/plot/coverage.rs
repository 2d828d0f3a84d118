//! Anti-aliased coverage of polygons and strokes by exact signed areas.
//!
//! Every edge adds, per pixel row, the area to its right; a running sum over the row gives
//! the coverage. Parts of one shape that overlap with the same orientation add up and are
//! capped at 1, which makes a stroke the union of its pieces.

use super::scene::Point;

/// The coverage of one shape on a window of the device's pixels.
pub(crate) struct Coverage {
    left: i64,
    top: i64,
    width: usize,
    height: usize,
    sums: Vec<f32>,
}

impl Coverage {
    /// A window that holds `points` with `reach` pixels around them, or nothing when it would
    /// not meet the device. `device` is its size in pixels.
    pub(crate) fn around(points: &[Point], reach: f64, device: (usize, usize)) -> Option<Self> {
        let mut low = (f64::INFINITY, f64::INFINITY);
        let mut high = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for point in points {
            low = (low.0.min(point.0), low.1.min(point.1));
            high = (high.0.max(point.0), high.1.max(point.1));
        }
        let (wide, tall) = (device.0 as f64, device.1 as f64);
        // A shape may hang over the device's edge by one device size, so that memory is bounded.
        let left = (low.0 - reach).floor().max(-wide) - 1.0;
        let top = (low.1 - reach).floor().max(-tall) - 1.0;
        let right = (high.0 + reach).ceil().min(2.0 * wide) + 1.0;
        let bottom = (high.1 + reach).ceil().min(2.0 * tall) + 1.0;
        let outside = !(right > 0.0 && bottom > 0.0 && left < wide && top < tall);
        if outside || !(right > left && bottom > top) {
            return None;
        }
        let (width, height) = ((right - left) as usize + 2, (bottom - top) as usize);
        Some(Self {
            left: left as i64,
            top: top as i64,
            width,
            height,
            sums: vec![0.0; width * height],
        })
    }

    /// Adds a closed polygon as it is oriented.
    pub(crate) fn polygon(&mut self, outline: &[Point]) {
        for (index, &from) in outline.iter().enumerate() {
            let to = outline[(index + 1) % outline.len()];
            self.edge(from, to);
        }
    }

    /// Adds a closed polygon after turning it to the common orientation.
    fn oriented(&mut self, outline: &[Point]) {
        let doubled: f64 = (0..outline.len())
            .map(|index| {
                let (from, to) = (outline[index], outline[(index + 1) % outline.len()]);
                from.0 * to.1 - to.0 * from.1
            })
            .sum();
        if doubled >= 0.0 {
            self.polygon(outline);
        } else {
            let turned: Vec<Point> = outline.iter().rev().copied().collect();
            self.polygon(&turned);
        }
    }

    /// Adds a line of the given width with round joints and flat ends.
    pub(crate) fn stroke(&mut self, points: &[Point], closed: bool, width: f64) {
        let half = width / 2.0;
        let count = points.len();
        let pieces = if closed { count } else { count.saturating_sub(1) };
        for index in 0..pieces {
            let (from, to) = (points[index], points[(index + 1) % count]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = dx.hypot(dy);
            if length <= 1e-9 || !length.is_finite() {
                continue;
            }
            let (nx, ny) = (-dy / length * half, dx / length * half);
            self.oriented(&[
                (from.0 + nx, from.1 + ny),
                (to.0 + nx, to.1 + ny),
                (to.0 - nx, to.1 - ny),
                (from.0 - nx, from.1 - ny),
            ]);
        }
        if half > 0.7 {
            let joints =
                if closed { points } else { points.get(1..count.saturating_sub(1)).unwrap_or(&[]) };
            for &joint in joints {
                self.oriented(&circle(joint, half));
            }
        }
    }

    /// Calls `paint` with device coordinates and coverage of every touched pixel.
    pub(crate) fn for_each(&self, mut paint: impl FnMut(i64, i64, f32)) {
        for row in 0..self.height {
            let mut sum = 0.0f32;
            for column in 0..self.width {
                sum += self.sums[row * self.width + column];
                let coverage = sum.abs().min(1.0);
                if coverage > 1.0 / 512.0 {
                    paint(self.left + column as i64, self.top + row as i64, coverage);
                }
            }
        }
    }

    fn add(&mut self, row: usize, column: i64, amount: f64) {
        let column = column.clamp(0, self.width as i64 - 1) as usize;
        if let Some(cell) = self.sums.get_mut(row * self.width + column) {
            *cell += amount as f32;
        }
    }

    fn edge(&mut self, from: Point, to: Point) {
        let local = |point: Point| {
            (
                (point.0 - self.left as f64).clamp(0.0, self.width as f64 - 2.0),
                (point.1 - self.top as f64).clamp(0.0, self.height as f64),
            )
        };
        let (from, to) = (local(from), local(to));
        if from.1 == to.1 || from.0.is_nan() || to.0.is_nan() || from.1.is_nan() || to.1.is_nan() {
            return;
        }
        let (sign, upper, lower) = if from.1 < to.1 { (1.0, from, to) } else { (-1.0, to, from) };
        let slope = (lower.0 - upper.0) / (lower.1 - upper.1);
        let first = upper.1.floor() as usize;
        let last = (lower.1.ceil() as usize).min(self.height);
        for row in first..last {
            let top = upper.1.max(row as f64);
            let bottom = lower.1.min(row as f64 + 1.0);
            let x_top = upper.0 + slope * (top - upper.1);
            let x_bottom = upper.0 + slope * (bottom - upper.1);
            self.row_edge(row, x_top, x_bottom, sign * (bottom - top));
        }
    }

    /// The part of an edge inside one row: `height` is signed, its x runs between the two ends.
    fn row_edge(&mut self, row: usize, one: f64, other: f64, height: f64) {
        let (left, right) = (one.min(other), one.max(other));
        let (first, last) = (left.floor() as i64, right.ceil() as i64);
        if last <= first + 1 {
            let inside = 0.5 * (left + right) - first as f64;
            self.add(row, first, height * (1.0 - inside));
            self.add(row, first + 1, height * inside);
            return;
        }
        // The edge crosses several pixels: each takes the trapezoid to the right of the edge.
        let per_pixel = height / (right - left);
        let mut covered_before = 0.0;
        for column in first..last {
            let start = left.max(column as f64);
            let end = right.min(column as f64 + 1.0);
            let part = per_pixel * (end - start);
            let beside = part * (column as f64 + 1.0 - 0.5 * (start + end));
            self.add(row, column, beside + covered_before);
            covered_before = part - beside;
        }
        self.add(row, last, covered_before);
    }
}

/// A circle as a polygon that is round at its size.
pub(crate) fn circle(center: Point, radius: f64) -> Vec<Point> {
    let corners = (10.0 + 3.0 * radius.clamp(0.0, 40.0)) as usize;
    (0..corners)
        .map(|corner| {
            let angle = corner as f64 / corners as f64 * std::f64::consts::TAU;
            (center.0 + radius * angle.cos(), center.1 + radius * angle.sin())
        })
        .collect()
}

/// A rectangle with round corners as a polygon.
pub(crate) fn rounded(corner: Point, size: (f64, f64), radius: f64) -> Vec<Point> {
    let (width, height) = (size.0.max(0.0), size.1.max(0.0));
    let radius = radius.min(width / 2.0).min(height / 2.0).max(0.0);
    if radius < 0.05 {
        return vec![
            corner,
            (corner.0 + width, corner.1),
            (corner.0 + width, corner.1 + height),
            (corner.0, corner.1 + height),
        ];
    }
    let steps = 8;
    let quarters = [
        (corner.0 + width - radius, corner.1 + radius, -0.25),
        (corner.0 + width - radius, corner.1 + height - radius, 0.0),
        (corner.0 + radius, corner.1 + height - radius, 0.25),
        (corner.0 + radius, corner.1 + radius, 0.5),
    ];
    quarters
        .iter()
        .flat_map(|&(x, y, turn)| {
            (0..=steps).map(move |step| {
                let angle =
                    (turn + 0.25 * f64::from(step) / f64::from(steps)) * std::f64::consts::TAU;
                (x + radius * angle.cos(), y + radius * angle.sin())
            })
        })
        .collect()
}
