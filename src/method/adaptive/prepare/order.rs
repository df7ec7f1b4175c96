//! The order in which channels are coded, and the partner of each.
//!
//! The model of a channel uses the samples of one partner channel: up to the same frame if the
//! partner is coded before, up to the frame before if it is coded after. A channel that is
//! delayed sees samples of its partner that lie ahead.

use crate::container::fields::Fields;
use crate::entropy::{UNITS, log2};
use crate::error::{Error, Result};

/// The approximate number of places of a chunk that correlations are summed over.
const PLACES: usize = 4096;

/// The highest delay that a byte takes.
const MOST_DELAY: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::method::adaptive) struct Order {
    /// The channels in coding order, by their places in a frame.
    pub(super) turns: Vec<usize>,
    /// For each turn, the turn of the channel's partner: the channel whose samples help to
    /// predict it. A channel without a partner has its own turn here.
    pub(in crate::method::adaptive) partners: Vec<usize>,
    /// For each turn, the number of samples by which its channel is coded behind the others.
    pub(in crate::method::adaptive) delays: Vec<usize>,
}

impl Order {
    /// Returns the order of a frame, in which the partner of a channel is the one before.
    pub(super) fn usual(count: usize) -> Self {
        let partner = |at: usize| if at > 0 { at - 1 } else { count.min(2).saturating_sub(1) };
        let partners = (0..count).map(partner).collect();
        Order { turns: (0..count).collect(), partners, delays: vec![0; count] }
    }

    /// Finds an order in which the partner of each channel resembles it most; the usual order
    /// if that is nearly as good.
    pub(super) fn find(channels: &[Vec<i32>]) -> Self {
        let count = channels.len();
        let usual = Order::usual(count);
        if count < 3 {
            return usual;
        }
        let gains = gains(channels);
        // A tree of the largest gains, grown from the first channel. Of equal gains, the first
        // is taken.
        let mut turns = vec![0];
        let mut partners = vec![0];
        let mut total = 0;
        let mut usual_total = 0;
        for at in 1..count {
            let mut best: Option<(u64, usize, usize)> = None;
            for channel in (0..count).filter(|channel| !turns.contains(channel)) {
                for (turn, &seen) in turns.iter().enumerate() {
                    let gain = gains[channel][seen];
                    if best.is_none_or(|(most, ..)| gain > most) {
                        best = Some((gain, channel, turn));
                    }
                }
            }
            let Some((gain, channel, turn)) = best else { return usual };
            turns.push(channel);
            partners.push(turn);
            total += gain;
            usual_total += gains[at][at - 1];
        }
        // The first channel has no partner yet: any channel may be.
        let first = (1..count).max_by_key(|&turn| (gains[0][turns[turn]], count - turn));
        partners[0] = first.unwrap_or(0);

        let frames = channels[0].len() as u64;
        let saved = total.saturating_sub(usual_total).saturating_mul(frames) / UNITS;
        if saved < 64 * count as u64 {
            return usual;
        }
        Order { turns, partners, delays: vec![0; count] }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.turns.iter().map(|&channel| channel as u8));
        out.extend(self.partners.iter().map(|&turn| turn as u8));
        out.extend(self.delays.iter().map(|&delay| delay as u8));
    }

    /// Delays each channel against its partner, if that comes before it, by this many samples.
    pub(in crate::method::adaptive) fn delay(&mut self, by: usize) {
        for turn in 0..self.turns.len() {
            let partner = self.partners[turn];
            let behind = if partner < turn { self.delays[partner] + by } else { 0 };
            self.delays[turn] = behind.min(MOST_DELAY);
        }
    }

    pub(super) fn read(fields: &mut Fields, count: usize) -> Result<Self> {
        let mut list = || -> Result<Vec<usize>> {
            Ok(fields.take(count)?.iter().map(|&byte| usize::from(byte)).collect())
        };
        let (turns, partners, delays) = (list()?, list()?, list()?);
        if let Some(missing) = (0..count).find(|channel| !turns.contains(channel)) {
            return Err(Error::malformed(format!(
                "the order of {count} coded channels leaves out channel {missing}"
            )));
        }
        if let Some(turn) = partners.iter().find(|&&turn| turn >= count) {
            return Err(Error::malformed(format!(
                "the partner of a channel is {turn}; it must be less than {count}"
            )));
        }
        Ok(Order { turns, partners, delays })
    }

    /// Puts the channels of a frame into coding order.
    pub(super) fn arrange(&self, mut channels: Vec<Vec<i32>>) -> Vec<Vec<i32>> {
        self.turns.iter().map(|&channel| std::mem::take(&mut channels[channel])).collect()
    }

    /// Returns channels in coding order in the order of a frame: the inverse of
    /// [`arrange`](Self::arrange).
    pub(super) fn in_frames<'a>(&self, coded: &'a [Vec<i32>]) -> Vec<&'a [i32]> {
        let mut channels: Vec<&[i32]> = vec![&[]; coded.len()];
        for (&channel, samples) in self.turns.iter().zip(coded) {
            channels[channel] = samples;
        }
        channels
    }
}

/// Returns the gain of each pair of channels from each other, per frame: half the logarithm of
/// the share of their second differences that is not correlated.
fn gains(channels: &[Vec<i32>]) -> Vec<Vec<u64>> {
    let frames = channels[0].len();
    let stride = (frames / PLACES).max(1);
    let curves: Vec<Vec<i64>> = channels
        .iter()
        .map(|samples| {
            let curve =
                |three: &[i32]| i64::from(three[0]) - 2 * i64::from(three[1]) + i64::from(three[2]);
            samples.windows(3).step_by(stride).map(curve).collect()
        })
        .collect();
    // Numbers are below 2^34, and there are fewer than 2^14 of them.
    let product = |a: &[i64], b: &[i64]| -> i128 {
        a.iter().zip(b).map(|(&a, &b)| i128::from(a) * i128::from(b)).sum()
    };
    let squares: Vec<i128> = curves.iter().map(|curve| product(curve, curve)).collect();
    let mut gains = vec![vec![0; channels.len()]; channels.len()];
    for a in 1..channels.len() {
        for b in 0..a {
            let gain = gain(squares[a], squares[b], product(&curves[a], &curves[b]));
            gains[a][b] = gain;
            gains[b][a] = gain;
        }
    }
    gains
}

/// Returns half of -log2(1 - c^2 / (a b)), in cost units.
fn gain(a: i128, b: i128, c: i128) -> u64 {
    // Keeps sixty bits of each, so that products fit.
    let bits = 128 - a.max(b).max(c.abs()).leading_zeros();
    let shift = bits.saturating_sub(60);
    let (a, b, c) = (a >> shift, b >> shift, c >> shift);
    let whole = a * b;
    if whole == 0 {
        return 0;
    }
    let rest = (whole - c * c).clamp(whole >> 40, whole).max(1);
    let scale = (128 - whole.leading_zeros()).saturating_sub(60);
    let (whole, rest) = ((whole >> scale) as u64, ((rest >> scale) as u64).max(1));
    u64::from(log2(whole).saturating_sub(log2(rest))) / 2
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    fn noise(seed: u64, frames: usize) -> Vec<i32> {
        let mut random = Random::new(seed);
        (0..frames).map(|_| i32::from(random.next_u64() as i16)).collect()
    }

    fn mixed(a: &[i32], b: &[i32], share: i32) -> Vec<i32> {
        a.iter().zip(b).map(|(a, b)| a + b / share).collect()
    }

    #[test]
    fn alike_channels_see_each_other() {
        let all: Vec<Vec<i32>> = (0..6).map(|seed| noise(seed, 5000)).collect();
        let channels = vec![
            all[0].clone(),
            all[1].clone(),
            all[2].clone(),
            all[3].clone(),
            mixed(&all[0], &all[4], 8),
            mixed(&all[1], &all[5], -8),
        ];
        let order = Order::find(&channels);
        let seen = |channel: usize| {
            let turn = order.turns.iter().position(|&other| other == channel).unwrap();
            order.turns[order.partners[turn]]
        };
        assert_eq!([seen(0), seen(4)], [4, 0], "{order:?}");
        assert!(seen(5) == 1 || seen(1) == 5, "{order:?}");

        let mut out = Vec::new();
        order.write(&mut out);
        assert_eq!(Order::read(&mut Fields::new(&out), 6).unwrap(), order);
        let coded = order.arrange(channels.clone());
        assert_eq!(coded[0], channels[order.turns[0]]);
        assert_eq!(order.in_frames(&coded), channels);
    }

    #[test]
    fn an_order_without_gain_is_the_usual_one() {
        let channels: Vec<Vec<i32>> = (0..5).map(|seed| noise(seed, 300)).collect();
        assert_eq!(Order::find(&channels), Order::usual(5));
        assert_eq!(Order::find(&vec![vec![0; 5]; 3]), Order::usual(3));
        assert_eq!(Order::find(&vec![vec![i32::MIN, i32::MAX]; 3]), Order::usual(3));
        assert_eq!(Order::usual(1).partners, [0]);
        assert_eq!(Order::usual(4).partners, [1, 0, 1, 2]);
    }

    #[test]
    fn gains_are_logarithms() {
        assert_eq!(gain(100, 100, 0), 0);
        assert_eq!(gain(0, 100, 0), 0);
        // A correlation of 0.8 leaves 0.36: 0.737 bits.
        let bits = gain(1000, 10_000_000, -80_000) as f64 / UNITS as f64;
        assert!((bits - 0.737).abs() < 0.01, "{bits}");
        // The largest sums there are: half of them shared, and all.
        let most = 1i128 << 82;
        let bits = gain(most, most, most >> 1) as f64 / UNITS as f64;
        assert!((bits - 0.2075).abs() < 0.01, "{bits}");
        assert_eq!(gain(most, most, most) / UNITS, 20);
    }

    #[test]
    fn channels_lead_those_that_see_them() {
        let delays = |mut order: Order, by: usize| {
            order.delay(by);
            order.delays
        };
        assert_eq!(delays(Order::usual(1), 4), [0]);
        assert_eq!(delays(Order::usual(4), 4), [0, 4, 8, 12]);
        assert_eq!(delays(Order::usual(4), 0), [0; 4]);
        let star = Order { partners: vec![2, 0, 0, 2, 4], ..Order::usual(5) };
        assert_eq!(delays(star, 100), [0, 100, 100, 200, 0]);
        assert_eq!(delays(Order::usual(4), 100), [0, 100, 200, 255]);

        let mut order = Order::usual(3);
        order.delay(7);
        let mut out = Vec::new();
        order.write(&mut out);
        assert_eq!(out, [0, 1, 2, 1, 0, 1, 0, 7, 14]);
        assert_eq!(Order::read(&mut Fields::new(&out), 3).unwrap(), order);
        order.delay(0);
        assert_eq!(order, Order::usual(3));
    }

    #[test]
    fn malformed_orders_are_refused() {
        for bytes in
            [&[0, 0, 0, 0, 0, 0][..], &[0, 2, 0, 0, 0, 0], &[0, 1, 0, 2, 0, 0], &[0, 1, 0, 0, 0]]
        {
            assert!(Order::read(&mut Fields::new(bytes), 2).is_err(), "{bytes:?}");
        }
        assert!(Order::read(&mut Fields::new(&[1, 0, 1, 1, 0, 255]), 2).is_ok());
    }
}
