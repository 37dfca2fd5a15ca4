//! The scripts that install ToneNet on Linux and remove it: they touch nothing but their own files.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The shells that are `sh` on common systems, as far as they are installed here.
const SHELLS: [&str; 3] = ["sh", "dash", "bash"];

/// The files of a release that the scripts need; their content is the version's number.
const FILES: [&str; 13] = [
    "plugins/ToneNet.clap",
    "plugins/ToneNet.vst3/Contents/x86_64-linux/ToneNet.so",
    "bin/tonenet",
    "lib/tonenet/libonnxruntime.so",
    "share/man/man1/tonenet.1",
    "share/bash-completion/completions/tonenet",
    "manual/index.html",
    "demo/piece.mid",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "README.txt",
    "THIRD_PARTY.md",
    "rust-standard-library.html",
];

/// A user with an unpacked release, under a name that careless scripts break on.
struct User {
    folder: TempDir,
    shell: &'static str,
}

impl User {
    fn new(shell: &'static str) -> Self {
        let user = Self { folder: tempfile::tempdir().unwrap(), shell };
        fs::create_dir_all(user.home().join(".vst3")).unwrap();
        fs::write(user.home().join("song 1.mid"), "a song").unwrap();
        user.unpack("1", &[]);
        user
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("Zoë Müller's home")
    }

    fn release(&self) -> PathBuf {
        self.folder.path().join("Téléchargements/tonenet 1")
    }

    /// Lays out a release with these files in addition.
    fn unpack(&self, version: &str, more: &[&str]) {
        let release = self.release();
        let _ = fs::remove_dir_all(&release);
        for file in FILES.iter().chain(more) {
            let path = release.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, version).unwrap();
        }
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/linux");
        for script in ["install.sh", "uninstall.sh"] {
            fs::copy(scripts.join(script), release.join(script)).unwrap();
        }
    }

    /// Programs that are found before the system's.
    fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    /// From now on, copying the CLAP plugin fails after three bytes, as on a full disk.
    fn fill_disk(&self) {
        let program = self.programs().join("cp");
        fs::create_dir_all(self.programs()).unwrap();
        let script = "#!/bin/sh\ncase $3 in *ToneNet.clap*) printf abc >\"$3\"; exit 1 ;; esac\nexec /bin/cp \"$@\"\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, script: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.shell);
        let programs = format!("{}:/usr/bin:/bin", self.programs().display());
        command.arg(script).args(arguments).env_clear().env("PATH", programs).env("HOME", self.home());
        command.current_dir(self.folder.path()).output().unwrap()
    }

    /// Runs a script that must succeed; returns what it printed.
    fn does(&self, script: &str, arguments: &[&str]) -> String {
        let output = self.run(&self.release().join(script), arguments);
        assert!(output.status.success(), "{}: {}", self.shell, String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{}: {}", self.shell, String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a script that must refuse; returns what it said.
    fn refuses(&self, script: &str, arguments: &[&str]) -> String {
        let output = self.run(&self.release().join(script), arguments);
        assert!(!output.status.success(), "{}: {}", self.shell, String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// All files of the home folder with their contents, and its folders.
    fn snapshot(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, found);
                    found.insert(path, None);
                } else {
                    found.insert(path.clone(), Some(fs::read(path).unwrap()));
                }
            }
        }
        let mut found = BTreeMap::new();
        collect(&self.home(), &mut found);
        found
    }

    fn files(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        self.snapshot().into_iter().filter(|(_, content)| content.is_some()).collect()
    }
}

/// Users of every shell that is installed.
fn users() -> impl Iterator<Item = User> {
    let is_there =
        |shell: &&str| Command::new(shell).args(["-c", ":"]).output().is_ok_and(|output| output.status.success());
    SHELLS.into_iter().filter(is_there).map(User::new)
}

#[test]
fn it_installs_where_daws_look_and_removes_all_of_it() {
    for user in users() {
        let before = user.files();
        let said = user.does("install.sh", &[]);
        for file in [".clap/ToneNet.clap", ".vst3/ToneNet.vst3/Contents/x86_64-linux/ToneNet.so", ".local/bin/tonenet"]
        {
            assert_eq!(fs::read_to_string(user.home().join(file)).unwrap(), "1", "{file}");
        }
        let data = user.home().join(".local/share");
        assert!(data.join("tonenet/lib/libonnxruntime.so").is_file() && data.join("man/man1/tonenet.1").is_file());
        assert!(said.contains("is not in your PATH"), "{said}");
        // The installed script works without the release.
        let output = user.run(&data.join("tonenet/uninstall.sh"), &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(user.files(), before);
        assert!(!data.join("tonenet").exists() && !user.home().join(".vst3/ToneNet.vst3").exists());
        assert!(user.home().join(".vst3").exists(), "a folder of the user was removed");
    }
}

#[test]
fn a_dry_run_tells_every_file_and_writes_none() {
    for user in users() {
        let before = user.snapshot();
        let told: Vec<PathBuf> = user
            .does("install.sh", &["--dry-run"])
            .lines()
            .map(|line| PathBuf::from(line.strip_prefix("would install ").unwrap()))
            .collect();
        assert_eq!(user.snapshot(), before);
        user.does("install.sh", &[]);
        let installed = user.files();
        assert!(told.iter().all(|file| installed.contains_key(file)), "{told:?}");
        // The list of the files itself, and the user's song.
        assert_eq!(installed.len(), told.len() + 2);
        user.does("uninstall.sh", &["--dry-run"]);
        assert_eq!(user.files(), installed);
    }
}

#[test]
fn files_of_others_are_neither_replaced_nor_removed() {
    for user in users() {
        let foreign = user.home().join(".local/bin/tonenet");
        fs::create_dir_all(foreign.parent().unwrap()).unwrap();
        fs::write(&foreign, "mine").unwrap();
        let before = user.snapshot();
        let said = user.refuses("install.sh", &[]);
        assert!(said.contains(".local/bin/tonenet") && said.contains("--force"), "{said}");
        assert_eq!(user.snapshot(), before);
        user.does("install.sh", &["--force"]);
        assert_eq!(fs::read_to_string(&foreign).unwrap(), "1");
        // What was changed since is the user's again.
        fs::write(&foreign, "mine again").unwrap();
        let said = user.does("uninstall.sh", &[]);
        assert!(said.contains("kept") && said.contains(".local/bin/tonenet"), "{said}");
        assert_eq!(fs::read_to_string(&foreign).unwrap(), "mine again");
        assert!(!user.home().join(".clap/ToneNet.clap").exists());
    }
}

#[test]
fn an_update_replaces_the_files_under_a_running_host_and_removes_old_ones() {
    for user in users() {
        user.unpack("1", &["manual/old.html"]);
        user.does("install.sh", &[]);
        let plugin = user.home().join(".clap/ToneNet.clap");
        let old_page = user.home().join(".local/share/doc/tonenet/manual/old.html");
        assert!(old_page.exists());
        let mut running = File::open(&plugin).unwrap();
        user.unpack("2", &[]);
        user.does("install.sh", &[]);
        let mut still = String::new();
        running.read_to_string(&mut still).unwrap();
        assert_eq!((still.as_str(), fs::read_to_string(&plugin).unwrap().as_str()), ("1", "2"));
        assert!(!old_page.exists());
        let left_overs = user.files().into_keys().filter(|file| file.to_string_lossy().contains(".new-")).count();
        assert_eq!(left_overs, 0);
    }
}

#[test]
fn a_full_disk_leaves_the_installed_plugin_as_it_was_and_is_told() {
    for user in users() {
        user.does("install.sh", &[]);
        let plugin = user.home().join(".clap/ToneNet.clap");
        user.unpack("2", &[]);
        user.fill_disk();
        let said = user.refuses("install.sh", &[]);
        assert!(said.contains("cannot write") && said.contains("ToneNet.clap"), "{said}");
        assert_eq!(fs::read_to_string(&plugin).unwrap(), "1");
        fs::remove_dir_all(user.programs()).unwrap();
        user.does("install.sh", &[]);
        assert_eq!(fs::read_to_string(&plugin).unwrap(), "2");
        assert!(!user.files().into_keys().any(|file| file.to_string_lossy().contains(".new-")));
    }
}

#[test]
fn an_update_keeps_what_the_user_changed() {
    for user in users() {
        user.unpack("1", &["manual/more/old.html"]);
        user.does("install.sh", &[]);
        let program = user.home().join(".local/bin/tonenet");
        let page = user.home().join(".local/share/doc/tonenet/manual/more/old.html");
        fs::write(&program, "my wrapper").unwrap();
        user.unpack("2", &[]);
        assert!(user.refuses("install.sh", &[]).contains(".local/bin/tonenet"));
        assert_eq!(fs::read_to_string(&program).unwrap(), "my wrapper");
        fs::remove_file(&program).unwrap();
        fs::write(&page, "with notes of mine").unwrap();
        let said = user.does("install.sh", &[]);
        assert!(said.contains("kept") && page.is_file(), "{said}");
        // Unchanged, it goes with its folder.
        user.does("uninstall.sh", &[]);
        user.unpack("1", &["manual/more/other.html"]);
        user.does("install.sh", &[]);
        fs::remove_file(&page).unwrap();
        user.unpack("2", &[]);
        user.does("install.sh", &[]);
        assert!(!page.parent().unwrap().exists());
    }
}

#[test]
fn for_all_users_every_file_can_be_read_whatever_the_installers_mask_is() {
    for user in users() {
        let prefix = user.folder.path().join("all");
        let installer = user.release().join("install.sh");
        let masked = format!("umask 077; exec {} \"$@\"", user.shell);
        let mut command = Command::new("sh");
        command.args(["-c", &masked, "sh"]).arg(installer).arg("--prefix").arg(&prefix);
        assert!(command.env("HOME", user.home()).output().unwrap().status.success());
        for (file, mode) in [("bin", 0o755), ("bin/tonenet", 0o755), ("share/doc/tonenet/README.txt", 0o644)] {
            assert_eq!(fs::metadata(prefix.join(file)).unwrap().permissions().mode() & 0o777, mode, "{file}");
        }
    }
}

#[test]
fn folders_that_the_scripts_cannot_list_are_refused() {
    for user in users() {
        let before = user.snapshot();
        for prefix in ["a\tb", "a\nb"] {
            assert!(user.refuses("install.sh", &["--prefix", prefix]).contains("choose another with --prefix"));
            assert!(!user.folder.path().join(prefix).exists());
        }
        assert_eq!(user.snapshot(), before);
    }
}

#[test]
fn a_plugin_folder_that_is_a_link_is_left_alone() {
    let user = User::new("sh");
    let build = user.folder.path().join("my build");
    fs::create_dir_all(&build).unwrap();
    std::os::unix::fs::symlink(&build, user.home().join(".vst3/ToneNet.vst3")).unwrap();
    assert!(user.refuses("install.sh", &["--force"]).contains("is a link"));
    assert_eq!(fs::read_dir(&build).unwrap().count(), 0);
}

#[test]
fn everything_can_go_below_one_folder() {
    for user in users() {
        let before = user.snapshot();
        let prefix = user.folder.path().join("own place");
        let said = user.does("install.sh", &["--prefix", "own place"]);
        assert!(said.contains("TONENET_ORT_DYLIB="), "{said}");
        assert_eq!(user.snapshot(), before);
        for file in
            ["bin/tonenet", "lib/clap/ToneNet.clap", "lib/tonenet/libonnxruntime.so", "share/doc/tonenet/README.txt"]
        {
            assert!(prefix.join(file).is_file(), "{file}");
        }
        user.does("uninstall.sh", &["--prefix", prefix.to_str().unwrap()]);
        assert!(!prefix.join("lib/tonenet").exists() && !prefix.join("bin/tonenet").exists());
    }
}

#[test]
fn a_wrong_call_is_refused_with_what_to_do() {
    let user = User::new("sh");
    let before = user.snapshot();
    assert!(user.refuses("install.sh", &["--sytem"]).contains("there is no option --sytem"));
    assert!(user.refuses("install.sh", &["--prefix"]).contains("needs a folder"));
    assert!(user.refuses("uninstall.sh", &[]).contains("nothing is installed there"));
    fs::remove_file(user.release().join("plugins/ToneNet.clap")).unwrap();
    assert!(user.refuses("install.sh", &[]).contains("is not a whole unpacked ToneNet"));
    assert_eq!(user.snapshot(), before);
}
