//! The user's presets as an instance shows and changes them.
//!
//! A thread of its own reads and writes the files, so that the window waits for no disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::folder::{Contents, PresetFolder, read_file};
use super::{Preset, PresetError};

/// The user's presets, as they were when the folder was read last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PresetList {
    /// The presets, in the order of their names.
    pub presets: Arc<[Preset]>,
    /// Why some files are left out.
    pub problems: Arc<[String]>,
}

/// What came of the last change to the user's presets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PresetTask {
    /// There was none, or the user has read about it.
    #[default]
    Idle,
    /// A file is being read or written.
    Working,
    /// It succeeded; the preset that it leaves, if any.
    Done(Option<String>),
    /// Another preset has that name. The user may replace it.
    Taken(String),
    /// It failed. The text says why, and what to do.
    Failed(String),
}

/// The user's presets.
#[derive(Debug)]
pub struct PresetStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PresetFolder,
    list: Mutex<PresetList>,
    task: Mutex<PresetTask>,
    /// Held by the thread that uses the files.
    files: Mutex<()>,
}

impl PresetStore {
    /// The presets in a folder, which is read at the first [`Self::refresh`].
    pub fn new(folder: PresetFolder) -> Self {
        let (list, task, files) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self(Arc::new(Shared { folder, list, task, files }))
    }

    /// The presets that were found last.
    pub fn list(&self) -> PresetList {
        self.0.list.lock().clone()
    }

    /// What came of the last change.
    pub fn task(&self) -> PresetTask {
        self.0.task.lock().clone()
    }

    /// Forgets what came of the last change, once the user has read about it.
    pub fn acknowledge(&self) {
        let mut task = self.0.task.lock();
        if *task != PresetTask::Working {
            *task = PresetTask::Idle;
        }
    }

    /// Reads the folder again: another instance may have changed it.
    pub fn refresh(&self) {
        let shared = self.0.clone();
        // Without a thread the list stays as it is.
        let _ = thread::Builder::new().name("tonenet presets".into()).spawn(move || {
            let _files = shared.files.lock();
            shared.read();
        });
    }

    /// Saves a preset. One of the same name is replaced only if the user said so.
    pub fn save(&self, preset: Preset, may_replace: bool) {
        self.run(move |folder| folder.save(&preset, may_replace).map(|()| Some(preset.name)));
    }

    /// Gives a preset another name.
    pub fn rename(&self, name: String, to: String) {
        self.run(move |folder| folder.rename(&name, &to).map(|()| Some(to.trim().to_owned())));
    }

    /// Deletes a preset.
    pub fn delete(&self, name: String) {
        self.run(move |folder| folder.delete(&name).map(|()| None));
    }

    /// Copies the preset of a file into the folder.
    pub fn import(&self, file: PathBuf) {
        self.run(move |folder| {
            let preset = read_file(&file)?;
            folder.save(&preset, false).map(|()| Some(preset.name))
        });
    }

    /// Runs a task with the files on a thread, then reads the folder. Does nothing while another task runs.
    fn run(&self, task: impl FnOnce(&PresetFolder) -> Result<Option<String>, PresetError> + Send + 'static) {
        {
            let mut state = self.0.task.lock();
            if *state == PresetTask::Working {
                return;
            }
            *state = PresetTask::Working;
        }
        let shared = self.0.clone();
        let work = move || {
            let _files = shared.files.lock();
            let done = catch_unwind(AssertUnwindSafe(|| {
                let done = task(&shared.folder);
                shared.read();
                done
            }));
            *shared.task.lock() = match done {
                Ok(Ok(name)) => PresetTask::Done(name),
                Ok(Err(PresetError::Taken { name })) => PresetTask::Taken(name),
                Ok(Err(error)) => PresetTask::Failed(error.to_string()),
                Err(_) => PresetTask::Failed("the presets failed unexpectedly; open the window again".into()),
            };
        };
        if let Err(error) = thread::Builder::new().name("tonenet presets".into()).spawn(work) {
            *self.0.task.lock() = PresetTask::Failed(format!("the system gives no thread to use files with ({error})"));
        }
    }
}

impl Shared {
    fn read(&self) {
        let Contents { presets, problems } = self.folder.read();
        *self.list.lock() = PresetList { presets: presets.into(), problems: problems.into() };
    }
}
