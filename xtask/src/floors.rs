//! Files of a crate import downwards: no two of them need each other, by whatever way round.
//!
//! A file needs another where it names something that is defined there. That a parent declares a module or hands out
//! what is in it is no need; what stands under `#[cfg(test)]` may look wherever it likes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Names from the crate's root on.
type Names = Vec<String>;

/// Fails with every circle of files in the crates of the workspace.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let mut found = Vec::new();
    for folder in ["crates", "services", "tests"] {
        for entry in std::fs::read_dir(root.join(folder)).with_context(|| format!("{folder}/ is missing"))? {
            found.extend(circles_of(&entry?.path())?);
        }
    }
    found.extend(circles_of(&root.join("xtask"))?);
    if !found.is_empty() {
        bail!("files that need each other are one file, or want a third below them:\n{}", found.join("\n"));
    }
    Ok(())
}

/// The circles of a crate, each with what is needed of what in it.
fn circles_of(folder: &Path) -> anyhow::Result<Vec<String>> {
    let src = folder.join("src");
    let Some(file) = ["lib.rs", "main.rs"].map(|name| src.join(name)).into_iter().find(|file| file.is_file())
    else {
        return Ok(Vec::new());
    };
    let mut modules = Modules::default();
    modules.load(&file, &src, Vec::new())?;
    Ok(modules.circles().iter().map(|circle| told(circle, folder)).collect())
}

fn told(circle: &[(PathBuf, PathBuf, String)], folder: &Path) -> String {
    let short = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let lines: Vec<String> = circle
        .iter()
        .map(|(file, other, name)| format!("    {} needs {name} of {}", short(file), short(other)))
        .collect();
    format!("  a circle in {}:\n{}", folder.display(), lines.join("\n"))
}

/// The modules of a crate.
#[derive(Default)]
struct Modules {
    all: BTreeMap<Names, Module>,
}

/// A module: in a file of its own, or inside another's.
struct Module {
    file: PathBuf,
    /// What it defines.
    items: BTreeSet<String>,
    /// What it calls by another's name, and what stands behind it.
    imports: BTreeMap<String, Names>,
    globs: Vec<Names>,
    /// What it names, as it stands there.
    named: BTreeSet<Names>,
}

impl Modules {
    /// Reads a module's file and those of the modules that it declares, which lie in `folder`.
    fn load(&mut self, file: &Path, folder: &Path, at: Names) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
        self.add(file, folder, at, &parsed.items)
    }

    fn add(&mut self, file: &Path, folder: &Path, at: Names, items: &[syn::Item]) -> anyhow::Result<()> {
        let mut reading = Reading::default();
        for item in items {
            reading.visit_item(item);
        }
        let Reading { items, uses, mut named, modules } = reading;
        let (mut imports, mut globs) = (BTreeMap::new(), Vec::new());
        for Use { path, name, handed_out } in uses {
            match name {
                Some(name) => {
                    // A trait may be needed without being named again.
                    if !handed_out {
                        named.insert(path.clone());
                    }
                    imports.insert(name, path);
                }
                None => globs.push(path),
            }
        }
        self.all.insert(at.clone(), Module { file: file.to_owned(), items, imports, globs, named });
        for module in modules {
            let name = module.ident.to_string();
            let below = [at.clone(), vec![name.clone()]].concat();
            match &module.content {
                Some((_, items)) => self.add(file, &folder.join(&name), below, items)?,
                None => {
                    let (beside, inside) = (folder.join(format!("{name}.rs")), folder.join(&name));
                    let file = if beside.is_file() { beside } else { inside.join("mod.rs") };
                    self.load(&file, &inside, below)?;
                }
            }
        }
        Ok(())
    }

    /// Where something is defined that is named in a module, if that is in this crate.
    fn definer(&self, at: &[String], named: &[String]) -> Option<&Path> {
        self.defined(&self.absolute(at, named)?, 0)
    }

    /// A path from the root on, where its beginning is known.
    fn absolute(&self, at: &[String], named: &[String]) -> Option<Names> {
        let (first, rest) = named.split_first()?;
        let (mut base, mut rest) = match first.as_str() {
            "crate" => return Some(rest.to_vec()),
            "self" | "super" => (at.to_vec(), named),
            name => {
                let module = self.all.get(at)?;
                let below = [at, &[name.to_owned()]].concat();
                return match module.imports.get(name) {
                    Some(import) if import != named => {
                        Some([self.absolute(at, import)?, rest.to_vec()].concat())
                    }
                    _ if self.all.contains_key(&below) => Some([below, rest.to_vec()].concat()),
                    _ => module.globs.iter().find_map(|glob| {
                        let there = self.through(at, glob, name)?;
                        Some([there, named.to_vec()].concat())
                    }),
                };
            }
        };
        while let Some((name, after)) = rest.split_first() {
            match name.as_str() {
                "self" => {}
                "super" => drop(base.pop()?),
                _ => break,
            }
            rest = after;
        }
        Some([base, rest.to_vec()].concat())
    }

    /// The file that defines what stands at a path; none where that is a module.
    fn defined(&self, path: &[String], depth: usize) -> Option<&Path> {
        let long = (0..=path.len()).rev().find(|length| self.all.contains_key(&path[..*length]))?;
        let (at, rest) = path.split_at(long);
        let (module, name) = (self.all.get(at)?, rest.first()?);
        if module.items.contains(name) || depth > 8 {
            return Some(&module.file);
        }
        if let Some(import) = module.imports.get(name) {
            let path = [self.absolute(at, import)?, rest[1..].to_vec()].concat();
            return self.defined(&path, depth + 1);
        }
        let through = |glob: &Names| {
            let there = self.through(at, glob, name)?;
            self.defined(&[there, rest.to_vec()].concat(), depth + 1)
        };
        // What a macro makes stands where it was called.
        module.globs.iter().find_map(through).or(Some(&module.file))
    }

    /// The module that a glob leads to, where it has the name.
    fn through(&self, at: &[String], glob: &[String], name: &str) -> Option<Names> {
        let rooted = ["crate", "self", "super"].contains(&glob.first()?.as_str());
        let glob = if rooted { self.absolute(at, glob)? } else { [at, glob].concat() };
        let there = self.all.get(&glob)?;
        (there.items.contains(name) || there.imports.contains_key(name)).then_some(glob)
    }

    /// Which file needs which, and one name for each.
    fn needs(&self) -> BTreeMap<&Path, BTreeMap<&Path, String>> {
        let mut needs: BTreeMap<&Path, BTreeMap<&Path, String>> = BTreeMap::new();
        for (at, module) in &self.all {
            for named in &module.named {
                if let Some(other) = self.definer(at, named).filter(|other| **other != *module.file) {
                    needs.entry(&module.file).or_default().entry(other).or_insert_with(|| named.join("::"));
                }
            }
        }
        needs
    }

    /// Sets of files of which each needs all others, over whatever is between them: each as its needs.
    fn circles(&self) -> Vec<Vec<(PathBuf, PathBuf, String)>> {
        let needs = self.needs();
        let reach = |from: &Path| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
            while let Some(file) = open.pop() {
                for other in needs.get(file).into_iter().flat_map(BTreeMap::keys) {
                    if seen.insert(*other) {
                        open.push(other);
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<&Path, BTreeSet<&Path>> =
            needs.keys().map(|file| (*file, reach(file))).collect();
        let both = |a: &Path, b: &Path| {
            let to = |from: &Path, other: &Path| reached.get(from).is_some_and(|seen| seen.contains(other));
            to(a, b) && to(b, a)
        };
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for file in needs.keys().filter(|file| both(file, file)) {
            if told.contains(file) {
                continue;
            }
            let members: Vec<&Path> = needs.keys().copied().filter(|other| both(file, other)).collect();
            told.extend(members.iter().copied());
            let edges =
                members.iter().flat_map(|file| needs[file].iter().map(|(other, name)| (*file, *other, name)));
            let within = edges.filter(|(file, other, _)| both(file, other));
            circles.push(within.map(|(a, b, name)| (a.to_owned(), b.to_owned(), name.clone())).collect());
        }
        circles
    }
}

/// An import: its path, and the name it gives; none for all that there is.
struct Use {
    path: Names,
    name: Option<String>,
    handed_out: bool,
}

/// What is read of a module.
#[derive(Default)]
struct Reading<'a> {
    items: BTreeSet<String>,
    uses: Vec<Use>,
    named: BTreeSet<Names>,
    modules: Vec<&'a syn::ItemMod>,
}

impl Reading<'_> {
    fn import(&mut self, tree: &syn::UseTree, before: &[String], handed_out: bool) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        let (path, name) = match tree {
            syn::UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident), handed_out),
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, before, handed_out));
            }
            syn::UseTree::Glob(_) => (before.to_vec(), None),
            syn::UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before.last().cloned()),
            syn::UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            syn::UseTree::Rename(name) if name.ident == "self" => {
                (before.to_vec(), Some(name.rename.to_string()))
            }
            syn::UseTree::Rename(name) => (with(&name.ident), Some(name.rename.to_string())),
        };
        self.uses.push(Use { path, name, handed_out });
    }

    /// Paths in what a macro is given, which is not parsed.
    fn tokens(&mut self, tokens: &TokenStream) {
        let mut path = Names::new();
        let mut colons = 0;
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.name(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.name(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(&group.stream());
                    }
                }
            }
        }
        self.name(path);
    }

    fn name(&mut self, path: Names) {
        if !path.is_empty() {
            self.named.insert(path);
        }
    }
}

impl<'a> Visit<'a> for Reading<'a> {
    fn visit_item(&mut self, item: &'a syn::Item) {
        let (attributes, name) = match item {
            syn::Item::Const(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            syn::Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            syn::Item::Static(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Type(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Union(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Impl(item) => (&item.attrs, None),
            syn::Item::Mod(item) => (&item.attrs, None),
            syn::Item::Use(item) => (&item.attrs, None),
            _ => return,
        };
        if attributes.iter().any(is_for_tests) {
            return;
        }
        self.items.extend(name.map(ToString::to_string));
        match item {
            // A file of another crate.
            syn::Item::Mod(_) if attributes.iter().any(|one| one.path().is_ident("path")) => {}
            syn::Item::Mod(module) => self.modules.push(module),
            item => visit::visit_item(self, item),
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let handed_out = !matches!(item.vis, syn::Visibility::Inherited);
        self.import(&item.tree, &[], handed_out);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, made: &'a syn::Macro) {
        self.visit_path(&made.path);
        self.tokens(&made.tokens);
    }

    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
}

#[cfg(test)]
mod tests;
