//! The manual as HTML: the pages that a user reads, their pictures, and links that work without the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, ensure};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::contents::{Contents, read};
use crate::workspace;

/// The page that the manual opens with.
const FIRST: &str = "docs/manual.md";
/// Pages for developers. Links to them lead to the repository, as do those to files of other kinds.
const FOR_DEVELOPERS: [&str; 5] =
    ["docs/architecture.md", "docs/training.md", "docs/fuzzing.md", "CONTRIBUTING.md", "README.md"];
/// Folders with pages for users.
const FOR_USERS: [&str; 2] = ["docs/", "assets/models/"];
/// Pages that no other page needs to link to, in the order of the navigation; further ones follow.
const IN_NAVIGATION: [&str; 5] = [FIRST, "docs/install.md", "docs/limits.md", "docs/benchmarks.md", "CHANGELOG.md"];

const TEMPLATE: &str = include_str!("../../../packaging/manual/page.html");
const STYLE: &str = include_str!("../../../packaging/manual/style.css");

/// A page while it is made.
struct Page {
    title: String,
    content: String,
}

/// What the pages need in addition to themselves.
#[derive(Default)]
struct Needed {
    pages: BTreeSet<String>,
    /// Pictures by their name beside the pages.
    pictures: BTreeMap<String, PathBuf>,
}

/// Adds the manual at a folder of the release.
///
/// # Errors
/// When a page or picture is missing.
pub fn add(contents: &mut Contents, folder: &str) -> Result<()> {
    let mut needed = Needed { pages: IN_NAVIGATION.map(str::to_owned).into(), ..Needed::default() };
    let mut pages: BTreeMap<String, Page> = BTreeMap::new();
    while let Some(path) = needed.pages.iter().find(|path| !pages.contains_key(*path)).cloned() {
        let text = fs::read_to_string(workspace::root().join(&path)).with_context(|| format!("cannot read {path}"))?;
        pages.insert(path.clone(), page(&path, &text, &mut needed)?);
    }
    for (path, page) in &pages {
        let text = TEMPLATE
            .replace("{title}", &escaped(&page.title))
            .replace("{version}", env!("CARGO_PKG_VERSION"))
            .replace("{navigation}", &navigation(path, &pages))
            .replace("{content}", page.content.trim_end());
        contents.add(format!("{folder}/{}", file_name(path)), text)?;
    }
    for (name, from) in needed.pictures {
        contents.add(format!("{folder}/{name}"), read(&from)?)?;
    }
    contents.add(format!("{folder}/style.css"), STYLE)
}

fn navigation(current: &str, pages: &BTreeMap<String, Page>) -> String {
    let others = pages.keys().map(String::as_str).filter(|path| !IN_NAVIGATION.contains(path));
    let link = |path: &str| {
        let mark = if path == current { " aria-current=\"page\"" } else { "" };
        format!(" <a href=\"{}\"{mark}>{}</a>", file_name(path), escaped(&pages[path].title))
    };
    IN_NAVIGATION.into_iter().chain(others).map(link).collect()
}

/// Turns a page's Markdown into HTML.
fn page(path: &str, text: &str, needed: &mut Needed) -> Result<Page> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, options).collect();
    let mut title = None;
    let mut slugs = BTreeMap::new();
    for at in 0..events.len() {
        match &mut events[at] {
            Event::Start(Tag::Heading { .. }) => {
                let words = heading(&events[at..]);
                let slug = unique(slug(&words), &mut slugs);
                if let Event::Start(Tag::Heading { level, id, .. }) = &mut events[at] {
                    *id = Some(slug.into());
                    if *level == HeadingLevel::H1 {
                        title.get_or_insert(words);
                    }
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => *dest_url = link(path, dest_url, needed)?.into(),
            Event::Start(Tag::Image { dest_url, .. }) => *dest_url = picture(path, dest_url, needed)?.into(),
            // Wide tables scroll by themselves.
            _ => {}
        }
    }
    let mut content = String::new();
    html::push_html(&mut content, events.into_iter().flat_map(in_frame));
    Ok(Page { title: title.with_context(|| format!("{path} has no title"))?, content })
}

/// Puts a table into a frame that scrolls.
fn in_frame(event: Event<'_>) -> Vec<Event<'_>> {
    match event {
        Event::Start(Tag::Table(_)) => vec![Event::Html(CowStr::Borrowed("<div class=\"table\">")), event],
        Event::End(TagEnd::Table) => vec![event, Event::Html(CowStr::Borrowed("</div>"))],
        _ => vec![event],
    }
}

/// The words of the heading that events begin with.
fn heading(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let words = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    words.collect()
}

/// A heading's anchor, as the repository's host makes it.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
    kept.trim().replace(' ', "-")
}

fn unique(slug: String, used: &mut BTreeMap<String, usize>) -> String {
    let count = used.entry(slug.clone()).or_default();
    *count += 1;
    if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
}

/// Where a page's link leads.
fn link(page: &str, target: &str, needed: &mut Needed) -> Result<String> {
    if target.starts_with('#') || target.contains("://") || target.starts_with("mailto:") {
        return Ok(target.to_owned());
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = resolved(page, file)?;
    let name = if is_for_users(&path) {
        needed.pages.insert(path.clone());
        file_name(&path)
    } else {
        format!("{}/blob/v{}/{path}", env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"))
    };
    Ok(anchor.map_or(name.clone(), |anchor| format!("{name}#{anchor}")))
}

fn is_for_users(path: &str) -> bool {
    let is_page = path.ends_with(".md") && !FOR_DEVELOPERS.contains(&path);
    is_page && (path == "CHANGELOG.md" || FOR_USERS.iter().any(|folder| path.starts_with(folder)))
}

fn picture(page: &str, target: &str, needed: &mut Needed) -> Result<String> {
    ensure!(!target.contains("://"), "{page} shows {target}, which needs a network");
    let path = resolved(page, target)?;
    let name = path.replace('/', "-").trim_start_matches("docs-").to_owned();
    needed.pictures.insert(name.clone(), workspace::root().join(path));
    Ok(name)
}

/// The file that a page names, from the workspace's root.
fn resolved(page: &str, target: &str) -> Result<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_str().context("a link is text")?),
            _ => {}
        }
    }
    let path = parts.join("/");
    ensure!(workspace::root().join(&path).exists(), "{page} links to {target}, which does not exist");
    Ok(path)
}

/// A page's file in the manual.
fn file_name(path: &str) -> String {
    if path == FIRST {
        return "index.html".into();
    }
    let name = path.trim_end_matches(".md").trim_end_matches("/README").trim_start_matches("docs/");
    format!("{}.html", name.trim_start_matches("assets/").replace('/', "-").to_lowercase())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of an attribute in a page.
    fn attributes<'a>(page: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
        let begin = format!(" {name}=\"");
        let ends: Vec<usize> = page.match_indices(&begin).map(|(at, begin)| at + begin.len()).collect();
        ends.into_iter().filter_map(|at| page[at..].split('"').next())
    }

    fn manual() -> BTreeMap<String, String> {
        let mut contents = Contents::default();
        add(&mut contents, "manual").unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        contents.iter().map(|(path, item)| (path.trim_start_matches("manual/").into(), text(&item.bytes))).collect()
    }

    #[test]
    fn every_link_of_the_manual_leads_to_a_page_and_heading_of_it_or_to_the_network() {
        let manual = manual();
        let mut checked = 0;
        for (name, page) in manual.iter().filter(|(name, _)| name.ends_with(".html")) {
            for target in attributes(page, "href").chain(attributes(page, "src")) {
                if target.contains("://") {
                    continue;
                }
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let file = if file.is_empty() { name } else { file };
                let there = manual.get(file).unwrap_or_else(|| panic!("{name} leads to {target}"));
                assert!(
                    anchor.is_empty() || attributes(there, "id").any(|id| id == anchor),
                    "{name} leads to {target}"
                );
                checked += 1;
            }
        }
        assert!(checked > 50, "only {checked} links were found");
        assert!(manual["index.html"].contains("<title>Manual"), "the first page is the manual");
        assert!(manual.keys().any(|name| name.ends_with(".png")), "the manual has pictures");
    }

    #[test]
    fn anchors_are_those_of_the_repositorys_host() {
        assert_eq!(slug("The program `tonenet`"), "the-program-tonenet");
        assert_eq!(slug("Presets, undo, and the slots A and B"), "presets-undo-and-the-slots-a-and-b");
        let mut used = BTreeMap::new();
        assert_eq!(["a", "a", "b"].map(|s| unique(s.into(), &mut used)), ["a", "a-1", "b"]);
    }

    #[test]
    fn a_link_to_a_source_file_leads_to_the_repository() {
        let mut needed = Needed::default();
        let link = link("docs/manual.md", "../xtask/src/main.rs#L1", &mut needed).unwrap();
        assert!(link.starts_with("https://") && link.ends_with("/xtask/src/main.rs#L1"), "{link}");
        assert!(needed.pages.is_empty());
        assert!(super::link("docs/manual.md", "nowhere.md", &mut needed).is_err());
    }
}
