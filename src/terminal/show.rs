//! A value as a terminal shows it.

use super::graphics::{Graphics, Screen, inline};
use super::tables::fitted;
use super::wrap::wrapped;
use crate::session::Bundle;
use crate::value::{Type, Value, as_table};

/// The value in the terminal's width, with its picture: by the terminal's own graphics, else drawn
/// in letters. Ends with a newline.
pub fn show(value: &Value, graphics: Graphics, screen: Screen) -> String {
    let bundle = Bundle(value);
    let is_plot = value.type_of() == Type::Plot;
    if let Some(picture) = picture(&bundle, graphics, screen) {
        return if is_plot { picture } else { format!("{}\n{picture}", text(value, screen)) };
    }
    let letters = match value.type_of() {
        Type::Plot | Type::Network | Type::Cut | Type::Dataset => {
            bundle.letters(screen.columns.saturating_sub(1))
        }
        // The texts of all others draw what there is to see.
        _ => None,
    };
    match letters {
        Some(letters) if is_plot => format!("{letters}\n"),
        Some(letters) => format!("{}\n\n{letters}\n", text(value, screen)),
        None => format!("{}\n", text(value, screen)),
    }
}

fn text(value: &Value, screen: Screen) -> String {
    if let Value::List(list) = value
        && let Some(table) = as_table(list)
    {
        return fitted(&table, screen.columns);
    }
    let text = Bundle(value).plain();
    // A text is somebody's own: it may be copied from here.
    if value.type_of() == Type::String { text } else { wrapped(&text, screen.columns) }
}

fn picture(bundle: &Bundle<'_>, graphics: Graphics, screen: Screen) -> Option<String> {
    if graphics == Graphics::Text {
        return None;
    }
    let png = bundle.png()?.ok()?;
    inline(graphics, &png, Bundle::picture_size(&png)?, screen)
}
