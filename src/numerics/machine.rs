//! What the proof of equal bits, `tools/machines`, asks for beyond the interface: which
//! instructions are taken, a float environment as audio programs set it, and functions that
//! models only use deep inside. Nothing here can change a bit.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::dispatch::{InstructionSet, Kernels, Work, run};
use super::environment::DefaultEnvironment;
use super::{elementary, environment, functions};

/// Instruction sets and their names, in rising order.
const SETS: [(InstructionSet, &str); 4] = [
    (InstructionSet::Plain, "plain"),
    (InstructionSet::Avx2, "avx2"),
    (InstructionSet::Avx512, "avx512"),
    (InstructionSet::Vnni, "vnni"),
];

/// The place of the best that may be taken.
static LIMIT: AtomicUsize = AtomicUsize::new(SETS.len() - 1);

pub(super) fn limit() -> InstructionSet {
    SETS[LIMIT.load(Ordering::Relaxed)].0
}

/// The names of the instruction sets that there is code for and that may be taken on this
/// machine, in rising order. The first is what every machine of the architecture has.
pub fn instruction_sets() -> Vec<&'static str> {
    let name = |set| SETS.iter().find(|(other, _)| *other == set).map(|(_, name)| *name);
    InstructionSet::available().filter_map(name).collect()
}

/// Takes no better instruction set than this from now on, in all threads; models stay with
/// what they were loaded for. False where the machine has none of this name.
#[must_use]
pub fn limit_instructions(name: &str) -> bool {
    let before = LIMIT.swap(SETS.len() - 1, Ordering::Relaxed);
    let known = instruction_sets().contains(&name);
    let at = SETS.iter().position(|(_, other)| known && *other == name);
    LIMIT.store(at.unwrap_or(before), Ordering::Relaxed);
    at.is_some()
}

/// Calls `work` with denormals flushed to zero and taken for zero on this thread, where the
/// machine can do that. Panics where the thread's setting is another afterwards.
pub fn with_flushing<T>(work: impl FnOnce() -> T) -> T {
    environment::with_flushing(work)
}

/// Whether denormals are flushed to zero on this thread.
pub fn flushes() -> bool {
    black_box(f32::MIN_POSITIVE) * black_box(0.5) == 0.0
}

/// The functions that tables are made with: e^x, the natural logarithm of |x|, its root to
/// the power of x, sine and cosine. x is not zero, and at most 16 either way.
pub fn table_functions(x: f64) -> [f64; 5] {
    let _environment = DefaultEnvironment::enter();
    let (sine, cosine) = elementary::sin_cos(x * 65_536.0);
    let power = elementary::pow(x.abs(), 0.5 * x);
    [elementary::exp(x), elementary::ln(x.abs()), power, sine, cosine]
}

/// The functions of kernels: e^-|x|, the natural logarithm of |x|, and the logistic function
/// that hyperbolic tangents are made of.
pub fn kernel_functions(arguments: &[f32], results: &mut Vec<[f32; 3]>) {
    let _environment = DefaultEnvironment::enter();
    run(Functions { arguments, results });
}

struct Functions<'a> {
    arguments: &'a [f32],
    results: &'a mut Vec<[f32; 3]>,
}

impl Work for Functions<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        self.results.clear();
        self.results.extend(self.arguments.iter().map(|&x| {
            [functions::exp_minus(x.abs()), functions::ln(x.abs()), functions::logistic(x)]
        }));
    }
}
