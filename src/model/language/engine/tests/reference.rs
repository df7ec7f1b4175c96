//! The definition of the arithmetic: one number after the other, one position at a time.

use std::collections::BTreeMap;

use crate::model::language::Profile;
use crate::model::language::architecture::{Architecture, ByteTransformer, Llama};
use crate::numerics::elementary::{pow, sin_cos};
use crate::numerics::functions::{exp_minus, logistic};

type Row = Vec<f32>;

/// A model that is evaluated by its definition.
pub(super) struct Reference {
    pub(super) architecture: Architecture,
    pub(super) profile: Profile,
    /// Rows of each tensor; a vector has one.
    pub(super) tensors: BTreeMap<String, Vec<Row>>,
}

/// Keys and values of each position so far, by layer and head.
type Memory = BTreeMap<(usize, usize), Vec<(Row, Row)>>;

fn finite(x: f32) -> f32 {
    if x > -3e38 { if x < 3e38 { x } else { 3e38 } } else { -3e38 }
}

/// Sixteen sums that take turns, then halves onto halves.
fn sum(values: &[f32]) -> f32 {
    let mut lanes = vec![0.0; 16];
    for (i, &value) in values.iter().enumerate() {
        lanes[i % 16] += value;
    }
    while lanes.len() > 1 {
        let half = lanes.len() / 2;
        lanes = (0..half).map(|i| lanes[i] + lanes[i + half]).collect();
    }
    lanes[0]
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

fn add(a: &[f32], b: &[f32]) -> Row {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// The bytes of a row, and their scale.
fn quantised(row: &[f32]) -> (Vec<i32>, f32) {
    let row: Row = row.iter().copied().map(finite).collect();
    let most = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    if most < 2f32.powi(-100) {
        return (vec![0; row.len()], 0.0);
    }
    let factor = 127.0 / most;
    (row.iter().map(|x| (x * factor).round_ties_even() as i32).collect(), most / 127.0)
}

/// The product of two rows of bytes.
fn byte_dot(a: &(Vec<i32>, f32), b: &(Vec<i32>, f32)) -> f32 {
    let sum: i32 = a.0.iter().zip(&b.0).map(|(a, b)| a * b).sum();
    (sum as f32 * a.1) * b.1
}

fn layer_norm(x: &[f32], scales: &[f32], offsets: &[f32]) -> Row {
    let mean = sum(x) / x.len() as f32;
    let x: Row = x.iter().map(|x| x - mean).collect();
    let squares: Row = x.iter().map(|x| x * x).collect();
    let factor = 1.0 / (sum(&squares) / x.len() as f32 + 1e-5).sqrt();
    x.iter().zip(scales).zip(offsets).map(|((x, s), o)| (x * factor) * s + o).collect()
}

fn gelu(x: f32) -> f32 {
    x * logistic(1.595_769_1 * (x + 0.044_715 * ((x * x) * x)))
}

impl Reference {
    /// The logits behind each token of a context.
    pub(super) fn logits(&self, tokens: &[u32]) -> Vec<Row> {
        let mut memory = Memory::new();
        let tokens = tokens.iter().enumerate();
        tokens.map(|(position, &token)| self.step(&mut memory, position, token)).collect()
    }

    fn step(&self, memory: &mut Memory, position: usize, token: u32) -> Row {
        let logits = match &self.architecture {
            Architecture::Llama(llama) => self.llama(llama, memory, position, token),
            Architecture::ByteTransformer(model) => self.bytes(model, memory, position, token),
        };
        logits.into_iter().map(finite).collect()
    }

    fn vector(&self, name: &str) -> &Row {
        &self.tensors[name][0]
    }

    fn product(&self, name: &str, x: &[f32]) -> Row {
        let rows = self.tensors[name].iter();
        match self.profile {
            Profile::F32 => rows.map(|weights| dot(x, weights)).collect(),
            Profile::Int8 => {
                let x = quantised(x);
                rows.map(|weights| byte_dot(&x, &quantised(weights))).collect()
            }
        }
    }

    fn llama(&self, llama: &Llama, memory: &mut Memory, position: usize, token: u32) -> Row {
        let norm = |x: &[f32], name: &str| -> Row {
            let squares: Row = x.iter().map(|x| x * x).collect();
            let factor = 1.0 / (sum(&squares) / x.len() as f32 + llama.epsilon).sqrt();
            x.iter().zip(self.vector(name)).map(|(x, scale)| (x * factor) * scale).collect()
        };
        let mut x = self.tensors["embedding"][token as usize].clone();
        if llama.tied && self.profile == Profile::Int8 {
            let (bytes, scale) = quantised(&x);
            x = bytes.iter().map(|&byte| byte as f32 * scale).collect();
        }
        for layer in 0..llama.layers {
            let name = |part: &str| format!("layers.{layer}.{part}");
            let inputs = norm(&x, &name("attention_norm"));
            let rotate = |mut row: Row| {
                row.chunks_exact_mut(llama.head_width).for_each(|head| turn(llama, position, head));
                row
            };
            let queries = rotate(self.product(&name("query"), &inputs));
            let keys = rotate(self.product(&name("key"), &inputs));
            let values = self.product(&name("value"), &inputs);
            let gathered = self.attend(llama.head_width, memory, layer, &queries, &keys, &values);
            x = add(&x, &self.product(&name("output"), &gathered));
            let inputs = norm(&x, &name("feed_norm"));
            let gate = self.product(&name("gate"), &inputs);
            let up = self.product(&name("up"), &inputs);
            let inner: Row = gate.iter().zip(&up).map(|(g, up)| (g * logistic(*g)) * up).collect();
            x = add(&x, &self.product(&name("down"), &inner));
        }
        let head = if llama.tied { "embedding" } else { "head" };
        self.product(head, &norm(&x, "norm"))
    }

    fn bytes(
        &self,
        model: &ByteTransformer,
        memory: &mut Memory,
        position: usize,
        token: u32,
    ) -> Row {
        let width = model.width;
        let factor = (width as f32).sqrt();
        let embedding = self.tensors["embedding"][token as usize].iter();
        let mut x: Row = embedding
            .enumerate()
            .map(|(i, value)| {
                let sines = width / 2 + 1;
                let frequency = pow(1e4, -(2.0 * (i % sines) as f64) / width as f64);
                let (sine, cosine) = sin_cos(position as f64 * frequency);
                value * factor + if i < sines { sine as f32 } else { cosine as f32 }
            })
            .collect();
        for layer in 0..model.layers {
            let name = |part: &str| format!("layers.{layer}.{part}");
            let vector = |part: &str| self.vector(&name(part));
            let queries = self.product(&name("query"), &x);
            let keys = self.product(&name("key"), &x);
            let values = self.product(&name("value"), &x);
            let head_width = width / model.heads;
            let gathered = self.attend(head_width, memory, layer, &queries, &keys, &values);
            x = add(&x, &self.product(&name("output"), &gathered));
            x = layer_norm(&x, vector("attention_norm.scale"), vector("attention_norm.offset"));
            let inner = add(&self.product(&name("up"), &x), vector("up.bias"));
            let inner: Row = inner.into_iter().map(gelu).collect();
            let part = add(&self.product(&name("down"), &inner), vector("down.bias"));
            x = layer_norm(&add(&x, &part), vector("feed_norm.scale"), vector("feed_norm.offset"));
        }
        add(&self.product("head", &x), self.vector("head.bias"))
    }

    /// Puts a position's keys and values into the memory, and looks all of it up.
    fn attend(
        &self,
        head_width: usize,
        memory: &mut Memory,
        layer: usize,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
    ) -> Row {
        let finite_row = |row: &[f32]| row.iter().copied().map(finite).collect::<Row>();
        let rows = keys.chunks(head_width).zip(values.chunks(head_width));
        let mut heads = 0;
        for (head, (keys, values)) in rows.enumerate() {
            let all = memory.entry((layer, head)).or_default();
            all.push((finite_row(keys), finite_row(values)));
            heads += 1;
        }
        let scale = 1.0 / (head_width as f32).sqrt();
        let sharing = queries.len() / keys.len();
        assert_eq!(queries.len(), heads * sharing * head_width);
        let mut gathered = Row::new();
        for (head, query) in queries.chunks(head_width).enumerate() {
            let query: Row = query.iter().map(|x| finite(x * scale)).collect();
            let rows = &memory[&(layer, head / sharing)];
            let score = |key: &Row| match self.profile {
                Profile::F32 => dot(&query, key),
                Profile::Int8 => byte_dot(&quantised(&query), &quantised(key)),
            };
            let scores: Row = rows.iter().map(|(key, _)| finite(score(key))).collect();
            let largest = scores.iter().copied().fold(f32::MIN, f32::max);
            let weights: Row = scores.iter().map(|score| exp_minus(largest - score)).collect();
            let factor = 1.0 / sum(&weights);
            let values: Vec<_> = rows.iter().map(|(_, values)| quantised(values)).collect();
            for d in 0..head_width {
                let sum = match self.profile {
                    Profile::F32 => {
                        let values: Row = rows.iter().map(|(_, values)| values[d]).collect();
                        dot(&weights, &values)
                    }
                    Profile::Int8 => {
                        let weights = weights.iter().zip(&values).map(|(e, (_, scale))| e * scale);
                        let bytes: Row = values.iter().map(|(bytes, _)| bytes[d] as f32).collect();
                        dot(&weights.collect::<Row>(), &bytes)
                    }
                };
                gathered.push(sum * factor);
            }
        }
        gathered
    }
}

fn turn(llama: &Llama, position: usize, head: &mut [f32]) {
    let half = head.len() / 2;
    for i in 0..half {
        let frequency = pow(llama.rope_base, -((2 * i) as f64) / head.len() as f64);
        let factor = llama.rope_factors.get(i).map_or(1.0, |&factor| f64::from(factor));
        let (sine, cosine) = sin_cos(position as f64 * (frequency / factor));
        let (sine, cosine) = (sine as f32, cosine as f32);
        let (a, b) = (head[i], head[i + half]);
        head[i] = a * cosine - b * sine;
        head[i + half] = b * cosine + a * sine;
    }
}
