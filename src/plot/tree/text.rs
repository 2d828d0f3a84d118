//! A tree in letters: one line per layer, each index over the middle of what it joins.

use super::super::font::clean;
use super::super::partition::letter;
use super::super::textual::{clip, pad_right};
use super::forest::Forest;
use super::{TreePicture, dimension};

/// Lines that are used at most, with title, output and caption.
const MOST_LAYERS: usize = 16;

pub(super) fn write(picture: &TreePicture, forest: &Forest, width: usize) -> String {
    let width = width.clamp(30, 200);
    let names: Vec<String> =
        picture.layers.iter().map(|layer| clip(&clean(&layer.name), 14)).collect();
    let dims: Vec<String> = (picture.layers.iter().enumerate())
        .map(|(index, layer)| dimension(index, layer.dim))
        .collect();
    let longest =
        |texts: &[String]| texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let (name_room, dim_room) = (longest(&names), longest(&dims));
    let lead = name_room + dim_room + 4;
    let room = width.saturating_sub(lead);
    let step = [4, 3, 2, 1].into_iter().find(|step| forest.sites() * step < room + step);
    let selection = forest.select().filter(|selection| !selection.any_folded);
    let fits = picture.layers.len() <= MOST_LAYERS;
    let (Some(step), Some(selection), true) = (step, selection, fits) else {
        return picture.summary().text(width).unwrap_or_default();
    };
    let mut lines = Vec::new();
    if let Some(title) = &picture.title {
        lines.push(clip(clean(title).trim(), width));
    }
    if let Some(output) = &picture.output {
        lines.push(clip(&format!("{}{}", pad_right("output", lead), clean(output).trim()), width));
    }
    for index in (0..picture.layers.len()).rev() {
        let mut line = vec![' '; selection.leaves * step];
        for node in selection.nodes.iter().filter(|node| node.layer == index) {
            let column = ((node.x - 0.5) * step as f64).floor().max(0.0) as usize;
            let sign = match picture.label(index, node.position) {
                None if index == 0 => '│',
                None => '●',
                label => letter(label),
            };
            if let Some(place) = line.get_mut(column) {
                *place = sign;
            }
        }
        let letters: String = line.into_iter().collect();
        let name = pad_right(&names[index], name_room);
        let dim = pad_right(&dims[index], dim_room);
        lines.push(format!("{name}  {dim}  {letters}").trim_end().to_string());
    }
    if let Some(caption) = &picture.caption {
        lines.push(clip(clean(caption).trim(), width));
    }
    lines.join("\n")
}
