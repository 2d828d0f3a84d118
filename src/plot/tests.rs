//! The room's promises: well-formed pictures, no panic, the same bytes every time.

use std::collections::HashSet;

use ndarray::Array2;

use super::*;

/// A tiny checker of well-formed XML: tags nest, attributes are quoted and not repeated,
/// only allowed characters and entities. Returns all ids.
fn check_xml(text: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut ids = Vec::new();
    let mut roots = 0;
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        check_content(&rest[..start]);
        assert!(!open.is_empty() || rest[..start].trim().is_empty(), "text outside");
        let end = rest.find('>').expect("an unclosed tag");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let closed = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut seen = HashSet::new();
        while !attributes.trim().is_empty() {
            let (key, value) = attributes.trim_start().split_once("=\"").expect("a quote");
            assert!(key.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '-'));
            assert!(seen.insert(key.to_string()), "{key} twice");
            let (value, others) = value.split_once('"').expect("a closing quote");
            check_content(value);
            if key == "id" {
                ids.push(value.to_string());
            }
            // The letters of an image mean nothing.
            assert!(!value.contains("NaN") || key == "aria-label" || key == "href");
            attributes = others;
        }
        roots += usize::from(open.is_empty());
        if !closed {
            open.push(name.to_string());
        }
    }
    assert!(rest.trim().is_empty() && open.is_empty() && roots == 1);
    ids
}

fn check_content(text: &str) {
    for (index, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        assert!(known.iter().any(|entity| text[index..].starts_with(entity)), "{text}");
    }
    let allowed = |letter: char| matches!(letter, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "{text:?}");
}

/// Width, height and the number of different colours of a PNG.
fn read_png(bytes: &[u8]) -> (u32, u32, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("a frame");
    let colors: HashSet<&[u8]> = pixels.chunks(4).collect();
    (info.width, info.height, colors.len())
}

fn series(mark: Mark, points: Vec<(f64, f64)>) -> Series {
    Series { mark, points, ..Series::default() }
}

fn chart(series: Vec<Series>) -> Chart {
    Chart { title: Some("title".into()), series, ..Chart::default() }
}

/// A binary tree over a chain with sides by a rule; inner indices of mixed blocks are cut.
fn chain(levels: u32, side_a: impl Fn(usize) -> bool) -> TreePicture {
    let mut layers = Vec::new();
    let mut labels: Vec<Vec<TreeLabel>> = Vec::new();
    for level in 0..=levels {
        let count = 1usize << (levels - level);
        layers.push(TreeLayer {
            name: format!("layer <{level}>"),
            dim: 4 + u64::from(level),
            rows: 1,
            cols: count,
            parent: if level < levels {
                (0..count).map(|position| position / 2).collect()
            } else {
                Vec::new()
            },
            edge: format!("W & {level}"),
        });
        let next = match labels.last() {
            None => (0..count)
                .map(|site| if side_a(site) { TreeLabel::A } else { TreeLabel::B })
                .collect(),
            Some(below) => below
                .chunks(2)
                .map(|pair| if pair[0] == pair[1] { pair[0] } else { TreeLabel::Cut })
                .collect(),
        };
        labels.push(next);
    }
    TreePicture {
        title: Some("a tree".into()),
        grid: (1, 1 << levels),
        layers,
        output: Some("output(10)".into()),
        marks: Some(TreeMarks { labels }),
        caption: Some("min-cut = 4⁸ & more".into()),
    }
}

fn gallery() -> Vec<Picture> {
    let points: Vec<(f64, f64)> = (1..9).map(|step| (f64::from(step), 2f64.powi(step))).collect();
    let mut bars = chart(vec![
        series(Mark::Bars, points[..3].to_vec()),
        series(Mark::Bars, vec![(0.0, -3.0), (1.0, f64::NAN), (2.0, 5.0)]),
    ]);
    bars.x.categories = Some(vec!["left_right".into(), "a & b".into(), "c".into(), "d".into()]);
    let grid = TreePicture {
        grid: (2, 2),
        layers: vec![
            TreeLayer {
                name: "input".into(),
                dim: 2,
                rows: 2,
                cols: 2,
                parent: vec![0, 1, 1, 0],
                edge: "identity".into(),
            },
            TreeLayer { name: "conv0".into(), dim: 3, rows: 1, cols: 2, ..TreeLayer::default() },
        ],
        ..TreePicture::default()
    };
    let mut values = Array2::from_shape_fn((5, 7), |(row, column)| (row * column) as f64);
    values[(2, 2)] = f64::NAN;
    vec![
        Picture::Chart(chart(vec![
            series(Mark::LinePoints, points.clone()),
            series(Mark::Line, points),
        ])),
        Picture::Chart(bars),
        Picture::Heatmap(Heatmap {
            title: None,
            values,
            x_label: "x".into(),
            y_label: "y".into(),
            row_labels: None,
            col_labels: Some((0..7).map(|index| format!("column {index}")).collect()),
            value_label: "bits".into(),
        }),
        Picture::Sites(SitesPicture {
            rows: 4,
            cols: 4,
            side_a: (0..16).map(|site| site % 3 == 0).collect(),
        }),
        Picture::Tree(chain(4, |site| site % 2 == 0)),
        Picture::Tree(chain(10, |site| (300..650).contains(&site))),
        Picture::Tree(grid),
        Picture::Summary(chain(12, |site| site % 5 == 0).summary()),
        Picture::Contact(sheet(6, 6, 3, Some("a & b"))),
        Picture::Contact(sheet(1, 40, 4, None)),
    ]
}

/// Two lines of images with all shades.
fn sheet(rows: usize, columns: usize, images: usize, label: Option<&str>) -> ContactSheet {
    let image = |first: usize| (0..rows * columns).map(|place| (first + place) as f64).collect();
    let label = label.map(str::to_owned);
    let strip = Strip { label, images: (0..images).map(image).collect() };
    ContactSheet { title: None, rows, columns, strips: vec![strip.clone(), strip] }
}

#[test]
fn images_stand_in_their_places() {
    let values = vec![0.0, 1.0, 1.0, 0.0];
    let strip = |name: &str| Strip { label: Some(name.into()), images: vec![values.clone()] };
    let strips = vec![strip("left"), strip("right")];
    let sheet = ContactSheet { title: Some("two".into()), rows: 2, columns: 2, strips };
    assert_eq!(sheet.text(60).expect("letters"), "two\nl…  r…\n▄▀  ▄▀");
    let scene = sheet.scene().expect("a scene");
    let rasters = scene.shapes.iter().filter_map(|shape| match shape {
        scene::Shape::Raster(raster) => Some(raster),
        _ => None,
    });
    let rasters: Vec<_> = rasters.collect();
    assert_eq!(rasters.len(), 2);
    assert_eq!(rasters[0].shades, [0, 255, 255, 0]);
    // The picture has the pixels where the scene says, and the SVG holds the image as a PNG.
    let png = Picture::Contact(sheet.clone()).png(1.0).expect("a PNG");
    let mut reader = png::Decoder::new(std::io::Cursor::new(&png));
    reader.set_transformations(png::Transformations::EXPAND);
    let mut reader = reader.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("a frame");
    let depth = info.line_size / info.width as usize;
    let at = |x: f64, y: f64| pixels[y as usize * info.line_size + x as usize * depth];
    let ((left, top), (wide, tall)) = (rasters[1].corner, rasters[1].size);
    for (across, down, shade) in
        [(0.25, 0.25, 0), (0.75, 0.25, 255), (0.25, 0.75, 255), (0.75, 0.75, 0)]
    {
        assert_eq!(at(left + across * wide, top + down * tall), shade);
    }
    let svg = Picture::Contact(sheet.clone()).svg().expect("an SVG");
    assert_eq!(svg.matches("href=\"data:image/png;base64,iVBORw0KGgo").count(), 2);
    for wrong in [
        ContactSheet { rows: 0, ..sheet.clone() },
        ContactSheet { rows: usize::MAX, ..sheet.clone() },
        ContactSheet { strips: vec![], ..sheet },
    ] {
        assert!(wrong.scene().is_err() && wrong.text(80).is_err());
    }
}

#[test]
fn pictures_are_well_formed_and_the_same_every_time() {
    let mut ids = HashSet::new();
    for picture in gallery() {
        let svg = picture.svg().expect("an SVG");
        for id in check_xml(&svg) {
            assert!(id.starts_with("cv-"));
            assert!(ids.insert(id), "two figures share an id");
        }
        for part in ["xmlns=\"http://www.w3.org/2000/svg\"", " width=", " height=", "viewBox="] {
            assert!(svg.contains(part));
        }
        let (width, height) = picture.size().expect("a size");
        let png = picture.png(2.0).expect("a PNG");
        let (wide, tall, colors) = read_png(&png);
        assert_eq!((wide, tall), (2 * width, 2 * height));
        assert!(colors > 20, "the picture is nearly blank");
        let text = picture.text(80);
        assert!((1..=20).contains(&text.lines().count()), "{text}");
        assert_eq!(svg, picture.clone().svg().expect("an SVG"));
        assert_eq!(png, picture.clone().png(2.0).expect("a PNG"));
        assert_eq!(text, picture.clone().text(80));
    }
}

/// Every text stays on the card.
#[test]
fn no_text_is_clipped() {
    for picture in gallery() {
        let scene = picture.scene().expect("a scene");
        for shape in &scene.shapes {
            let scene::Shape::Text(text) = shape else {
                continue;
            };
            let length = font::text_width(&text.content, text.size, text.bold);
            let (before, after) = match text.anchor {
                scene::Anchor::Start => (0.0, length),
                scene::Anchor::Middle => (length / 2.0, length / 2.0),
                scene::Anchor::End => (length, 0.0),
            };
            let (x, y) = text.position;
            let inside = if text.upward {
                y + before <= scene.height && y - after >= 0.0
            } else {
                x - before >= 0.0 && x + after <= scene.width && y < scene.height - 2.0
            };
            assert!(inside, "{text:?} on {} x {}", scene.width, scene.height);
        }
    }
}

#[test]
fn binary_data_have_ticks_at_powers_of_two() {
    let points = [2.0, 4.0, 8.0, 16.0, 32.0].map(|r| (r, r + 0.5)).to_vec();
    let mut picture = chart(vec![series(Mark::Line, points)]);
    picture.x.scale = Scale::Log;
    let svg = Picture::Chart(picture).svg().expect("an SVG");
    for label in [">2<", ">4<", ">8<", ">16<", ">32<"] {
        assert!(svg.contains(label), "{label}");
    }
}

#[test]
fn labels_are_escaped_and_cleaned() {
    let mut picture = chart(vec![series(Mark::Line, vec![(0.0, 1.0), (1.0, 2.0)])]);
    picture.title = Some("a <b> & \"c\" 'd' \u{0} \u{1b}[31m \u{202e}x\u{ffff}\n\ty".into());
    picture.x.label = "]]> <!-- &lt; -->".into();
    let svg = Picture::Chart(picture).svg().expect("an SVG");
    check_xml(&svg);
    assert!(svg.contains("a &lt;b&gt; &amp; &quot;c&quot;"));
}

#[test]
fn what_cannot_be_drawn_is_an_error_with_a_hint() {
    let empty = Picture::Chart(chart(vec![series(Mark::Line, vec![])]));
    assert!(empty.svg().is_err() && empty.text(60).contains("no point"));
    let nan = chart(vec![series(Mark::Points, vec![(f64::NAN, 1.0), (1.0, f64::INFINITY)])]);
    assert!(Picture::Chart(nan).png(1.0).is_err());
    let mut zero = chart(vec![series(Mark::Points, vec![(1.0, 0.0), (2.0, 1.0)])]);
    zero.y.scale = Scale::Log;
    zero.y.label = "bits".into();
    let error = Picture::Chart(zero).svg().expect_err("zero on a logarithmic axis");
    assert!(error.message.contains("bits") && error.hint.is_some());
    let mut parents = chain(3, |_| true);
    parents.layers[0].parent[0] = 99;
    assert!(Picture::Tree(parents).svg().is_err());
    assert!(Picture::Tree(TreePicture::default()).svg().is_err());
    let sites = SitesPicture { rows: usize::MAX, cols: 3, side_a: vec![true] };
    assert!(Picture::Sites(sites).svg().is_err());
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert!(gallery()[0].png(scale).is_err());
    }
}

#[test]
fn a_million_points_stay_small() {
    let points: Vec<(f64, f64)> = (0..1_000_000)
        .map(|step| (f64::from(step), (f64::from(step) * 0.01).sin() * f64::from(step % 97)))
        .collect();
    for mark in [Mark::Line, Mark::Points, Mark::Bars, Mark::LinePoints] {
        let picture = Picture::Chart(chart(vec![series(mark, points.clone())]));
        let svg = picture.svg().expect("an SVG");
        assert!(svg.len() < 4_000_000, "{mark:?}: {} bytes", svg.len());
    }
}

/// A small generator (SplitMix64), so that failures can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut state = self.0;
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }

    fn below(&mut self, bound: u64) -> usize {
        (self.next() % bound) as usize
    }

    fn number(&mut self) -> f64 {
        const HARD: [f64; 14] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            -0.0,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            1e300,
            -1e300,
            1e-300,
            1.0,
            9_007_199_254_740_993.0,
        ];
        match self.below(4) {
            0 => HARD[self.below(HARD.len() as u64)],
            1 => f64::from_bits(self.next()),
            2 => self.below(100) as f64,
            _ => (self.next() as f64 / u64::MAX as f64) - 0.5,
        }
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 12] = [
            "bits",
            " ",
            "<&>",
            "\u{0}",
            "\u{202e}",
            "漢字",
            "é̂",
            "\n",
            "",
            "👩‍🔬",
            "δ ⊗ ξ",
            "xxxxxxxxxxxxxxxxxxxx",
        ];
        let count = [1, 3, 12, 200][self.below(4)];
        (0..count).map(|_| PARTS[self.below(12)]).collect()
    }

    fn maybe_text(&mut self) -> Option<String> {
        (self.below(3) > 0).then(|| self.text())
    }

    fn chart(&mut self) -> Picture {
        let series = (0..self.below(12))
            .map(|_| {
                let points: Vec<(f64, f64)> =
                    (0..self.below(40)).map(|_| (self.number(), self.number())).collect();
                Series {
                    label: self.maybe_text(),
                    mark: [Mark::Line, Mark::Points, Mark::LinePoints, Mark::Bars][self.below(4)],
                    errors: (self.below(3) == 0)
                        .then(|| points.iter().map(|_| self.number()).collect()),
                    highlight: (self.below(3) == 0).then(|| (self.number(), self.number())),
                    points,
                }
            })
            .collect();
        let mut axis = || Axis {
            label: self.text(),
            scale: [Scale::Linear, Scale::Log][self.below(2)],
            categories: (self.below(3) == 0)
                .then(|| (0..self.below(60)).map(|_| self.text()).collect()),
        };
        let (x, y) = (axis(), axis());
        Picture::Chart(Chart {
            title: self.maybe_text(),
            x,
            y,
            series,
            legend_title: self.maybe_text(),
        })
    }

    fn heatmap(&mut self) -> Picture {
        let shape = (self.below(14), self.below(130));
        let values = Array2::from_shape_fn(shape, |_| self.number());
        let mut labels = |count: usize| {
            (self.below(2) == 0).then(|| (0..count).map(|_| self.text()).collect::<Vec<_>>())
        };
        let (row_labels, col_labels) = (labels(shape.0), labels(shape.1));
        Picture::Heatmap(Heatmap {
            title: self.maybe_text(),
            values,
            x_label: self.text(),
            y_label: self.text(),
            row_labels,
            col_labels,
            value_label: self.text(),
        })
    }

    fn tree(&mut self) -> Picture {
        let mut shapes = vec![(1 + self.below(9), 1 + self.below(40))];
        if self.below(2) == 0 {
            shapes[0].0 = 1;
        }
        for _ in 0..self.below(6) {
            let last = shapes[shapes.len() - 1];
            shapes.push((last.0.div_ceil(1 + self.below(3)), last.1.div_ceil(1 + self.below(3))));
        }
        let layers: Vec<TreeLayer> = (0..shapes.len())
            .map(|index| {
                let (rows, cols) = shapes[index];
                let next = shapes.get(index + 1).map(|shape| (shape.0 * shape.1) as u64);
                TreeLayer {
                    name: self.text(),
                    dim: self.next() >> self.below(64),
                    rows,
                    cols,
                    parent: next.map_or(Vec::new(), |next| {
                        (0..rows * cols).map(|_| self.below(next)).collect()
                    }),
                    edge: self.text(),
                }
            })
            .collect();
        let labels = layers
            .iter()
            .map(|layer| {
                let label = |_| [TreeLabel::A, TreeLabel::B, TreeLabel::Cut][self.below(3)];
                (0..layer.rows * layer.cols).map(label).collect()
            })
            .collect();
        let tree = TreePicture {
            title: self.maybe_text(),
            grid: shapes[0],
            layers,
            output: self.maybe_text(),
            marks: (self.below(4) > 0).then_some(TreeMarks { labels }),
            caption: self.maybe_text(),
        };
        if self.below(4) == 0 { Picture::Summary(tree.summary()) } else { Picture::Tree(tree) }
    }
}

#[test]
fn hostile_figures_give_an_error_or_a_picture() {
    let mut random = Random(7);
    let mut drawn = 0;
    for round in 0..400 {
        let picture = match round % 4 {
            0 | 1 => random.chart(),
            2 => random.heatmap(),
            _ => random.tree(),
        };
        let width = random.below(300);
        assert!(picture.text(width).lines().count() <= 20, "{}", picture.text(width));
        if let Ok(svg) = picture.svg() {
            check_xml(&svg);
            drawn += 1;
            if round % 8 == 0 {
                picture.png(0.5).expect("a picture that has an SVG has a PNG");
            }
        }
    }
    assert!(drawn > 100, "only {drawn} of 400 were drawn");
}

#[test]
fn unusual_sizes_of_everything_are_drawn() {
    for count in [1, 2, 65, 5000] {
        let picture = Picture::Sites(SitesPicture {
            rows: 1,
            cols: count,
            side_a: (0..count).map(|site| site % 2 == 0).collect(),
        });
        check_xml(&picture.svg().expect("an SVG"));
    }
    let large = SitesPicture {
        rows: 200,
        cols: 300,
        side_a: (0..60_000).map(|site| (site / 300 + site) % 2 == 0).collect(),
    };
    check_xml(&Picture::Sites(large).svg().expect("an SVG"));
    for levels in [0, 1, 6, 7, 14] {
        check_xml(&Picture::Tree(chain(levels, |site| site % 2 == 0)).svg().expect("an SVG"));
        let plain = TreePicture { marks: None, ..chain(levels, |_| true) };
        check_xml(&Picture::Tree(plain).svg().expect("an SVG"));
    }
}

#[test]
fn the_font_has_the_signs_of_the_field() {
    let width = font::text_width("·×≤≥≠≈∞√∈−…ξδ⊗⁸²₀→", 10.0, false);
    assert!(width > 100.0);
    assert_eq!(font::clean("a\u{7}b\u{fffe}"), "a\u{fffd}b");
    assert!(font::shorten(&"x".repeat(1000), 12.0, true, 100.0).ends_with('…'));
}
