//! Data sets from real files: found, read where they lie, shown, and told what is wrong with them.

mod support;

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use convac::evaluate::{Output, Shown};
use convac::session::Session;
use convac::terminal::{Graphics, Screen, show};
use support::{code, convac_stdin, stderr, stdout};

/// An IDX file of bytes.
fn idx(sizes: &[u32], numbers: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(numbers);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a program shows; `DIR` in it is the folder.
fn run(folder: &Path, program: &str) -> String {
    let program = program.replace("DIR", &folder.display().to_string().replace('\\', "/"));
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn images_find_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    save("train-images-idx3-ubyte", &idx(&[3, 1, 2], &[0, 255, 51, 0, 102, 0]));
    save("train-labels-idx1-ubyte", &idx(&[3], &[1, 0, 4]));
    save("t10k-images-idx3-ubyte.gz", &gzip(&idx(&[1, 1, 2], &[255, 0])));
    save("t10k-labels-idx1-ubyte.gz", &gzip(&idx(&[1], &[2])));
    save("other.idx", &idx(&[1, 1, 2], &[255, 0]));
    let shown = run(
        folder.path(),
        "let train = idx(\"DIR/train-images-idx3-ubyte\")\ntrain\n[train.labels, train.values]\n\
         idx(\"DIR/t10k-images-idx3-ubyte.gz\").labels\nidx(\"DIR/other.idx\").labels\n\
         idx(\"DIR/other.idx\", labels = \"DIR/t10k-labels-idx1-ubyte.gz\").labels\n",
    );
    let expected = "3 samples of 1x2, 5 classes\n  values from 0 to 1\n\
                    [[1, 0, 4], [[0.0, 1.0], [0.2, 0.0], [0.4, 0.0]]]\n[2]\nnone\n[2]\n";
    assert_eq!(shown, expected);
}

#[test]
fn folders_are_classes() {
    let folder = tempfile::tempdir().unwrap();
    let image = |path: &str, size: (u32, u32), pixels: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), size.1, size.0);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    };
    image("leaves/birch/2.png", (1, 2), &[255, 0]);
    image("leaves/birch/1.PNG", (1, 2), &[0, 51]);
    image("leaves/ash/1.png", (1, 2), &[0, 0]);
    std::fs::write(folder.path().join("leaves/ash/notes.txt"), "no image").unwrap();
    let program = "let data = images(\"DIR/leaves\")\n[data.labels, data.values, data.shape]\n\
                   images(\"DIR/leaves\", shape = 1).values\n";
    let expected = "[[0, 1, 1], [[0.0, 0.0], [0.0, 0.2], [1.0, 0.0]], [1, 2]]\n";
    let shown = run(folder.path(), program);
    assert_eq!(shown.lines().next(), expected.lines().next());
    assert!(shown.contains("0.10196"), "{shown}");
    // Another size is an error that names the file, and the shape that would do.
    image("leaves/ash/2.png", (2, 2), &[0; 4]);
    let program = format!("images({:?})", folder.path().join("leaves").display().to_string());
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    let message = stderr(&output);
    assert!(message.contains("error[E05]") && message.contains("2.png"), "{message}");
    assert!(message.contains("hint: shape = 1x2"), "{message}");
}

/// A sink that forgets everything.
struct Nothing;

impl Output for Nothing {
    fn stream(&self, _text: &str) {}
    fn show(&self, _shown: &Shown) {}
}

#[test]
fn a_file_that_shrinks_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.idx");
    std::fs::write(&path, idx(&[4, 1, 1], &[1, 2, 3, 4])).unwrap();
    let mut session = Session::default();
    let open = format!("let data = idx({:?})", path.display().to_string());
    assert_eq!(session.run("one", &open, None, Arc::new(Nothing)), []);
    assert_eq!(session.run("two", "data.values", None, Arc::new(Nothing)), []);
    // Its first three samples are still there.
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(19).unwrap();
    let few = session.run("three", "take(data, 3).values", None, Arc::new(Nothing));
    assert_eq!(few, []);
    for question in ["data.values", "normalize(data)", "correlations(data, constant = 0)"] {
        let errors = session.run("four", question, None, Arc::new(Nothing));
        assert_eq!(errors[0].message, "sample 3 cannot be read: the file ends before");
        assert_eq!(errors[0].code.to_string(), "E08");
        assert!(errors[0].primary.is_some() && errors[0].hint.is_some(), "{question}");
    }
}

#[test]
fn a_file_may_be_larger_than_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("x.idx")).unwrap();
    // One and a half gigabytes of zeros, which take no room on the disk, and a last pixel of 51.
    let samples = 1_500_000u32;
    file.write_all(&idx(&[samples, 32, 32], &[])).unwrap();
    file.seek(SeekFrom::Start(16 + u64::from(samples) * 1024 - 1)).unwrap();
    file.write_all(&[51]).unwrap();
    drop(file);
    let program = "let data = idx(\"DIR/x.idx\")\nlet last = drop(data, data.samples - 1)\n\
                   [data.samples, sum(last.values[0])]\n";
    assert_eq!(run(folder.path(), program), "[1500000, 0.2]\n");
}

/// A sink that shows values as a terminal without graphics does.
#[derive(Default)]
struct Terminal(Mutex<String>);

impl Output for Terminal {
    fn stream(&self, _text: &str) {}
    fn show(&self, shown: &Shown) {
        let screen = Screen { columns: 40, rows: 24, cell: None };
        self.0.lock().unwrap().push_str(&show(&shown.value, Graphics::Text, screen));
    }
}

#[test]
fn terminals_show_a_sample_of_each_class() {
    let terminal = Arc::new(Terminal::default());
    let program = "dataset([[[1, 0], [0, 0]], [[0, 1], [1, 1]]], labels = [3, 0])";
    let errors = Session::default().run("one", program, None, Arc::clone(&terminal) as _);
    assert_eq!(errors, []);
    let expected = "2 samples of 2x2, 4 classes\n  values from 0 to 1\n\n0   3\n▄█  ▀·\n";
    assert_eq!(*terminal.0.lock().unwrap(), expected);
}

#[test]
fn a_data_set_is_saved_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let program = "save(digits(), \"DIR/d.svg\")\nsave(digits(), \"DIR/d.png\")\n\
                   save(draw(stripes(4x4), title = \"Stripes\"), \"DIR/s.svg\")\n";
    assert_eq!(run(folder.path(), program), "");
    let svg = std::fs::read_to_string(folder.path().join("d.svg")).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let images = document.descendants().filter(|node| node.has_tag_name("image"));
    assert_eq!(images.count(), 100);
    let png = std::fs::File::open(folder.path().join("d.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let svg = std::fs::read_to_string(folder.path().join("s.svg")).unwrap();
    assert!(svg.contains("Stripes"));
}
