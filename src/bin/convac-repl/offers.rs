//! What can stand at the cursor, as a list that fits the screen.

use convac::session::Completion;
use convac::terminal::symbols_with;
use rustyline::completion::Candidate;
use unicode_width::UnicodeWidthStr;

use super::tall::Size;

/// A text that can stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    shown: String,
    text: String,
}

impl Candidate for Offer {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

/// The symbols whose LaTeX names begin so; the only one as itself.
pub fn symbols(name: &str) -> Vec<Offer> {
    let found = symbols_with(name);
    let offer = |(name, symbol): &(&str, &str)| {
        let text = if found.len() == 1 { (*symbol).to_owned() } else { format!("\\{name}") };
        Offer { shown: format!("\\{name} {symbol}"), text }
    };
    found.iter().map(offer).collect()
}

/// Completions as offers.
pub fn of_completions(items: Vec<Completion>) -> Vec<Offer> {
    items.into_iter().map(|item| Offer { shown: item.text.clone(), text: item.text }).collect()
}

/// As many offers as fit below an input of so many rows. The editor has a pager for more, but in
/// it neither Ctrl-C nor what one types is heard; instead a last entry says how many are left.
pub fn on_screen(mut offers: Vec<Offer>, input: usize, size: Size) -> Vec<Offer> {
    // The input stands above the list and, once more, below it.
    let rows = size.rows.saturating_sub(2 * input).max(size.rows / 2).max(1);
    let all = offers.len();
    let is_room = |offers: &[Offer], extra: usize| {
        let widest = offers.iter().map(|offer| offer.shown.width()).max().unwrap_or(0).max(extra);
        // The editor puts two blanks between columns.
        let columns = (size.columns / (widest + 2).min(size.columns).max(1)).max(1);
        offers.len() + usize::from(extra > 0) <= columns * rows
    };
    if is_room(&offers, 0) {
        return offers;
    }
    let more = |left: usize| format!("… {left} more");
    // What is left is inserted as far as all agree, like what is shown.
    let agreed = agreed(&offers);
    let widest = more(all).width();
    let (mut fits, mut too_many) = (0, all);
    while fits + 1 < too_many {
        let middle = fits.midpoint(too_many);
        if is_room(&offers[..middle], widest) { fits = middle } else { too_many = middle }
    }
    offers.truncate(fits);
    offers.push(Offer { shown: more(all - fits), text: agreed });
    offers
}

/// What all texts begin with.
fn agreed(offers: &[Offer]) -> String {
    let mut texts = offers.iter().map(|offer| offer.text.as_str());
    let Some(first) = texts.next() else { return String::new() };
    let end = texts.fold(first.len(), |end, text| {
        let same = first.char_indices().zip(text.chars()).find(|((_, a), b)| a != b);
        let shorter = first.len().min(text.len());
        end.min(same.map_or(shorter, |((at, _), _)| at))
    });
    first.get(..end).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(count: usize) -> Vec<Offer> {
        let offer = |number: usize| format!("name{number:03}");
        (0..count).map(|n| Offer { shown: offer(n), text: offer(n) }).collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let size = Size { columns: 80, rows: 24 };
        assert_eq!(on_screen(offers(100), 1, size), offers(100));
        assert_eq!(on_screen(Vec::new(), 1, size), Vec::new());
    }

    #[test]
    fn the_last_entry_says_how_many_are_left() {
        for (columns, rows) in [(80, 24), (20, 5), (3, 2), (1, 1)] {
            let shown = on_screen(offers(1000), 1, Size { columns, rows });
            let last = shown.last().unwrap();
            assert_eq!(last.shown, format!("… {} more", 1000 - (shown.len() - 1)));
            assert_eq!(last.text, "name");
            let lines = shown.len().div_ceil((columns / 13).max(1));
            assert!(lines <= rows, "{lines} of {rows}");
        }
    }

    #[test]
    fn common_beginnings() {
        let of = |texts: &[&str]| {
            let offer = |text: &&str| Offer { shown: String::new(), text: (*text).to_owned() };
            agreed(&texts.iter().map(offer).collect::<Vec<_>>())
        };
        assert_eq!(of(&["𝛼b", "𝛼c"]), "𝛼");
        assert_eq!(of(&["ab", "abc"]), "ab");
        assert_eq!(of(&["𝛼", "𝛽"]), "");
        assert_eq!(of(&[]), "");
    }
}
