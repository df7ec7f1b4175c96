//! The files and folders that the kernel knows, by the numbers that it has for them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::view::{Kind, Shown};
use crate::archive::tag;

/// The number of the folder that is mounted.
const ROOT: u64 = 1;

/// A file or folder. A file that has changed is another one.
pub(super) struct Node {
    pub(super) number: u64,
    /// Its path below the place where the archive is mounted.
    pub(super) path: PathBuf,
    pub(super) shown: Shown,
    /// It changes when the file does.
    tag: String,
}

/// The nodes that the kernel may still ask for.
pub(super) struct Nodes {
    by_number: HashMap<u64, Kept>,
    by_path: HashMap<PathBuf, u64>,
    last: u64,
}

struct Kept {
    node: Arc<Node>,
    /// How many times it was given to the kernel, which says when it has forgotten them.
    given: u64,
}

impl Nodes {
    pub(super) fn new(root: Shown) -> Self {
        let mut nodes =
            Nodes { by_number: HashMap::new(), by_path: HashMap::new(), last: ROOT - 1 };
        nodes.give(PathBuf::new(), root);
        nodes
    }

    pub(super) fn get(&self, number: u64) -> Option<Arc<Node>> {
        self.by_number.get(&number).map(|kept| Arc::clone(&kept.node))
    }

    /// The node for what was found under a path, which is given to the kernel once more.
    pub(super) fn give(&mut self, path: PathBuf, shown: Shown) -> Arc<Node> {
        let tag = match shown.kind {
            // A folder in which something was added is the same.
            Kind::Folder => shown.real.display().to_string(),
            Kind::Stream | Kind::Plain => tag(&shown.metadata),
        };
        let known = self.by_path.get(&path).and_then(|number| self.by_number.get_mut(number));
        if let Some(kept) = known
            && (&kept.node.tag, kept.node.shown.kind) == (&tag, shown.kind)
        {
            kept.given += 1;
            return Arc::clone(&kept.node);
        }
        self.last += 1;
        let node = Arc::new(Node { number: self.last, path: path.clone(), shown, tag });
        self.by_path.insert(path, self.last);
        self.by_number.insert(self.last, Kept { node: Arc::clone(&node), given: 1 });
        node
    }

    /// Takes back a node so many times.
    pub(super) fn forget(&mut self, number: u64, times: u64) {
        let Some(kept) = self.by_number.get_mut(&number).filter(|_| number != ROOT) else { return };
        kept.given = kept.given.saturating_sub(times);
        if kept.given == 0
            && let Some(gone) = self.by_number.remove(&number)
            && self.by_path.get(&gone.node.path) == Some(&number)
        {
            self.by_path.remove(&gone.node.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn nodes_stay_until_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("file");
        let shown = |kind, real: &Path| {
            let metadata = fs::metadata(real).unwrap();
            Shown { kind, real: real.to_path_buf(), length: metadata.len(), metadata }
        };
        let mut nodes = Nodes::new(shown(Kind::Folder, folder.path()));
        fs::write(&real, "one").unwrap();
        let mut give = |path: &str| nodes.give(path.into(), shown(Kind::Plain, &real)).number;
        let first = give("file");
        assert_eq!(give("file"), first);
        assert_ne!(give("other"), first);
        fs::write(&real, "three").unwrap();
        let second = give("file");
        assert_ne!(second, first);

        nodes.forget(first, 1);
        assert_eq!(nodes.get(first).unwrap().shown.length, 3);
        nodes.forget(first, 1);
        assert!(nodes.get(first).is_none());
        // What took its place is still there.
        assert_eq!(nodes.give("file".into(), shown(Kind::Plain, &real)).number, second);
        nodes.forget(second, 2);
        assert!(nodes.get(second).is_none());
        assert!(nodes.give("file".into(), shown(Kind::Plain, &real)).number > second);
        nodes.forget(ROOT, 5);
        assert!(nodes.get(ROOT).is_some());
    }
}
