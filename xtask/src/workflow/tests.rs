use super::*;

/// All workflows by name, with their texts.
fn workflows() -> BTreeMap<String, String> {
    let folder = workspace::root().join(FOLDER);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
}

/// The jobs of a workflow that have steps of their own.
fn jobs(workflow: &Yaml<'static>) -> Vec<String> {
    let jobs = get(workflow, "jobs").and_then(Yaml::as_mapping).unwrap();
    let with_steps = jobs.iter().filter(|(_, job)| get(job, "steps").is_some());
    with_steps.map(|(name, _)| name.as_str().unwrap().to_owned()).collect()
}

/// Values for every name that our workflows use.
fn some_values() -> BTreeMap<String, String> {
    ["matrix.processor", "matrix.runner", "github.ref_name", "github.token"]
        .map(|name| (name.into(), "x".into()))
        .into()
}

fn all_steps() -> Vec<Step> {
    let mut all = Vec::new();
    for (name, text) in workflows() {
        let workflow = parse(&text, Path::new(&name)).unwrap();
        for job in jobs(&workflow) {
            all.extend(steps(&workflow, &job, &some_values()).unwrap());
        }
    }
    assert!(all.len() > 20, "only {} steps were found", all.len());
    all
}

#[test]
#[cfg(unix)]
fn bash_can_read_every_script() {
    for step in all_steps() {
        if let Kind::Script { shell, text } = step.kind
            && shell == "bash"
        {
            let output = Command::new("bash").args(["-n", "-c", &text]).output().unwrap();
            assert!(output.status.success(), "{}: {}", step.name, String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn every_script_that_a_step_starts_is_in_the_repository() {
    let mut started = 0;
    for step in all_steps() {
        let Kind::Script { text, .. } = step.kind else { continue };
        // PowerShell's steps have backslashes.
        let text = text.replace('\\', "/");
        for word in text.split_whitespace().filter(|word| word.starts_with("packaging/") || word.starts_with(".ci/")) {
            assert!(workspace::root().join(word).is_file(), "{}: {word}", step.name);
            started += 1;
        }
    }
    assert!(started > 3, "only {started} scripts were found");
}

#[test]
fn actions_are_pinned_by_commit_and_say_their_version() {
    let mut pinned = 0;
    for (name, text) in workflows() {
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            if line.starts_with("./") {
                continue;
            }
            let (action, version) = line.split_once(" # v").unwrap_or_else(|| panic!("{name}: {line} says no version"));
            let commit = action.split_once('@').map(|(_, commit)| commit).unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{name}: {action} is not pinned by a commit");
            assert!(version.split('.').count() == 3, "{name}: {version} is no version");
            pinned += 1;
        }
    }
    assert!(pinned > 5, "only {pinned} actions were found");
}

#[test]
fn workflows_may_read_alone_and_only_the_draft_of_a_release_may_write() {
    for (name, text) in workflows() {
        let workflow = parse(&text, Path::new(&name)).unwrap();
        let permissions = get(&workflow, "permissions").and_then(Yaml::as_mapping).unwrap();
        assert_eq!(permissions.len(), 1, "{name}");
        assert_eq!(text_at(&workflow, &["permissions", "contents"]), Some("read".into()), "{name}");
        assert!(get(&workflow, "concurrency").is_some(), "{name} may run twice at a time");
        let writing = text.lines().filter(|line| line.trim_end().ends_with(": write")).count();
        assert_eq!(writing, usize::from(name == "release"), "{name}");
        for job in jobs(&workflow) {
            let job = get(get(&workflow, "jobs").unwrap(), &job).unwrap();
            assert!(get(job, "timeout-minutes").is_some(), "a job of {name} may run for hours");
        }
    }
}

fn text_at(node: &Yaml<'static>, path: &[&str]) -> Option<String> {
    path.iter().try_fold(node, |node, key| get(node, key))?.as_str().map(str::to_owned)
}

#[test]
fn values_are_filled_in_secrets_are_empty_and_other_names_are_asked_for() {
    let values = BTreeMap::from([("matrix.a".to_owned(), "1".to_owned())]);
    assert_eq!(filled("x ${{ matrix.a }} y${{secrets.b}}z", &values).unwrap(), "x 1 yz");
    assert!(filled("${{ inputs.c }}", &values).unwrap_err().to_string().contains("inputs.c"));
}

#[test]
fn a_step_has_its_jobs_variables_and_its_own() {
    let text = "
jobs:
  a:
    env: { ONE: '1', TWO: '2' }
    steps:
      - uses: some/action@v1
      - { name: b, run: echo, env: { TWO: '3' } }
";
    let steps = steps(&parse(text, Path::new("a")).unwrap(), "a", &BTreeMap::new()).unwrap();
    assert_eq!(steps[0].kind, Kind::Action("some/action@v1".into()));
    assert_eq!(steps[1].kind, Kind::Script { shell: "bash".into(), text: "echo".into() });
    assert_eq!(steps[1].variables, BTreeMap::from([("ONE".into(), "1".into()), ("TWO".into(), "3".into())]));
}
