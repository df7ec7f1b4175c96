//! Places for names beside dots, so that nothing overlaps.

use super::canvas::{Area, Point};

impl Area {
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

    /// Returns the point of the area that is nearest to another point.
    fn nearest(&self, (x, y): Point) -> Point {
        (x.clamp(self.left, self.right()), y.clamp(self.top, self.bottom()))
    }

    /// Returns the square around a point.
    fn around((x, y): Point, distance: f64) -> Area {
        let side = 2.0 * distance;
        Area { left: x - distance, top: y - distance, width: side, height: side }
    }

    /// Whether a line runs through the area; only some of its points are looked at.
    fn is_crossed(&self, line: &Line) -> bool {
        const POINTS: u32 = 64;
        let ((x1, y1), (x2, y2)) = *line;
        (0..=POINTS).map(|point| f64::from(point) / f64::from(POINTS)).any(|part| {
            let (x, y) = (x1 + (x2 - x1) * part, y1 + (y2 - y1) * part);
            self.left < x && x < self.right() && self.top < y && y < self.bottom()
        })
    }
}

/// The two ends of a line.
pub(crate) type Line = (Point, Point);

/// A name that needs a place beside its dot.
pub(crate) struct Label {
    pub(crate) dot: Point,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// The place of a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    pub(crate) area: Area,
    /// A line from the dot, if the label is far away.
    pub(crate) leader: Option<Line>,
}

/// From the middle of a dot to the nearest label.
pub(crate) const CLEARANCE: f64 = 8.0;

/// From the middle of a dot to the label of another, if possible.
const APART: f64 = 13.0;

/// The greatest distance from the dot at which a label needs no line.
const NEAR: f64 = 12.0;

/// Distances are tried in this step up to the far end of the frame.
const STEP: f64 = 4.0;

/// Directions in the order in which they are tried: to the right of the dot first.
const DIRECTIONS: [Point; 12] = [
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

/// Finds a place within `frame` for each label, off the given lines if possible. A label
/// without a free place stands to the right of its dot.
pub(crate) fn place(frame: Area, labels: &[Label], lines: &[Line]) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::new();
    let mut lines = lines.to_vec();
    for label in labels {
        let free = |candidate: &Placed| {
            let area = &candidate.area;
            frame.holds(area)
                && !labels.iter().any(|label| Area::around(label.dot, CLEARANCE).overlaps(area))
                && !placed.iter().any(|other| other.area.overlaps(area))
        };
        // Nothing that could be taken for another dot's, and no lines through anything.
        let clear = |candidate: &Placed| {
            let crossed = |area: &Area| candidate.leader.is_some_and(|line| area.is_crossed(&line));
            !lines.iter().any(|line| candidate.area.is_crossed(line))
                && !placed.iter().any(|other| crossed(&other.area))
                && !labels.iter().filter(|other| other.dot != label.dot).any(|other| {
                    Area::around(other.dot, APART).overlaps(&candidate.area)
                        || crossed(&Area::around(other.dot, CLEARANCE))
                })
        };
        let steps = ((frame.width + frame.height) / STEP) as u32;
        let distances = (0..steps).map(|step| CLEARANCE + f64::from(step) * STEP);
        let places = distances.flat_map(|distance| {
            DIRECTIONS.iter().map(move |&direction| label.beside(direction, distance))
        });
        let places: Vec<Placed> = places.filter(free).collect();
        let chosen = places.iter().find(|place| clear(place)).or(places.first());
        let chosen = chosen.copied().unwrap_or_else(|| label.beside(DIRECTIONS[0], CLEARANCE));
        lines.extend(chosen.leader);
        placed.push(chosen);
    }
    placed
}

impl Label {
    /// Returns the place at a distance from the dot.
    fn beside(&self, (right, down): Point, distance: f64) -> Placed {
        let &Label { dot: (x, y), width, height } = self;
        // The near side of the label, or its middle, is at the distance.
        let start = |at: f64, direction: f64, length: f64| {
            let sign = if direction == 0.0 { 0.0 } else { direction.signum() };
            at + direction * distance - length * (1.0 - sign) / 2.0
        };
        let (left, top) = (start(x, right, width), start(y, down, height));
        let area = Area { left, top, width, height };
        // To the middle of a side, or straight up or down.
        let end = area.nearest(self.dot);
        let end = if end.0 == x { end } else { (end.0, area.middle().1) };
        let leader = (distance > NEAR).then_some((self.dot, end));
        Placed { area, leader }
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
        assert_eq!(placed, [Placed { area, leader: None }]);
    }

    #[test]
    fn at_the_edge_a_label_stands_inside() {
        let placed = place(FRAME, &[label(390.0, 5.0)], &[]);
        assert!(FRAME.holds(&placed[0].area), "{placed:?}");
        assert_eq!(placed[0].leader, None);
    }

    #[test]
    fn labels_stand_off_lines() {
        let line = ((100.0, 100.0), (300.0, 90.0));
        let placed = place(FRAME, &[label(100.0, 100.0)], &[line]);
        assert!(!placed[0].area.is_crossed(&line) && placed[0].leader.is_none(), "{placed:?}");
    }

    #[test]
    fn in_a_crowd_nothing_overlaps() {
        let mut labels: Vec<Label> = (0..9)
            .map(|at| label(180.0 + f64::from(at % 3) * 9.0, 150.0 + f64::from(at)))
            .collect();
        labels.push(label(395.0, 295.0));
        labels.push(label(3.0, 3.0));
        let placed = place(FRAME, &labels, &[]);
        assert!(placed.iter().any(|placed| placed.leader.is_some()));
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
    fn too_many_labels_are_still_placed() {
        let labels: Vec<Label> = (0..200).map(|_| label(200.0, 150.0)).collect();
        assert_eq!(place(FRAME, &labels, &[]).len(), 200);
    }
}
