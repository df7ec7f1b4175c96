//! Language models for a run of the program: each is loaded once.

use std::cell::RefCell;
use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};

use lmac::checkpoint;
use lmac::language::LanguageModel;
use lmac::{Decoder, ModelId, Profile};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::Report;

/// Folders with models, separated as those of PATH are.
const FOLDERS: &str = "LMAC_MODELS";

/// The models that streams may need.
pub(crate) struct Models<'a> {
    report: &'a Report,
    /// The one that was given.
    given: Option<&'a Path>,
    loaded: RefCell<Vec<LanguageModel>>,
}

impl<'a> Models<'a> {
    pub(crate) fn new(report: &'a Report, given: Option<&'a Path>) -> Self {
        Models { report, given, loaded: RefCell::default() }
    }

    /// The model that was given, if one was.
    pub(crate) fn given(&self, profile: Profile) -> Result<Option<LanguageModel>, Failure> {
        let Some(path) = self.given else { return Ok(None) };
        match self.find(|id| id.profile == profile) {
            Some(model) => Ok(Some(model)),
            None => self.load(path, profile).map(Some),
        }
    }

    /// Gives a decoder the model that its stream needs, if it needs one, and shows how far
    /// that is.
    pub(crate) fn supply<R: Read>(
        &self,
        decoder: &mut Decoder<R>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        if decoder.info().model.is_some() {
            self.give(decoder)?;
            progress.watch_model();
        }
        Ok(())
    }

    /// Gives a decoder the model that its stream needs, if it needs one.
    pub(crate) fn give<R: Read>(&self, decoder: &mut Decoder<R>) -> Result<(), Failure> {
        let Some(usage) = decoder.info().model.clone() else { return Ok(()) };
        let id = usage.id;
        let is_it = |other: &ModelId| (other.hash, other.profile) == (id.hash, id.profile);
        let model = match (self.find(is_it), self.given) {
            (Some(model), _) => model,
            (None, Some(path)) => self.load(path, id.profile)?,
            (None, None) => {
                let path = self.look_for(&id)?;
                self.load(&path, id.profile)?
            }
        };
        Ok(decoder.set_model(&model)?)
    }

    fn find(&self, is_it: impl Fn(&ModelId) -> bool) -> Option<LanguageModel> {
        self.loaded.borrow().iter().find(|model| is_it(model.id())).cloned()
    }

    fn load(&self, path: &Path, profile: Profile) -> Result<LanguageModel, Failure> {
        let name = path.display().to_string();
        self.report.progress_note(&format!("loading {name}"));
        let model = checkpoint::load(path, profile)
            .map_err(|error| Failure::elsewhere(name, error.to_string()))?;
        self.loaded.borrow_mut().push(model.clone());
        Ok(model)
    }

    fn look_for(&self, id: &ModelId) -> Result<PathBuf, Failure> {
        let needs = format!("it needs the language model {id}");
        let Some(folders) = env::var_os(FOLDERS).filter(|folders| !folders.is_empty()) else {
            return Err(Failure::Here(format!(
                "{needs}; name it with --model, or a folder that it lies in with {FOLDERS}"
            )));
        };
        let folders: Vec<PathBuf> = env::split_paths(&folders).collect();
        let found = checkpoint::find(&id.hash, &folders, |path| {
            self.report.progress_note(&format!("looking at {}", path.display()));
        })?;
        found.ok_or_else(|| {
            let names: Vec<_> = folders.iter().map(|path| path.display().to_string()).collect();
            Failure::Here(format!("{needs}, which is not in {} ({FOLDERS})", names.join(", ")))
        })
    }
}
