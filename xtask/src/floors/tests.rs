use super::*;

/// The circles of a crate of these files, each as the names of its files.
fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join("src").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let mut modules = Modules::default();
    let src = folder.path().join("src");
    modules.load(&src.join("lib.rs"), &src, Vec::new()).unwrap();
    let names = |circle: &Vec<(PathBuf, PathBuf, String)>| {
        let files: BTreeSet<_> = circle.iter().map(|(file, ..)| file.strip_prefix(&src).unwrap()).collect();
        files.into_iter().map(|file| file.to_str().unwrap().to_owned()).collect()
    };
    modules.circles().iter().map(names).collect()
}

#[test]
fn files_that_import_downwards_are_in_no_circle() {
    let files = [
        ("lib.rs", "mod low; mod high; pub use high::High;"),
        ("low.rs", "pub struct Low;"),
        ("high.rs", "use crate::low::Low; pub struct High(Low);"),
    ];
    assert!(circles(&files).is_empty());
}

#[test]
fn two_files_that_name_each_other_are_a_circle_whichever_way_they_do_it() {
    let ways = [
        "use crate::b::B;",
        "use super::b::B as Other;",
        "fn f() -> crate::b::B { todo!() }",
        "use super::b; fn f(_: b::B) {}",
        "fn f() { other!(1, crate::b::B) }",
        "use crate::B;",
        "use crate::b::*; fn f(_: B) {}",
    ];
    for way in ways {
        let files = [
            ("lib.rs", "mod a; mod b; pub use b::B;"),
            ("a.rs", &*format!("{way} pub struct A;")),
            ("b.rs", "use crate::a::A; pub struct B(A);"),
        ];
        assert_eq!(circles(&files), [["a.rs", "b.rs"]], "{way}");
    }
}

#[test]
fn a_circle_over_several_files_is_found_and_what_only_leads_to_it_is_left_out() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod top; mod low;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "use crate::c::C; use crate::low::Low; pub struct B(C, Low);"),
        ("c.rs", "pub struct C; fn f(_: crate::a::A) {}"),
        ("top.rs", "use crate::a::A; pub struct Top(A);"),
        ("low.rs", "pub struct Low;"),
    ];
    assert_eq!(circles(&files), [["a.rs", "b.rs", "c.rs"]]);
}

#[test]
fn a_parent_that_declares_and_hands_out_is_in_no_circle_with_its_child_but_one_that_needs_it_is() {
    let child = ("part/child.rs", "use super::Shared; pub fn f(_: Shared) {}");
    let lib = ("lib.rs", "mod part;");
    for harmless in ["mod child; pub use child::f;", "mod child; pub(crate) use child::f;", "pub mod child;"]
    {
        let parent = format!("{harmless} pub struct Shared;");
        assert!(circles(&[lib, ("part.rs", &parent), child]).is_empty(), "{harmless}");
    }
    for needing in ["mod child; use child::f;", "mod child; fn g() { child::f(Shared) }"] {
        let parent = format!("{needing} pub struct Shared;");
        assert_eq!(circles(&[lib, ("part/mod.rs", &parent), child]), [["part/child.rs", "part/mod.rs"]]);
    }
}

#[test]
fn tests_may_look_wherever_they_like() {
    let files = [
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod missing;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b.rs", "use crate::a::A; pub struct B(A);"),
    ];
    assert!(circles(&files).is_empty());
}

#[test]
fn no_files_of_the_workspace_need_each_other() {
    check(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
}
