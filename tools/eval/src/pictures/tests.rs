use std::ops::Range;

use roxmltree::{Document, Node};

use super::canvas::{Area, Canvas, END, MIDDLE, START, filled, stroked};
use super::colours::{INK, WAVEFORM};
use super::text::{self, Font};
use super::*;

fn number(node: Node, name: &str) -> f64 {
    node.attribute(name).unwrap().trim_end_matches("px").parse().unwrap()
}

/// About the area of a text.
fn area(text: Node) -> Area {
    let (size, x, y) = (number(text, "font-size"), number(text, "x"), number(text, "y"));
    let width = text::width(text.text().unwrap_or_default(), size);
    let before = match text.attribute("text-anchor").unwrap() {
        "start" => 0.0,
        "middle" => width / 2.0,
        _ => width,
    };
    let (above, height) = (size * 0.75, size * 0.95);
    match text.parent().is_some_and(|parent| parent.has_attribute("transform")) {
        true => Area { left: x - above, top: y + before - width, width: height, height: width },
        false => Area { left: x - before, top: y - above, width, height },
    }
}

/// Checks that the SVG is well-formed, and that no text overlaps another or leaves the sheet.
fn readable(canvas: &Canvas) -> String {
    let svg = canvas.svg();
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    let attributes = root.descendants().flat_map(|node| node.attributes());
    for value in attributes.filter(|name| name.name() != "href").map(|value| value.value()) {
        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
    }
    let texts: Vec<Node> = root.descendants().filter(|node| node.has_tag_name("text")).collect();
    for (at, &text) in texts.iter().enumerate() {
        let place = area(text);
        assert!(place.left >= 0.0 && place.right() <= number(root, "width"), "{text:?}");
        assert!(place.top >= 0.0 && place.bottom() <= number(root, "height"), "{text:?}");
        for &other in &texts[..at] {
            assert!(!place.overlaps(&area(other)), "{text:?} {other:?}");
        }
    }
    svg
}

/// A PNG file's pixels.
struct Pixels(resvg::tiny_skia::Pixmap);

impl Pixels {
    fn of(canvas: &Canvas) -> Self {
        Pixels(resvg::tiny_skia::Pixmap::decode_png(&canvas.png().unwrap()).unwrap())
    }

    /// Returns the pixel at a place of the SVG.
    fn at(&self, x: f64, y: f64) -> [u8; 3] {
        let pixel = self.0.pixel((x * 2.0) as u32, (y * 2.0) as u32).unwrap();
        [pixel.red(), pixel.green(), pixel.blue()]
    }

    /// Counts the pixels within an area of the SVG that differ from the paper.
    fn ink(&self, x: Range<u32>, y: Range<u32>) -> usize {
        let rows = y.start * 2..y.end * 2;
        let places = rows.flat_map(|y| (x.start * 2..x.end * 2).map(move |x| (x, y)));
        places.filter(|&(x, y)| self.at(f64::from(x) / 2.0, f64::from(y) / 2.0) != [255; 3]).count()
    }
}

fn hexadecimal([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[test]
fn svg_has_every_element() {
    let mut canvas = Canvas::new(100.0, 50.0, "a < b & \u{1}");
    canvas.line((1.0, 2.0), (3.04, 4.0), &stroked(INK, 1.5));
    canvas.lines(&[(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], &stroked(INK, 1.0));
    canvas.polygon(&[(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], &filled(INK));
    canvas.tip("<tip>");
    canvas.circle((7.0, 8.0), 5.5, &filled(INK));
    canvas.text_upwards((9.0, 9.0), END, Font { bold: true, ..Font::new(12.0, INK) }, "text");
    let area = Area { left: 0.0, top: 0.0, width: 9.0, height: 9.0 };
    canvas.image(area, 1, &[0], &[[1, 2, 3]]);

    let text = canvas.svg();
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("viewBox"), Some("0 0 100 50"));
    let names: Vec<_> = root.children().filter(Node::is_element).collect();
    let names: Vec<_> = names.iter().map(|child| child.tag_name().name()).collect();
    let expected = ["title", "rect", "line", "polyline", "polygon", "circle", "g", "image"];
    assert_eq!(names, expected);
    let find = |name: &str| root.descendants().find(|child| child.has_tag_name(name)).unwrap();
    assert_eq!(find("title").text(), Some("a < b & \u{fffd}"));
    assert_eq!(find("line").attribute("x2"), Some("3.0"));
    assert_eq!(find("circle").first_child().unwrap().text(), Some("<tip>"));
    assert_eq!(find("text").attribute("font-weight"), Some("600"));
    let image = find("image").attribute("href").unwrap();
    assert!(image.starts_with("data:image/png;base64,iVBORw0KGgo"), "{image}");
}

#[test]
fn png_has_everything_in_its_place() {
    const RED: &str = "#ff0000";
    let mut canvas = Canvas::new(100.0, 60.0, "");
    let area = |left, top, width, height| Area { left, top, width, height };
    canvas.rectangle(area(10.0, 10.0, 20.0, 10.0), &filled(RED));
    canvas.circle((50.0, 15.0), 5.0, &filled(INK));
    canvas.line((60.0, 15.0), (90.0, 15.0), &(stroked(RED, 2.0) + " opacity=\"0.5\""));
    canvas.text((50.0, 50.0), MIDDLE, Font::new(12.0, INK), "middle");
    canvas.text_upwards((95.0, 50.0), START, Font::new(12.0, INK), "up");
    canvas.image(area(0.0, 30.0, 20.0, 20.0), 2, &[0, 1, 0, 1], &[[0, 0, 255], [0, 255, 0]]);

    let pixels = Pixels::of(&canvas);
    assert_eq!((pixels.0.width(), pixels.0.height()), (200, 120));
    assert_eq!(pixels.at(20.0, 15.0), [255, 0, 0]);
    assert_eq!(hexadecimal(pixels.at(50.0, 15.0)), INK);
    let [strong, weak, _] = pixels.at(75.0, 15.0);
    assert!(strong == 255 && (120..136).contains(&weak));
    assert_eq!(pixels.at(75.0, 18.0), [255, 255, 255]);
    assert_eq!(pixels.at(1.0, 45.0), [0, 0, 255]);
    assert_eq!(pixels.at(19.0, 35.0), [0, 255, 0]);
    assert!(pixels.ink(30..70, 38..54) > 100);
    assert_eq!(pixels.ink(21..31, 38..54), 0);
    assert!(pixels.ink(84..97, 35..51) > 40, "upwards from its place");
    assert_eq!(pixels.ink(84..100, 51..60), 0);
}

#[test]
fn bold_text_is_heavier_in_png() {
    let ink = |bold, text| {
        let mut canvas = Canvas::new(100.0, 30.0, "");
        canvas.text((5.0, 20.0), START, Font { bold, ..Font::new(14.0, INK) }, text);
        Pixels::of(&canvas).ink(0..100, 0..30)
    };
    assert!(ink(true, "letters") > ink(false, "letters") * 11 / 10);
    assert!(ink(false, "音") > 50, "a box for letters that the font lacks");
}

#[test]
fn a_chart_that_is_too_large_for_png_is_an_error() {
    let error = Canvas::new(0.0, 1e20, "").png().unwrap_err().to_string();
    assert!(error.contains("too large"), "{error}");
}

/// Rate against speed.
mod speed {
    use super::*;

    fn dot(name: &str, speed: f64, rate: f64, group: Group) -> Dot {
        Dot { name: name.into(), speed, rate, group }
    }

    fn chart(panels: [Vec<Dot>; 2]) -> RateAgainstSpeed {
        let panel = |dots| SpeedPanel { name: "P".into(), axis: "speed".into(), dots };
        RateAgainstSpeed {
            title: "T".into(),
            subtitle: "2 files.".into(),
            rate: "rate".into(),
            rates: Rates::Percent,
            far_above: 1.25,
            speed_unit: "×".into(),
            panels: panels.map(panel).into(),
        }
    }

    fn some() -> Vec<Dot> {
        vec![
            dot("lmac fast", 100.0, 0.5, Group::Preset),
            dot("lmac max", 2.0, 0.4, Group::Preset),
            dot("a model", 0.1, 2.7, Group::LanguageModel),
            dot("flac", 300.0, 0.5, Group::Baseline),
            dot("none", 0.0, 0.5, Group::Baseline),
            dot("nan", 1.0, f64::NAN, Group::Baseline),
        ]
    }

    #[test]
    fn measured_codecs_are_drawn() {
        let canvas = chart([some(), some()]).draw().unwrap();
        let svg = readable(&canvas);
        assert_eq!(svg.matches("<circle").count(), 6);
        assert_eq!(svg.matches("<polygon").count(), 2);
        assert_eq!(svg.matches(">a model (270.0 %)</text>").count(), 2);
        assert!(svg.contains("<title>lmac max: 40.00 %, 2.00×</title>"), "{svg}");
        assert!(svg.contains(">2 files. Better is further down"), "{svg}");
        assert!(!svg.contains(">none<") && !svg.contains(">nan<"));
        let again = chart([some(), some()]).draw().unwrap();
        assert_eq!(svg, again.svg());
        assert!(canvas.png().unwrap() == again.png().unwrap());

        let pixels = Pixels::of(&canvas);
        assert_eq!((pixels.0.width(), pixels.0.height()), (2160, 1120));
        let document = Document::parse(&svg).unwrap();
        for circle in document.descendants().filter(|node| node.has_tag_name("circle")) {
            let pixel = pixels.at(number(circle, "cx"), number(circle, "cy"));
            assert_eq!(circle.attribute("fill"), Some(hexadecimal(pixel).as_str()));
        }
    }

    #[test]
    fn panels_and_charts_without_dots_are_not_drawn() {
        let svg = chart([some(), Vec::new()]).draw().unwrap().svg();
        assert!(svg.contains("width=\"976.0\""), "the first panel has all the room: {svg}");
        assert_eq!(chart([Vec::new(), some().split_off(4)]).draw(), None);
    }

    #[test]
    fn long_names_stay_inside() {
        let names = ["a name that nobody would give to anything, unless to try", "short"];
        let dots = names.map(|name| dot(name, 5.0, 0.5, Group::LanguageModel)).to_vec();
        let svg = chart([dots.clone(), dots]).draw().unwrap().svg();
        assert!(svg.contains(">a name"), "{svg}");
        assert!(!svg.contains(&format!(">{}</text>", names[0])), "{svg}");
    }
}

/// Rates by file.
mod files {
    use super::*;

    fn chart(files: usize, contestants: usize) -> RateByFile {
        let contestant = |number: usize| FileRates {
            name: format!("codec {number}"),
            group: [Group::Preset, Group::LanguageModel, Group::Baseline][number % 3],
            rates: (0..files)
                .map(|at| {
                    let rate = 0.4 + number as f64 * 0.03 + (at * 7 % 11) as f64 * 0.02;
                    (number != 1 || at % 5 > 0).then_some(rate)
                })
                .collect(),
            total: (number != 1).then_some(0.5 + number as f64 * 0.03),
        };
        RateByFile {
            title: "T".into(),
            subtitle: "files".into(),
            rate: "rate".into(),
            files: (0..files)
                .map(|at| format!("a folder/with/files of many/{at:04}.wav"))
                .collect(),
            contestants: (0..contestants).map(contestant).collect(),
        }
    }

    #[test]
    fn few_files_have_rows() {
        let canvas = chart(5, 4).draw().unwrap();
        let svg = readable(&canvas);
        assert_eq!(svg.matches("<circle").count(), 5 * 3 + 4 + 4);
        assert!(svg.contains(">codec 0 (50.00 %)<") && svg.contains(">codec 1<"), "{svg}");
        assert_eq!(svg.matches(">40.0 % codec 0<").count(), 1, "the best");
        assert_eq!(svg.matches("0004.wav<").count(), 1, "{svg}");
        assert_eq!(svg, chart(5, 4).draw().unwrap().svg());
        let pixels = Pixels::of(&canvas);
        assert_eq!(f64::from(pixels.0.height()), canvas.height * 2.0);
        assert!(pixels.ink(330..860, 110..200) > 500);
    }

    #[test]
    fn many_files_have_columns() {
        for files in [41, 200, 3000] {
            let canvas = chart(files, 4).draw().unwrap();
            let svg = readable(&canvas);
            assert!(svg.matches("<polyline").count() >= 3, "{files}");
            let names = svg.matches(".wav<").count();
            assert!((20..=60).contains(&names), "{files}: {names}");
            assert!(svg.len() < 300_000, "{files}: {}", svg.len());
            assert_eq!(canvas.height, chart(41, 4).draw().unwrap().height);
        }
    }

    #[test]
    fn one_of_each_is_enough() {
        readable(&chart(40, 15).draw().unwrap());
        let svg = chart(1, 1).draw().unwrap().svg();
        assert_eq!(svg.matches("<circle").count(), 2);
        for (files, contestants) in [(0, 0), (0, 3), (3, 0), (60, 0)] {
            assert_eq!(chart(files, contestants).draw(), None, "{files} {contestants}");
        }
    }

    #[test]
    fn a_rate_far_above_is_at_the_edge() {
        let mut chart = chart(5, 4);
        chart.contestants[3].rates[2] = Some(2.7);
        let svg = chart.draw().unwrap().svg();
        assert_eq!(svg.matches("<polygon").count(), 1);
        assert!(svg.contains("<title>codec 3: 270.00 %</title>"), "{svg}");
        assert!(!svg.contains(">200 %<"), "{svg}");
    }
}

/// Cost along time.
mod costs {
    use super::*;

    /// A tone with a pause.
    fn pcm(frames: usize) -> Vec<u8> {
        let sample = |at: usize| match at * 3 / frames {
            1 => 0,
            _ => (20_000.0 * (at as f64 * 0.3).sin()) as i16,
        };
        (0..frames).flat_map(|at| sample(at).to_le_bytes()).collect()
    }

    fn chart(pcm: &[u8], rate: u32, pieces: usize, costs: usize) -> CostAlongTime<'_> {
        let sound = Sound { pcm, sample: Sample::Signed(2), channels: 1, rate };
        let seconds = sound.seconds() / pieces as f64;
        let cost = |number: usize| Cost {
            name: format!("codec {number}"),
            group: [Group::Preset, Group::Baseline][number % 2],
            pieces: (0..pieces)
                .map(|at| Piece {
                    start: at as f64 * seconds,
                    seconds,
                    bits: seconds * f64::from(rate.max(1)) * (4.0 + (number + at % 3) as f64),
                })
                .collect(),
        };
        CostAlongTime {
            title: "T".into(),
            subtitle: "a file".into(),
            sound,
            bits: 16,
            costs: (0..costs).map(cost).collect(),
        }
    }

    #[test]
    fn sound_and_costs_are_drawn() {
        let pcm = pcm(24_000);
        let canvas = chart(&pcm, 8000, 40, 3).draw().unwrap();
        let svg = readable(&canvas);
        for text in ["time in seconds", "peak", "−4.3 dB", "0 dB", "1k", "codec 1 (5.97 bits)"] {
            assert!(svg.contains(&format!(">{text}<")), "{text}");
        }
        assert!(!svg.contains(">PCM<"), "it is far above");
        assert_eq!(svg.matches("<polyline").count(), 3);
        assert_eq!(svg.matches("<image").count(), 2);
        let again = chart(&pcm, 8000, 40, 3).draw().unwrap();
        assert_eq!(svg, again.svg());
        assert!(canvas.png().unwrap() == again.png().unwrap());

        let pixels = Pixels::of(&canvas);
        let document = Document::parse(&svg).unwrap();
        let image = document.descendants().find(|node| node.has_tag_name("image")).unwrap();
        let [left, top] = ["x", "y"].map(|name| number(image, name));
        let middle = left + number(image, "width") / 2.0;
        assert_eq!(hexadecimal(pixels.at(left + 40.5, top - 67.5)), WAVEFORM);
        assert_eq!(pixels.at(middle + 3.5, top - 67.5), [255; 3], "in the pause");
        let costs = (top + number(image, "height")) as u32 + 16;
        assert!(pixels.ink(left as u32 + 2..1080 - 86, costs..costs + 276) > 3000);
    }

    #[test]
    fn unusual_sounds_are_drawn() {
        let one = 20_000i16.to_le_bytes();
        let clipped: Vec<u8> = (0..5000)
            .flat_map(|at| if at % 40 < 20 { i16::MAX } else { i16::MIN }.to_le_bytes())
            .collect();
        let silence = vec![0; 30_000];
        for (pcm, rate, pieces, costs, expected) in [
            (&one[..], 8000, 1, 1, ">time in microseconds<"),
            (&clipped, 8000, 1, 2, ">time in milliseconds<"),
            (&silence, 8000, 9, 2, ">silence<"),
            (&silence, 0, 9, 2, ">frame<"),
            (&[], 8000, 1, 1, ">silence<"),
        ] {
            let canvas = chart(pcm, rate, pieces, costs).draw().unwrap();
            let svg = readable(&canvas);
            assert!(svg.contains(expected), "{expected}: {svg}");
            assert!(canvas.png().unwrap().len() > 10_000);
        }
    }

    #[test]
    fn without_costs_there_is_no_chart() {
        let pcm = pcm(3000);
        assert_eq!(chart(&pcm, 8000, 1, 0).draw(), None);
        let mut chart = chart(&pcm, 8000, 1, 2);
        chart.costs[0].pieces.clear();
        assert!(chart.draw().is_some());
        chart.costs[1].pieces[0].bits = f64::NAN;
        assert_eq!(chart.draw(), None);
    }

    #[test]
    fn long_sounds_do_not_make_large_pictures() {
        let pcm = pcm(2_000_000);
        let svg = readable(&chart(&pcm, 2000, 8_000, 12).draw().unwrap());
        assert!(svg.contains(">1000<") && svg.len() < 600_000, "{}", svg.len());
    }

    #[test]
    fn a_short_end_with_a_header_does_not_make_the_scale() {
        let pcm = pcm(24_000);
        let mut chart = chart(&pcm, 8000, 40, 1);
        chart.costs[0].pieces[39] = Piece { start: 2.999, seconds: 0.001, bits: 8.0 * 403.0 };
        let svg = chart.draw().unwrap().svg();
        assert!(svg.contains(">up to 403 bits, cut off here<"), "{svg}");
        assert!(svg.contains(">6.0<") && !svg.contains(">400<"), "{svg}");
    }
}
