//! The contact sheet of a data set.

use super::{DatasetValue, explain};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::DataError;
use crate::network::Shape;
use crate::plot::{ContactSheet, Picture, Strip};

/// Classes that are shown, one in each line.
const CLASSES: usize = 10;
/// Samples in a line.
const COLUMNS: usize = 10;
/// Samples that are shown without labels.
const UNLABELLED: usize = 40;
/// Labels that are looked through for the first samples of each class.
const LOOKED: usize = 1 << 20;

impl DatasetValue {
    /// The contact sheet that `draw` asks for.
    pub(in crate::builtins) fn contact_sheet(
        &self,
        cx: &Scope<'_>,
        call: &Args,
        title: Option<String>,
    ) -> Eval<Picture> {
        self.picture(title).map_err(|error| explain(cx, call, &error))
    }

    /// The first samples of each of the first classes.
    pub(super) fn picture(&self, title: Option<String>) -> Result<Picture, DataError> {
        let data = &self.data;
        let read = |sample: usize| -> Result<Vec<f64>, DataError> {
            let mut values = vec![0.0; data.sites()];
            data.read(sample, &mut values)?;
            Ok(values)
        };
        let mut classes: Vec<(Option<u32>, Vec<usize>)> = Vec::new();
        match data.labels() {
            None => {
                let shown: Vec<usize> = (0..data.samples().min(UNLABELLED)).collect();
                classes.extend(shown.chunks(COLUMNS).map(|part| (None, part.to_vec())));
            }
            Some(labels) => {
                for (sample, label) in labels.iter().enumerate().take(LOOKED) {
                    let known = classes.binary_search_by_key(&Some(*label), |(label, _)| *label);
                    match known {
                        Ok(place) => {
                            if let Some((_, samples)) = classes.get_mut(place)
                                && samples.len() < COLUMNS
                            {
                                samples.push(sample);
                            }
                        }
                        Err(place) if place < CLASSES => {
                            classes.insert(place, (Some(*label), vec![sample]));
                            classes.truncate(CLASSES);
                        }
                        Err(_) => {}
                    }
                }
            }
        }
        let mut strips = Vec::new();
        for (label, samples) in classes {
            let images = samples.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
            strips.push(Strip { label: label.map(|label| label.to_string()), images });
        }
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (rows, columns) = match data.shape() {
            Shape::Chain(sites) => (1, size(sites)),
            Shape::Grid { rows, cols } => (size(rows), size(cols)),
        };
        let title = Some(title.unwrap_or_else(|| self.describe()));
        Ok(Picture::Contact(ContactSheet { title, rows, columns, strips }))
    }
}
