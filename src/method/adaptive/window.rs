//! The latest values of a signal.

/// A sliding window over a signal, newest values first, which moves down through a buffer.
pub(super) struct Window {
    buffer: Vec<f64>,
    at: usize,
    length: usize,
}

impl Window {
    const SLACK: usize = 512;

    pub(super) fn new(length: usize) -> Self {
        Window { buffer: vec![0.0; length + Self::SLACK], at: Self::SLACK, length }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, value: f64) {
        if self.at == 0 {
            self.buffer.copy_within(0..self.length, Self::SLACK);
            self.at = Self::SLACK;
        }
        self.at -= 1;
        self.buffer[self.at] = value;
    }

    /// Returns the newest `count` values, at most the length of the window.
    #[inline(always)]
    pub(super) fn get(&self, count: usize) -> &[f64] {
        &self.buffer[self.at..self.at + count]
    }
}
