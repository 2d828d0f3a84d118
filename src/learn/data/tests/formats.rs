//! Files: what they hold, and what is wrong with hostile ones.

use super::bytes;
use crate::interrupt::Interrupt;
use crate::learn::data::{
    Array, Column, CsvError, Defect, FormatError, MEMORY_LIMIT, Number, Order, csv, entries, grey,
    idx, npy, open, unpacked,
};
use crate::learn::{DataError, Dataset};
use crate::network::{Shape, SplitMix64};
use std::io::Write;
use std::sync::Arc;

fn idx_file(kind: u8, sizes: &[u32], numbers: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(numbers);
    file
}

fn npy_file(header: &str, numbers: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(numbers);
    file
}

fn npy_of(descr: &str, fortran: bool, shape: &str, numbers: &[u8]) -> Result<Array, FormatError> {
    let fortran = if fortran { "True" } else { "False" };
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    npy(bytes(npy_file(&header, numbers)))
}

/// A ZIP archive; `method` 0 or 8, `claim` changes the length that it gives for its entries.
fn zip_file(files: &[(&str, &[u8])], method: u16, claim: Option<u32>) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let packed = if method == 8 {
            let best = flate2::Compression::best();
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), best);
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.to_vec()
        };
        let mut shared = vec![20, 0, 0, 0];
        shared.extend(method.to_le_bytes());
        shared.extend([0; 4]);
        shared.extend(crc.sum().to_le_bytes());
        shared.extend((packed.len() as u32).to_le_bytes());
        shared.extend(claim.unwrap_or(content.len() as u32).to_le_bytes());
        shared.extend((name.len() as u16).to_le_bytes());
        shared.extend([0, 0]);
        let place = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(&shared);
        out.extend(name.as_bytes());
        out.extend(packed);
        list.extend(b"PK\x01\x02\x14\x00");
        list.extend(shared);
        list.extend([0; 10]);
        list.extend(place.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let place = out.len() as u32;
    out.extend(&list);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([files.len() as u16, files.len() as u16].iter().flat_map(|n| n.to_le_bytes()));
    out.extend((list.len() as u32).to_le_bytes());
    out.extend(place.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn dataset(array: &Array, scale: f64) -> Dataset {
    let (shape, numbers) = array.samples(scale).unwrap();
    Dataset::from_source(shape, Arc::new(numbers), None).unwrap()
}

fn values(data: &Dataset) -> Vec<Vec<f64>> {
    data.rows().map(|row| row.unwrap().into_owned()).collect()
}

#[test]
fn idx_holds_images_and_labels() {
    let (array, scale) = idx(bytes(idx_file(8, &[2, 1, 3], &[0, 51, 255, 255, 0, 102]))).unwrap();
    let data = dataset(&array, scale);
    assert_eq!(data.shape(), Shape::Grid { rows: 1, cols: 3 });
    assert_eq!(values(&data), [[0.0, 0.2, 1.0], [1.0, 0.0, 0.4]]);
    let (labels, _) = idx(bytes(idx_file(8, &[3], &[7, 0, 9]))).unwrap();
    assert_eq!(labels.labels().unwrap(), [7, 0, 9]);
    // Floats and signed ints have their most significant byte first, and are not scaled.
    let floats: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|x| x.to_be_bytes()).collect();
    let (array, scale) = idx(bytes(idx_file(0x0d, &[1, 2], &floats))).unwrap();
    assert_eq!(values(&dataset(&array, scale)), [[1.5, -2.0]]);
    let (array, scale) = idx(bytes(idx_file(0x0b, &[2, 1], &[0xff, 0xfe, 0x01, 0x00]))).unwrap();
    assert_eq!(values(&dataset(&array, scale)), [[-2.0], [256.0]]);
}

#[test]
fn gzip_is_unpacked() {
    let plain = idx_file(8, &[1, 2], &[0, 255]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&plain).unwrap();
    let packed = encoder.finish().unwrap();
    let (array, scale) = idx(unpacked(bytes(packed.clone())).unwrap()).unwrap();
    assert_eq!(values(&dataset(&array, scale)), [[0.0, 1.0]]);
    let cut = unpacked(bytes(packed[..packed.len() - 9].to_vec())).unwrap_err();
    assert_eq!(cut.defect, Defect::Broken, "{cut}");
}

#[test]
fn what_unpacks_without_end_is_stopped() {
    let endless = std::io::repeat(0);
    let error = super::super::reading::all(endless, 1 << 20).unwrap_err();
    assert_eq!(error.defect, Defect::TooLarge);
    assert_eq!(super::super::reading::all(&[1u8, 2][..], 2).unwrap(), [1, 2]);
}

#[test]
fn any_byte_of_a_file_may_be_wrong() {
    let floats = [1.5f32, -2.0, 0.25, 8.0].map(f32::to_le_bytes).concat();
    let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n";
    let files =
        [npy_file(header, &floats), idx_file(8, &[2, 2, 2], &[7; 8]), b"a,b\n1,2\n".to_vec()];
    let mut random = SplitMix64::new(8);
    for round in 0..12_000 {
        let mut file = files[round % 3].clone();
        for _ in 0..1 + random.below(4) {
            let place = random.below(file.len() as u64) as usize;
            file[place] = random.next_u64() as u8;
        }
        let cut = (random.below(3) * random.below(9)) as usize;
        file.truncate(file.len().saturating_sub(cut));
        let array = match round % 3 {
            0 => npy(bytes(file)).ok(),
            1 => idx(bytes(file)).ok().map(|(array, _)| array),
            _ => {
                let _ = csv(bytes(file), None, &Interrupt::new());
                None
            }
        };
        let Some(array) = array else { continue };
        let _ = array.labels();
        let Ok((shape, numbers)) = array.samples(1.0) else { continue };
        let Ok(data) = Dataset::from_source(shape, Arc::new(numbers), None) else { continue };
        for row in data.rows().take(9).flatten() {
            assert!(row.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn hostile_idx_is_refused() {
    let broken = |file: Vec<u8>, words: &str| {
        let error = idx(bytes(file)).unwrap_err();
        assert_eq!(error.defect, Defect::Broken);
        assert!(error.message.contains(words), "{error}");
    };
    broken(vec![], "ends within");
    broken(b"\x89PNG....".to_vec(), "begins with 89 50 4e 47");
    broken(idx_file(7, &[1], &[0]), "0x07");
    broken(vec![0, 0, 8, 0], "no axes");
    broken(vec![0, 0, 8, 3, 0, 0], "ends within");
    broken(idx_file(8, &[2, 2, 2], &[0; 7]), "2x2x2 numbers: 24 bytes, there are 23");
    broken(idx_file(8, &[u32::MAX, u32::MAX, u32::MAX], &[0; 64]), "which no file holds");
    broken(idx_file(14, &[1 << 31, 1 << 9], &[0; 64]), "there are 76");
    let unfit = |sizes: &[u32], numbers: &[u8]| {
        let (array, _) = idx(bytes(idx_file(8, sizes, numbers))).unwrap();
        array.samples(1.0).map(|_| ()).unwrap_err()
    };
    assert_eq!(unfit(&[3], &[1, 2, 3]).defect, Defect::Unfit);
    assert_eq!(unfit(&[1, 2, 3, 2], &[0; 12]).defect, Defect::Unfit);
    assert_eq!(unfit(&[4, 0], &[]).defect, Defect::Unfit);
    // No sample at all is no data set.
    let (array, _) = idx(bytes(idx_file(8, &[0, 4], &[]))).unwrap();
    let (shape, numbers) = array.samples(1.0).unwrap();
    let error = Dataset::from_source(shape, Arc::new(numbers), None).unwrap_err();
    assert_eq!(error, DataError::Empty);
}

#[test]
fn npy_holds_numbers_of_all_kinds() {
    let check = |descr: &str, numbers: &[u8], expected: [f64; 2]| {
        let data = dataset(&npy_of(descr, false, "(2, 1)", numbers).unwrap(), 1.0);
        assert_eq!(values(&data).concat(), expected, "{descr}");
    };
    check("|u1", &[3, 250], [3.0, 250.0]);
    check("|b1", &[0, 1], [0.0, 1.0]);
    check("|i1", &[0xff, 2], [-1.0, 2.0]);
    check("<i2", &[0xfe, 0xff, 0, 1], [-2.0, 256.0]);
    check(">i2", &[0xff, 0xfe, 1, 0], [-2.0, 256.0]);
    check(">u4", &[0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff], [256.0, 4_294_967_295.0]);
    check("<i8", &[(-5i64).to_le_bytes(), 7i64.to_le_bytes()].concat(), [-5.0, 7.0]);
    check("<f4", &[0.5f32.to_le_bytes(), (-1e9f32).to_le_bytes()].concat(), [0.5, -1e9]);
    check(">f8", &[0.1f64.to_be_bytes(), (-7.0f64).to_be_bytes()].concat(), [0.1, -7.0]);
    // Half floats: 1/3 rounded, the smallest one below the normal ones.
    check("<f2", &[0x55, 0x35, 0x01, 0x00], [0.333_251_953_125, 2f64.powi(-24)]);
    check("<f2", &[0x00, 0xc0, 0xff, 0x7b], [-2.0, 65_504.0]);
}

#[test]
fn fortran_order_is_turned() {
    // As np.asfortranarray(np.arange(24).reshape(2, 3, 4)) lies in its file.
    let mut numbers = Vec::new();
    for column in 0..4 {
        for row in 0..3 {
            for sample in 0..2 {
                numbers.push(12 * sample + 4 * row + column);
            }
        }
    }
    let data = dataset(&npy_of("|u1", true, "(2, 3, 4)", &numbers).unwrap(), 1.0);
    assert_eq!(data.shape(), Shape::Grid { rows: 3, cols: 4 });
    assert_eq!(values(&data).concat(), (0..24).map(f64::from).collect::<Vec<_>>());
    // One grey channel, first or last, is no axis of its own.
    for shape in ["(2, 1, 3, 4)", "(2, 3, 4, 1)"] {
        let array = npy_of("|u1", false, shape, &[0; 24]).unwrap();
        assert_eq!(dataset(&array, 1.0).shape(), Shape::Grid { rows: 3, cols: 4 });
    }
}

#[test]
fn hostile_npy_is_refused() {
    let defect = |descr: &str, shape: &str| npy_of(descr, false, shape, &[0; 16]).unwrap_err();
    assert!(defect("|O", "(2,)").message.contains("Python objects"));
    assert!(defect("<c16", "(1,)").message.contains("complex"));
    assert!(defect("<U3", "(1,)").message.contains("texts"));
    assert!(defect("<f16", "(1,)").message.contains("f16"));
    assert_eq!(defect("<f8", "(1099511627776, 1099511627776)").defect, Defect::Broken);
    assert_eq!(defect("<f8", "(3,)").defect, Defect::Broken);
    assert_eq!(defect("<f8", "(-3,)").defect, Defect::Broken);
    assert_eq!(defect("<f8", "2").defect, Defect::Broken);
    let records = npy(bytes(npy_file("{'descr': [('a', '<f8')], 'fortran_order': False", &[])));
    assert!(records.unwrap_err().message.contains("records"));
    assert_eq!(npy(bytes(*b"\x93NUMPY\x01")).unwrap_err().defect, Defect::Broken);
    assert_eq!(npy(bytes(*b"\x93NUMPY\x09\x00\x00\x00")).unwrap_err().defect, Defect::Broken);
    assert_eq!(npy(bytes(b"PK\x03\x04 and so on".to_vec())).unwrap_err().defect, Defect::Broken);
    // A header of four gigabytes is not even looked for.
    let long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    assert!(npy(bytes(long)).unwrap_err().message.contains("too long"));
}

#[test]
fn numbers_that_are_none_are_found_when_they_are_read() {
    let numbers = [1.0f32, 2.0, 3.0, f32::NAN].map(f32::to_le_bytes).concat();
    let data = dataset(&npy_of("<f4", false, "(2, 2)", &numbers).unwrap(), 1.0);
    let mut out = [0.0; 2];
    assert_eq!(data.read(0, &mut out), Ok(()));
    assert_eq!(data.read(1, &mut out), Err(DataError::NotFinite { sample: 1, site: 1 }));
    // A view tells its own number of the sample.
    let picked = data.picked(vec![1]).unwrap();
    assert_eq!(picked.read(0, &mut out), Err(DataError::NotFinite { sample: 0, site: 1 }));
    assert!(matches!(data.read(2, &mut out), Err(DataError::Unreadable { sample: 2, .. })));
    assert!(matches!(data.read(0, &mut []), Err(DataError::Unreadable { .. })));
}

#[test]
fn labels_are_small_ints_from_zero() {
    let floats = |numbers: &[f64]| -> Result<Vec<u32>, FormatError> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        npy_of("<f8", false, &format!("({},)", numbers.len()), &bytes).unwrap().labels()
    };
    assert_eq!(floats(&[3.0, 0.0]).unwrap(), [3, 0]);
    for wrong in [0.5, -1.0, 1e300, f64::NAN, f64::INFINITY] {
        let error = floats(&[0.0, wrong]).unwrap_err();
        assert_eq!(error.defect, Defect::Unfit);
        assert!(error.message.starts_with("the label of sample 1"), "{error}");
    }
    let rows = npy_of("|u1", false, "(2, 3)", &[0; 6]).unwrap().labels();
    assert_eq!(rows.unwrap_err().defect, Defect::Unfit);
}

#[test]
fn npz_holds_stored_and_deflated_arrays() {
    let x = npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", &[1, 2, 3, 4]);
    let y = npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", &[1, 0]);
    for method in [0, 8] {
        let archive = bytes(zip_file(&[("x.npy", &x), ("y.npy", &y)], method, None));
        let list = entries(&*archive).unwrap();
        assert_eq!(list.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
        let array = npy(open(&archive, &list[0]).unwrap()).unwrap();
        assert_eq!(values(&dataset(&array, 1.0)), [[1.0, 2.0], [3.0, 4.0]]);
        let labels = npy(open(&archive, &list[1]).unwrap()).unwrap().labels();
        assert_eq!(labels.unwrap(), [1, 0]);
    }
}

#[test]
fn hostile_npz_is_refused() {
    let zeros = vec![0u8; 1 << 20];
    // A bomb that lies about its length is stopped where it says that it ends; a huge one is not begun.
    let lying = bytes(zip_file(&[("x.npy", &zeros)], 8, Some(1000)));
    let error = open(&lying, &entries(&*lying).unwrap()[0]).unwrap_err();
    assert_eq!(error.defect, Defect::Broken);
    let huge = bytes(zip_file(&[("x.npy", &zeros)], 8, Some(u32::MAX - 1)));
    let error = open(&huge, &entries(&*huge).unwrap()[0]).unwrap_err();
    assert_eq!(error.defect, Defect::TooLarge);
    assert!(u64::from(u32::MAX - 1) > MEMORY_LIMIT);
    let other = bytes(zip_file(&[("x.npy", b"abc")], 12, None));
    let error = open(&other, &entries(&*other).unwrap()[0]).unwrap_err();
    assert_eq!(error.defect, Defect::Unfit);
    let whole = zip_file(&[("x.npy", b"abcdefgh"), ("y.npy", b"abc")], 0, None);
    for length in 0..whole.len() {
        let cut = bytes(whole[..length].to_vec());
        assert!(entries(&*cut).is_err(), "cut at {length}");
    }
    // Any byte may be wrong: an error or an array, and no more memory than there are bytes.
    let mut random = SplitMix64::new(3);
    for _ in 0..4000 {
        let mut file = whole.clone();
        for _ in 0..1 + random.below(4) {
            let place = random.below(file.len() as u64) as usize;
            file[place] = random.next_u64() as u8;
        }
        let archive = bytes(file);
        for entry in entries(&*archive).unwrap_or_default() {
            if let Ok(inner) = open(&archive, &entry) {
                assert!(npy(inner).is_err());
            }
        }
    }
}

#[test]
fn csv_is_read_with_and_without_names() {
    let read = |text: &str, labels: Option<Column>| {
        csv(bytes(text.as_bytes()), labels.as_ref(), &Interrupt::new())
    };
    let data = read("a,y,b\n1,0,2\n3,1,4\n", Some(Column::Name("y".to_owned()))).unwrap();
    assert_eq!(values(&data), [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(data.labels(), Some(&[0, 1][..]));
    let data = read("1, 0.5 ,2\r\n3,-1e3,0", Some(Column::Number(2))).unwrap();
    assert_eq!(values(&data), [[1.0, 0.5], [3.0, -1000.0]]);
    assert_eq!(data.labels(), Some(&[2, 0][..]));
    let error = |text: &str, labels| read(text, labels).unwrap_err();
    assert_eq!(error("", None), CsvError::Data(DataError::Empty));
    assert_eq!(error("a,b\n", None), CsvError::Data(DataError::Empty));
    let missing = DataError::NotFinite { sample: 0, site: 1 };
    assert_eq!(error("a,b\n1,\n", None), CsvError::Data(missing));
    let names = vec!["a".to_owned(), "b".to_owned()];
    let column = Some(Column::Name("c".to_owned()));
    assert_eq!(error("a,b\n1,2\n", column), CsvError::NoColumn(names));
    assert_eq!(error("1,2\n", Some(Column::Number(2))), CsvError::NoColumn(vec![]));
    for (text, words) in
        [("1,2\n3\n", "line 2 has 1 cells"), ("1,2\n3,x\n", "line 2 has \"x\" in column 1")]
    {
        let CsvError::Format(found) = error(text, None) else { panic!("{text}") };
        assert!(found.message.contains(words), "{found}");
    }
    assert!(matches!(error("1,0.5\n", Some(Column::Number(1))), CsvError::Format(_)));
}

fn png_file(color: png::ColorType, size: (u32, u32), pixels: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size.1, size.0);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    out
}

#[test]
fn colours_become_grey() {
    let red_green = png_file(png::ColorType::Rgb, (1, 2), &[255, 0, 0, 0, 255, 0]);
    let image = grey(&red_green).unwrap();
    assert_eq!((image.size, image.pixels), ((1, 2), vec![76, 150]));
    let clear = png_file(png::ColorType::Rgba, (1, 2), &[255, 255, 255, 0, 255, 255, 255, 128]);
    assert_eq!(grey(&clear).unwrap().pixels, [0, 128]);
    let plain = png_file(png::ColorType::Grayscale, (2, 2), &[1, 2, 3, 5]);
    let image = grey(&plain).unwrap();
    assert_eq!(image.pixels, [1, 2, 3, 5]);
    assert_eq!(image.resized((1, 1)).pixels, [3]);
    assert_eq!(grey(b"GIF89a").unwrap_err().defect, Defect::Broken);
    assert_eq!(grey(&plain[..plain.len() - 20]).unwrap_err().defect, Defect::Broken);
}

#[test]
fn numbers_are_decoded_in_both_orders() {
    assert_eq!(Number::Signed(4).decode(&[0xff, 0xff, 0xff, 0xfe], Order::Big), -2.0);
    assert_eq!(Number::Unsigned(8).decode(&[1, 0, 0, 0, 0, 0, 0, 0], Order::Little), 1.0);
    assert!(Number::Float(2).decode(&[0x00, 0x7e], Order::Little).is_nan());
    assert_eq!(Number::Float(2).decode(&[0x00, 0xfc], Order::Little), f64::NEG_INFINITY);
}
