//! How numbers are written in figures.

/// A value for a tick: as many decimals as the distance between ticks needs, with a power of
/// ten for very large and very small numbers, and a true minus sign.
pub(crate) fn tick_label(value: f64, step: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_string();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) || step.abs() < 1e-7 {
        return scientific(value, significant(value, step));
    }
    let decimals = (-step.abs().log10() - 1e-9).ceil().clamp(0.0, 8.0) as usize;
    // A step like 2.5 or 0.25 needs one decimal more than its power of ten tells.
    let decimals = (decimals..decimals + 3)
        .find(|&places| {
            let scaled = step * 10f64.powi(places as i32);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(decimals + 1);
    sign(&format!("{value:.decimals$}"))
}

/// A value for a tick with a power of ten, whatever its size.
pub(crate) fn scientific_tick(value: f64, step: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_string();
    }
    scientific(value, significant(value, step))
}

/// Digits after the first one that tell neighbours apart.
fn significant(value: f64, step: f64) -> usize {
    let orders = value.abs().log10().floor() - (step.abs().log10() + 1e-9).floor();
    if orders.is_finite() { orders.clamp(0.0, 6.0) as usize } else { 3 }
}

fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    let power = power_label(10, exponent.parse().unwrap_or(0));
    match mantissa {
        "1" => power,
        "-1" => format!("−{power}"),
        other => format!("{}·{power}", sign(other)),
    }
}

/// A value in a small cell, with about two or three significant digits.
pub(crate) fn compact(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || value == 0.0 || !(1e-2..1e4).contains(&size) {
        return if size < 5e-3 && value.is_finite() {
            "0".to_string()
        } else if (1e4..1e6).contains(&size) {
            sign(&format!("{value:.0}"))
        } else if value.is_finite() && size >= 1e6 {
            scientific(value, 1)
        } else {
            short(value)
        };
    }
    if value.fract() == 0.0 {
        return sign(&format!("{value:.0}"));
    }
    let decimals = (2.0 - size.log10().floor()).clamp(0.0, 2.0) as usize;
    sign(&format!("{value:.decimals$}"))
}

/// A value on its own, with about four significant digits.
pub(crate) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let size = value.abs();
    if !(1e-3..1e6).contains(&size) {
        return scientific(value, 3);
    }
    if size >= 1e4 {
        return sign(&format!("{value:.0}"));
    }
    let decimals = (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.decimals$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    sign(text)
}

fn sign(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|digit| matches!(digit, '0' | '.')) => rest.to_string(),
        Some(rest) => format!("−{rest}"),
        None => text.to_string(),
    }
}

/// A power such as 10⁶ or 2⁻³.
pub(crate) fn power_label(base: u32, exponent: i32) -> String {
    format!("{base}{}", superscript(exponent))
}

/// An integer in superscript digits.
pub(crate) fn superscript(number: i32) -> String {
    number
        .to_string()
        .chars()
        .map(|digit| match digit {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁰',
        })
        .collect()
}

/// A count with its digits grouped by threes from 10 000 on.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    if digits.len() <= 4 {
        return digits;
    }
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}
