//! Data sets from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::files::sources;
use super::super::layers::ShapeArg;
use super::super::lists::no_column;
use super::super::table_macro::builtins;
use super::make::labels_of;
use super::{DatasetValue, explain};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::learn::Dataset;
use crate::learn::data::{
    self, Array, Column, CsvError, Defect, FormatError, Number, Numbers, Order,
};
use crate::network::Shape;
use crate::value::{Failure, FromValue, Value};

/// A defect of a file as an error at the argument that names it.
fn refuse(call: &Args, argument: usize, path: &Path, error: &FormatError) -> Stop {
    let code = match error.defect {
        Defect::Broken => Code::File,
        Defect::Unfit => Code::Domain,
        Defect::TooLarge => Code::Resource,
    };
    Diagnostic::new(code, format!("{}: {}", path.display(), error.message))
        .at(call.span_of(argument), "")
        .hint(error.hint.as_str())
        .into()
}

fn at(call: &Args, argument: usize) -> impl Fn(Failure) -> Stop {
    let span = call.span_of(argument);
    move |error| Diagnostic::clone(&error).or_at(span).into()
}

/// The bytes of a file, unpacked if they are the gzip of others.
fn bytes_of(call: &Args, argument: usize, path: &Path) -> Eval<Arc<dyn data::Bytes>> {
    let bytes = sources::open(path).map_err(at(call, argument))?;
    data::unpacked(bytes).map_err(|error| refuse(call, argument, path, &error))
}

/// Samples of an array, with the labels that belong to them, in the shape that is wanted.
fn assemble(
    cx: &Scope<'_>,
    call: &Args,
    (shape, numbers): (Shape, Numbers),
    labels: Option<Vec<u32>>,
    wanted: Option<ShapeArg>,
) -> Eval<DatasetValue> {
    let data = Dataset::from_source(shape, Arc::new(numbers), labels)
        .and_then(|data| match wanted {
            Some(wanted) => data.with_shape(wanted.0),
            None => Ok(data),
        })
        .map_err(|error| explain(cx, call, &error))?;
    // A first look finds what is no number at once; the rest is checked when it is read.
    let mut first = vec![0.0; data.sites()];
    data.read(0, &mut first).map_err(|error| explain(cx, call, &error))?;
    Ok(DatasetValue { data })
}

/// Where the labels of images of MNIST lie by the names of its files.
fn labels_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    if !name.contains("images") {
        return None;
    }
    let named = name.replace("images", "labels").replace("idx3", "idx1");
    let other = match named.strip_suffix(".gz") {
        Some(plain) => plain.to_owned(),
        None => format!("{named}.gz"),
    };
    [named, other]
        .into_iter()
        .map(|name| path.with_file_name(name))
        .find(|path| sources::is_file(path))
}

/// One array of an archive.
fn array_of(
    call: &Args,
    argument: usize,
    path: &Path,
    archive: &Arc<dyn data::Bytes>,
    entry: &data::Entry,
) -> Eval<Array> {
    data::open(archive, entry)
        .and_then(data::npy)
        .map_err(|error| refuse(call, argument, path, &error))
}

/// The entry of an archive with a name.
fn named<'e>(
    call: &Args,
    argument: usize,
    entries: &'e [data::Entry],
    name: &str,
) -> Eval<&'e data::Entry> {
    entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        Diagnostic::new(Code::Name, format!("the archive has no array {name:?}"))
            .at(call.span_of(argument), format!("it has {}", names.join(", ")))
            .hint(format!("{:?}", names.first().unwrap_or(&"x")))
            .into()
    })
}

builtins! { FILES "Data":
    /// Images of an IDX file, the format of MNIST, plain or gzip; bytes become values from 0 to 1.
    ///
    /// A plain file may be larger than the memory: samples are read where they lie when they are
    /// needed. Numbers that are no bytes stay as they are. Without `labels` the labels are looked for
    /// beside the images, under the name that MNIST gives them:
    ///
    ///     idx("train-images-idx3-ubyte.gz")      # with train-labels-idx1-ubyte.gz
    heavy fn idx(
        cx, call;
        /** Where from, from the current folder. */ path: Arc<str>,
        /** The IDX file of the labels. */ labels: Option<Arc<str>> = "none",
    ) -> DatasetValue {
        let images = Path::new(&*path);
        let bytes = bytes_of(call, 0, images)?;
        let refused = |error: FormatError| refuse(call, 0, images, &error);
        let (array, scale) = data::idx(bytes).map_err(refused)?;
        let numbers = array.samples(scale).map_err(refused)?;
        let beside = match labels {
            Some(labels) => Some((PathBuf::from(&*labels), 1)),
            None => labels_beside(images).map(|path| (path, 0)),
        };
        let labels = match beside {
            Some((path, argument)) => {
                let bytes = bytes_of(call, argument, &path)?;
                let labels = data::idx(bytes).and_then(|(array, _)| array.labels());
                Some(labels.map_err(|error| refuse(call, argument, &path, &error))?)
            }
            None => None,
        };
        assemble(cx, call, numbers, labels, None)
    }

    /// Samples of an NPY file, one NumPy array: its first axis counts the samples.
    ///
    /// Ints, floats and bools of any length and byte order, as they are: `normalize` takes bytes to 0
    /// to 1. The file may be larger than the memory, unless it is in Fortran order.
    ///
    ///     npy("x.npy", labels = "y.npy", shape = 28x28) |> normalize
    heavy fn npy(
        cx, call;
        /** Where from, from the current folder. */ path: Arc<str>,
        /** The NPY file of the labels, or a list of them. */ labels: Value = "none",
        /** The shape of a sample, if the array has another one. */ shape: Option<ShapeArg> = "none",
    ) -> DatasetValue {
        let file = Path::new(&*path);
        let array = data::npy(bytes_of(call, 0, file)?);
        let numbers = array.and_then(|array| array.samples(1.0));
        let numbers = numbers.map_err(|error| refuse(call, 0, file, &error))?;
        let labels = match &labels {
            Value::String(path) => {
                let path = Path::new(&**path);
                let labels = data::npy(bytes_of(call, 1, path)?).and_then(|array| array.labels());
                Some(labels.map_err(|error| refuse(call, 1, path, &error))?)
            }
            other => labels_of(call, other)?,
        };
        assemble(cx, call, numbers, labels, shape)
    }

    /// Samples and labels of an NPZ file: several NumPy arrays.
    ///
    /// Without `values` the samples are the only array with two axes or more; without `labels` the
    /// labels are the array "labels" or "y", or "y_train" beside "x_train". What `np.savez` writes is
    /// read where it lies; `np.savez_compressed` is unpacked, up to 1 GB.
    ///
    ///     npz("mnist.npz", values = "x_train") |> normalize
    heavy fn npz(
        cx, call;
        /** Where from, from the current folder. */ path: Arc<str>,
        /** The name of the array of samples. */ values: Option<Arc<str>> = "none",
        /** The name of the array of labels. */ labels: Option<Arc<str>> = "none",
        /** The shape of a sample, if the array has another one. */ shape: Option<ShapeArg> = "none",
    ) -> DatasetValue {
        let file = Path::new(&*path);
        let archive = sources::open(file).map_err(at(call, 0))?;
        let entries = data::entries(&*archive).map_err(|error| refuse(call, 0, file, &error))?;
        let (entry, array) = match &values {
            Some(name) => {
                let entry = named(call, 1, &entries, name)?;
                (entry, array_of(call, 1, file, &archive, entry)?)
            }
            None => {
                let mut found = Vec::new();
                for entry in &entries {
                    cx.check_interrupt()?;
                    let array = array_of(call, 0, file, &archive, entry);
                    // What cannot be read may be what nobody asked for.
                    if let Ok(array) = array && array.sizes().len() > 1 {
                        found.push((entry, array));
                    }
                }
                match (found.pop(), found.is_empty()) {
                    (Some(one), true) => one,
                    _ => {
                        let names: Vec<&str> = entries.iter().map(|e| e.name.as_str()).collect();
                        return Err(Diagnostic::new(Code::Call, "which array holds the samples?")
                            .at(call.span_of(0), format!("it has {}", names.join(", ")))
                            .hint(format!("values = {:?}", names.first().unwrap_or(&"x")))
                            .into());
                    }
                }
            }
        };
        let numbers = array.samples(1.0).map_err(|error| refuse(call, 0, file, &error))?;
        let beside = match &labels {
            Some(name) => Some(named(call, 2, &entries, name)?),
            None => {
                let partner = entry.name.strip_prefix('x').map(|rest| format!("y{rest}"));
                let wanted = ["labels", "y", partner.as_deref().unwrap_or("labels")];
                let mut all = wanted.iter().rev();
                all.find_map(|name| entries.iter().find(|entry| entry.name == *name))
            }
        };
        let labels = match beside {
            Some(entry) => {
                let array = array_of(call, 2, file, &archive, entry)?;
                Some(array.labels().map_err(|error| refuse(call, 2, file, &error))?)
            }
            None => None,
        };
        assemble(cx, call, numbers, labels, shape)
    }

    /// Samples of a CSV file, plain or gzip: a row of numbers for each.
    ///
    /// The first row may hold the names of the columns. `labels` names the column of the labels, or
    /// gives its number from 0. Faster than `dataset(load("x.csv"))`, which makes a record of every row.
    ///
    ///     csv("digits.csv", labels = "digit", shape = 8x8)
    heavy fn csv(
        cx, call;
        /** Where from, from the current folder. */ path: Arc<str>,
        /** The column of the labels: its name or its number. */ labels: Value = "none",
        /** The shape of a sample; without it they are chains. */ shape: Option<ShapeArg> = "none",
    ) -> DatasetValue {
        let column = match &labels {
            Value::None => None,
            Value::String(name) => Some(Column::Name(name.to_string())),
            other => match usize::from_value(other.clone()) {
                Ok(number) => Some(Column::Number(number)),
                Err(_) => {
                    let found = other.type_of().with_article();
                    let error = Diagnostic::new(Code::Type, "a column is named, or numbered from 0");
                    let error = error.at(call.span_of(1), format!("this is {found}"));
                    return Err(error.hint("labels = \"label\"").into());
                }
            },
        };
        let file = Path::new(&*path);
        let bytes = bytes_of(call, 0, file)?;
        let data = data::csv(bytes, column.as_ref(), &cx.machine().interrupt);
        let data = data.map_err(|error| match error {
            CsvError::Format(error) => refuse(call, 0, file, &error),
            CsvError::Data(error) => explain(cx, call, &error),
            CsvError::NoColumn(names) => match &column {
                Some(Column::Name(name)) if !names.is_empty() => {
                    no_column(name, names.iter().map(String::as_str).collect(), call.span_of(1))
                }
                _ => Diagnostic::new(Code::Name, "the file has no such column")
                    .at(call.span_of(1), if names.is_empty() { "its columns have no names" } else { "" })
                    .hint("labels = 0 is the first column")
                    .into(),
            },
        })?;
        let data = match shape {
            Some(shape) => data.with_shape(shape.0).map_err(|error| explain(cx, call, &error))?,
            None => data,
        };
        Ok(DatasetValue { data })
    }

    /// PNG images in folders: a folder for each class, in the order of their names.
    ///
    /// Grey values from 0 to 1; colours become grey by their luma (ITU-R BT.601), and what is transparent
    /// is over black. All images have one size, or are taken to `shape`: by area where they shrink, linearly
    /// where they grow.
    ///
    ///     images("leaves", shape = 32x32)        # leaves/ash/1.png, leaves/birch/1.png, …
    heavy fn images(
        cx, call;
        /** The folder, from the current one. */ path: Arc<str>,
        /** Rows and columns of the samples: 28x28. */ shape: Option<ShapeArg> = "none",
    ) -> DatasetValue {
        let root = Path::new(&*path);
        let classes = sources::image_folders(root).map_err(at(call, 0))?;
        let mut size = match shape {
            Some(shape) => Some(super::views::sides(call, 1, shape.0)?),
            None => None,
        };
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for (class, (name, files)) in classes.iter().enumerate() {
            if files.is_empty() {
                return Err(Diagnostic::new(Code::Domain, format!("the class {name} has no PNG image"))
                    .at(call.span_of(0), "")
                    .hint(format!("take the folder {} away", root.join(name).display()))
                    .into());
            }
            for file in files {
                cx.check_interrupt()?;
                let bytes = sources::whole(file).map_err(at(call, 0))?;
                let image = data::grey(&bytes).map_err(|error| refuse(call, 0, file, &error))?;
                let (rows, columns) = image.size;
                let (height, width) = *size.get_or_insert(image.size);
                if shape.is_none() && image.size != (height, width) {
                    let message = format!(
                        "{} has {rows}x{columns} pixels, the images before have {height}x{width}",
                        file.display()
                    );
                    let error = Diagnostic::new(Code::Shape, message).at(call.span_of(0), "");
                    return Err(error.hint(format!("shape = {height}x{width}")).into());
                }
                pixels.extend_from_slice(&image.resized((height, width)).pixels);
                labels.push(u32::try_from(class).unwrap_or(u32::MAX));
                if pixels.len() as u64 > data::MEMORY_LIMIT {
                    let message = "the images do not fit the memory: more than 1 GB of pixels";
                    let error = Diagnostic::new(Code::Resource, message).at(call.span_of(0), "");
                    return Err(error.hint("shape = 32x32").into());
                }
            }
        }
        let Some((rows, cols)) = size.filter(|_| !labels.is_empty()) else {
            let error = Diagnostic::new(Code::Domain, format!("{path} has no folders of images"));
            let error = error.at(call.span_of(0), "");
            return Err(error.hint("put the PNG images of each class into a folder of its own").into());
        };
        let numbers = Numbers {
            bytes: Arc::new(data::InMemory::new(pixels)),
            first: 0,
            number: Number::Unsigned(1),
            order: Order::Little,
            scale: 1.0 / 255.0,
            samples: labels.len(),
            sites: rows * cols,
        };
        let shape = Shape::Grid { rows: rows as u64, cols: cols as u64 };
        assemble(cx, call, (shape, numbers), Some(labels), None)
    }
}
