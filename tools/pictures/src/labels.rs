//! Places for names beside dots, so that nothing lies on anything else.

/// A rectangle; `y` grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(crate) fn overlaps(&self, other: &Area) -> bool {
        self.left < other.right()
            && other.left < self.right()
            && self.top < other.bottom()
            && other.top < self.bottom()
    }

    fn holds(&self, other: &Area) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// The point of the area that is nearest to another.
    fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right()), y.clamp(self.top, self.bottom()))
    }
}

/// What is to stand beside a dot.
pub(crate) struct Label {
    pub(crate) dot: (f64, f64),
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Where a label stands, and whether a line has to lead from its dot to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    pub(crate) area: Area,
    pub(crate) leader: bool,
}

impl Placed {
    /// Where the line from the dot ends: in the middle of a side, or above or below.
    pub(crate) fn end(&self, dot: (f64, f64)) -> (f64, f64) {
        let (x, y) = self.area.nearest(dot);
        match x == dot.0 {
            true => (x, y),
            false => (x, self.area.top + self.area.height / 2.0),
        }
    }
}

/// From the middle of a dot to what must not touch it.
pub(crate) const CLEARANCE: f64 = 8.0;

/// From the middle of a dot to what belongs to another, if it can be.
const APART: f64 = 13.0;

/// Distances from the dot at which a label needs no line.
const DISTANCES: [f64; 2] = [CLEARANCE, 12.0];

/// From one place to the next where places further away are tried.
const STEP: f64 = 5.0;

/// Directions in the order in which they are tried: to the right of the dot first.
const DIRECTIONS: [(f64, f64); 12] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.8, -0.8),
    (0.8, 0.8),
    (-0.8, -0.8),
    (-0.8, 0.8),
    (0.4, -0.9),
    (0.4, 0.9),
    (-0.4, -0.9),
    (-0.4, 0.9),
];

/// Finds a place within `frame` for each label, off the lines that are there if it can be.
/// One that has none, because there are too many, stands to the right of its dot.
pub(crate) fn place(frame: Area, labels: &[Label], lines: &[Line]) -> Vec<Placed> {
    let around = |dot: (f64, f64), distance: f64| Area {
        left: dot.0 - distance,
        top: dot.1 - distance,
        width: 2.0 * distance,
        height: 2.0 * distance,
    };
    let mut placed: Vec<Placed> = Vec::new();
    let mut lines = lines.to_vec();
    for (number, label) in labels.iter().enumerate() {
        let others = || labels.iter().enumerate().filter(|(at, _)| *at != number);
        let free = |candidate: &Placed| {
            let area = &candidate.area;
            frame.holds(area)
                && !labels.iter().any(|label| around(label.dot, CLEARANCE).overlaps(area))
                && !placed.iter().any(|other| other.area.overlaps(area))
        };
        // Nothing that could be taken for another dot's, and no lines through anything.
        let clear = |candidate: &Placed| {
            let leader = Line::leader(label, candidate);
            !lines.iter().any(|line| line.crosses(&candidate.area))
                && !others().any(|(_, other)| around(other.dot, APART).overlaps(&candidate.area))
                && !(candidate.leader
                    && (placed.iter().any(|other| leader.crosses(&other.area))
                        || others().any(|(_, o)| leader.crosses(&around(o.dot, CLEARANCE)))))
        };
        let far = far(frame, label);
        let near = || {
            DISTANCES.iter().flat_map(|&distance| {
                DIRECTIONS.iter().map(move |&direction| beside(label, direction, distance))
            })
        };
        let all = || near().chain(far.iter().copied()).filter(free);
        let chosen = all().find(clear).or_else(|| all().next());
        let chosen = chosen.unwrap_or_else(|| beside(label, DIRECTIONS[0], DISTANCES[0]));
        if chosen.leader {
            lines.push(Line::leader(label, &chosen));
        }
        placed.push(chosen);
    }
    placed
}

/// Places all over the frame, the nearest to the dot first.
fn far(frame: Area, label: &Label) -> Vec<Placed> {
    let columns = ((frame.width - label.width) / STEP).max(0.0) as u32;
    let rows = ((frame.height - label.height) / STEP).max(0.0) as u32;
    let mut places: Vec<(f64, Placed)> = (0..=columns)
        .flat_map(|column| (0..=rows).map(move |row| (column, row)))
        .map(|(column, row)| {
            let left = frame.left + f64::from(column) * STEP;
            let top = frame.top + f64::from(row) * STEP;
            let area = Area { left, top, width: label.width, height: label.height };
            let (x, y) = area.nearest(label.dot);
            let distance = (x - label.dot.0).hypot(y - label.dot.1);
            (distance, Placed { area, leader: true })
        })
        .collect();
    places.retain(|(distance, _)| *distance >= CLEARANCE);
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    places.into_iter().map(|(_, place)| place).collect()
}

fn beside(label: &Label, (right, down): (f64, f64), distance: f64) -> Placed {
    // From the dot outwards: the near side of the label, or its middle, is there.
    let (x, y) = (label.dot.0 + right * distance, label.dot.1 + down * distance);
    let left = match right {
        0.0 => x - label.width / 2.0,
        right if right < 0.0 => x - label.width,
        _ => x,
    };
    let top = match down {
        0.0 => y - label.height / 2.0,
        down if down < 0.0 => y - label.height,
        _ => y,
    };
    let area = Area { left, top, width: label.width, height: label.height };
    Placed { area, leader: false }
}

/// A line that labels had better not lie on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) from: (f64, f64),
    pub(crate) to: (f64, f64),
}

impl Line {
    /// From a dot to its label.
    fn leader(label: &Label, placed: &Placed) -> Self {
        Line { from: label.dot, to: placed.end(label.dot) }
    }

    /// Whether the line runs through an area; it is looked at every so often.
    fn crosses(&self, area: &Area) -> bool {
        const POINTS: u32 = 64;
        (0..=POINTS).any(|point| {
            let part = f64::from(point) / f64::from(POINTS);
            let x = self.from.0 + (self.to.0 - self.from.0) * part;
            let y = self.from.1 + (self.to.1 - self.from.1) * part;
            area.left < x && x < area.right() && area.top < y && y < area.bottom()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area { left: 0.0, top: 0.0, width: 400.0, height: 300.0 };

    fn label(x: f64, y: f64) -> Label {
        Label { dot: (x, y), width: 90.0, height: 14.0 }
    }

    #[test]
    fn a_lone_dot_has_its_name_to_the_right() {
        let placed = place(FRAME, &[label(100.0, 100.0)], &[]);
        let area = Area { left: 108.0, top: 93.0, width: 90.0, height: 14.0 };
        assert_eq!(placed, [Placed { area, leader: false }]);
    }

    #[test]
    fn at_the_edge_it_stands_inside() {
        let placed = place(FRAME, &[label(390.0, 5.0)], &[]);
        assert!(FRAME.holds(&placed[0].area), "{placed:?}");
        assert!(!placed[0].leader);
    }

    #[test]
    fn it_stands_off_lines() {
        let line = Line { from: (100.0, 100.0), to: (300.0, 90.0) };
        let placed = place(FRAME, &[label(100.0, 100.0)], &[line]);
        assert!(!line.crosses(&placed[0].area) && !placed[0].leader, "{placed:?}");
    }

    #[test]
    fn in_a_crowd_nothing_overlaps() {
        let mut labels: Vec<Label> = (0..9)
            .map(|at| label(180.0 + f64::from(at % 3) * 9.0, 150.0 + f64::from(at)))
            .collect();
        labels.push(label(395.0, 295.0));
        labels.push(label(3.0, 3.0));
        let placed = place(FRAME, &labels, &[]);
        assert!(placed.iter().any(|placed| placed.leader));
        for (at, one) in placed.iter().enumerate() {
            assert!(FRAME.holds(&one.area), "{one:?}");
            for other in &placed[..at] {
                assert!(!one.area.overlaps(&other.area), "{one:?} {other:?}");
            }
            for other in &labels {
                assert_ne!(one.area.nearest(other.dot), other.dot, "a label on a dot");
            }
        }
    }

    #[test]
    fn too_many_are_placed_all_the_same() {
        let labels: Vec<Label> = (0..200).map(|_| label(200.0, 150.0)).collect();
        assert_eq!(place(FRAME, &labels, &[]).len(), 200);
    }
}
