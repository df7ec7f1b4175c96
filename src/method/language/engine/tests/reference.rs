//! The definition of the arithmetic, evaluated number by number and position by position.

use std::collections::BTreeMap;

use crate::method::language::Precision;
use crate::method::language::architecture::{Architecture, ByteTransformer, Llama};
use crate::numerics::elementary::{pow, sin_cos};
use crate::numerics::functions::{exp_minus, logistic};

type Row = Vec<f32>;

/// A model that is evaluated by its definition.
pub(super) struct Reference {
    pub(super) architecture: Architecture,
    pub(super) precision: Precision,
    /// Rows of each tensor; a vector has one.
    tensors: BTreeMap<String, Vec<Row>>,
    /// The same rows, quantised.
    bytes: BTreeMap<String, Vec<Bytes>>,
}

/// A quantised row and its scale.
type Bytes = (Vec<i32>, f32);

/// Keys and values of each position so far, by layer and head.
type Memory = BTreeMap<(usize, usize), Vec<Entry>>;

/// Keys and values of a position in both arithmetics.
struct Entry {
    key: Row,
    key_bytes: Bytes,
    value: Row,
    value_bytes: Bytes,
}

fn finite(x: f32) -> f32 {
    if x > -3e38 { if x < 3e38 { x } else { 3e38 } } else { -3e38 }
}

/// Sums up values in sixteen lanes, then halves onto halves.
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

fn quantised(row: &[f32]) -> Bytes {
    let row: Row = row.iter().copied().map(finite).collect();
    let most = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    if most < 2f32.powi(-100) {
        return (vec![0; row.len()], 0.0);
    }
    let factor = 127.0 / most;
    (row.iter().map(|x| (x * factor).round_ties_even() as i32).collect(), most / 127.0)
}

/// Returns the product of two quantised rows.
fn byte_dot(a: &Bytes, b: &Bytes) -> f32 {
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
    x * logistic(1.595_769 * (x + 0.044_715 * ((x * x) * x)))
}

impl Reference {
    pub(super) fn new(
        architecture: &Architecture,
        precision: Precision,
        tensors: BTreeMap<String, Vec<Row>>,
    ) -> Self {
        let architecture = architecture.clone();
        let quantised_rows = |rows: &Vec<Row>| rows.iter().map(|row| quantised(row)).collect();
        let bytes =
            tensors.iter().map(|(name, rows)| (name.clone(), quantised_rows(rows))).collect();
        Reference { architecture, precision, tensors, bytes }
    }

    /// Returns the logits after each token of a context.
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
        let x_bytes = quantised(x);
        match self.precision {
            Precision::F32 => self.tensors[name].iter().map(|weights| dot(x, weights)).collect(),
            Precision::Int8 => {
                self.bytes[name].iter().map(|weights| byte_dot(&x_bytes, weights)).collect()
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
        if llama.tied && self.precision == Precision::Int8 {
            let (bytes, scale) = &self.bytes["embedding"][token as usize];
            x = bytes.iter().map(|&byte| byte as f32 * *scale).collect();
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

    /// Stores the keys and values of a position, and attends to all positions so far.
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
            let (key, value) = (finite_row(keys), finite_row(values));
            let (key_bytes, value_bytes) = (quantised(&key), quantised(&value));
            all.push(Entry { key, key_bytes, value, value_bytes });
            heads += 1;
        }
        let scale = 1.0 / (head_width as f32).sqrt();
        let sharing = queries.len() / keys.len();
        assert_eq!(queries.len(), heads * sharing * head_width);
        let mut gathered = Row::new();
        for (head, query) in queries.chunks(head_width).enumerate() {
            let query: Row = query.iter().map(|x| finite(x * scale)).collect();
            let rows = &memory[&(layer, head / sharing)];
            let query_bytes = quantised(&query);
            let score = |entry: &Entry| match self.precision {
                Precision::F32 => dot(&query, &entry.key),
                Precision::Int8 => byte_dot(&query_bytes, &entry.key_bytes),
            };
            let scores: Row = rows.iter().map(|entry| finite(score(entry))).collect();
            let largest = scores.iter().copied().fold(f32::MIN, f32::max);
            let weights: Row = scores.iter().map(|score| exp_minus(largest - score)).collect();
            let factor = 1.0 / sum(&weights);
            for d in 0..head_width {
                let terms = rows.iter().zip(&weights);
                let sum = terms.fold(0.0, |sum, (entry, weight)| match self.precision {
                    Precision::F32 => sum + weight * entry.value[d],
                    Precision::Int8 => {
                        let (bytes, scale) = &entry.value_bytes;
                        sum + (weight * scale) * bytes[d] as f32
                    }
                });
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
