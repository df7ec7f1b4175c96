//! Language models for a run of the program: each is loaded once.

use std::cell::RefCell;
use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};

use lmac::checkpoint;
use lmac::language::{LanguageModel, Meter};
use lmac::{Decoder, EncodeOptions, ModelId, Precision};

use super::args::ModelArgs;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::Report;

/// Folders with models, separated as those of PATH are.
const FOLDERS: &str = "LMAC_MODELS";

/// The models of a run.
pub(crate) struct Models<'a> {
    report: &'a Report,
    /// The path that was given.
    given: Option<&'a Path>,
    /// The paths that were tried, so that none is read twice.
    tried: RefCell<Vec<Tried>>,
}

struct Tried {
    path: PathBuf,
    precision: Precision,
    model: Result<LanguageModel, String>,
}

impl<'a> Models<'a> {
    /// Returns the models of a run that decodes.
    pub(crate) fn new(report: &'a Report, given: Option<&'a Path>) -> Self {
        Models { report, given, tried: RefCell::default() }
    }

    /// Returns the models of a run that encodes.
    pub(crate) fn encoding(report: &'a Report, args: &'a ModelArgs) -> Self {
        Self::new(report, args.model.as_deref())
    }

    /// Loads the model to encode with, if one was given.
    pub(crate) fn check(&self, args: &ModelArgs) -> Result<(), Failure> {
        self.given.map_or(Ok(()), |path| self.load(path, args.way.precision).map(drop))
    }

    /// Adds the model that was given to the options of an encoder, and shows its progress.
    pub(crate) fn add_to(
        &self,
        options: EncodeOptions,
        args: &ModelArgs,
        progress: &Progress,
    ) -> Result<EncodeOptions, Failure> {
        let Some(path) = self.given else { return Ok(options) };
        let model = watched(self.load(path, args.way.precision)?, progress);
        Ok(options.with_model(model, args.options()))
    }

    /// Gives a decoder the model that its stream needs, if any, and shows its progress.
    pub(crate) fn supply<R: Read>(
        &self,
        decoder: &mut Decoder<R>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        if let Some(model) = self.needed(decoder)? {
            decoder.set_model(&watched(model, progress))?;
        }
        Ok(())
    }

    /// Gives a decoder the model that its stream needs, if any.
    pub(crate) fn give<R: Read>(&self, decoder: &mut Decoder<R>) -> Result<(), Failure> {
        if let Some(model) = self.needed(decoder)? {
            decoder.set_model(&model)?;
        }
        Ok(())
    }

    fn needed<R: Read>(&self, decoder: &Decoder<R>) -> Result<Option<LanguageModel>, Failure> {
        let Some(usage) = &decoder.info().model else { return Ok(None) };
        let id = &usage.id;
        let is_it = |model: &LanguageModel| model.id().is_same_model(id);
        let known = self
            .tried
            .borrow()
            .iter()
            .find_map(|tried| tried.model.as_ref().ok().filter(|model| is_it(model)).cloned());
        let model = match (known, self.given) {
            (Some(model), _) => model,
            (None, Some(path)) => self.load(path, id.precision)?,
            (None, None) => self.load(&self.look_for(id)?, id.precision)?,
        };
        Ok(Some(model))
    }

    fn load(&self, path: &Path, precision: Precision) -> Result<LanguageModel, Failure> {
        let mut tried = self.tried.borrow_mut();
        let known =
            tried.iter().find(|tried| (tried.path.as_path(), tried.precision) == (path, precision));
        if let Some(known) = known {
            return known.model.clone().map_err(Failure::Here);
        }
        self.report.progress_note(&format!("loading {}", path.display()));
        let model = checkpoint::load(path, precision).map_err(|error| error.to_string());
        tried.push(Tried { path: path.to_path_buf(), precision, model: model.clone() });
        model.map_err(Failure::Here)
    }

    fn look_for(&self, id: &ModelId) -> Result<PathBuf, Failure> {
        let needs = format!("it needs the language model {id}");
        let Some(folders) = env::var_os(FOLDERS).filter(|folders| !folders.is_empty()) else {
            return Err(Failure::Here(format!(
                "{needs}; name it with --model, or list its folder in {FOLDERS}"
            )));
        };
        let folders: Vec<PathBuf> = env::split_paths(&folders).collect();
        let found = checkpoint::find(&id.hash, &folders, |path| {
            self.report.progress_note(&format!("looking at {}", path.display()));
        })?;
        found.ok_or_else(|| {
            let names: Vec<_> = folders.iter().map(|path| path.display().to_string()).collect();
            Failure::Here(format!(
                "{needs}; none of the folders in {FOLDERS} has it: {}",
                names.join(", ")
            ))
        })
    }
}

/// Returns the model with a meter that the progress bar shows.
fn watched(model: LanguageModel, progress: &Progress) -> LanguageModel {
    let meter = Meter::default();
    let counts = meter.clone();
    progress.watch_model(move || (counts.tokens(), counts.characters()));
    model.with_meter(meter)
}
