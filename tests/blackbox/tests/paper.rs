//! Reports as PDF, made by larka-pdf beside larka: the same each time, accessible, and refused in words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::os::unix::fs::PermissionsExt as _;

use blackbox::{Backend, Instance, Server, python};
use reqwest::Method;

async fn demo() -> Instance {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.demo(200, 4000, 1).unwrap();
    instance
}

/// A report as PDF over HTTP: status, media type, and what came.
async fn ask(server: &Server, question: &str) -> (u16, String, Vec<u8>) {
    let answer = server.api(Method::GET, &format!("reports/{question}")).send().await.unwrap();
    let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), media_type, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_on_paper_is_accessible_in_order_and_the_same_bytes_each_time() {
    let instance = demo().await;
    let server = instance.start().await.unwrap();
    server.settled().await.unwrap();
    let files = instance.beside("paper");
    std::fs::create_dir_all(&files).unwrap();
    for (name, report, of, lang) in [
        ("survey", "survey", ["round", "digital-sjalvskattning-2026-04"], "en"),
        ("competence-unit", "competence", ["unit", "9999-R02"], "sv"),
    ] {
        let ([option, value], flag) = (of, format!("--{}", of[0]));
        let of = format!("&{option}={value}");
        let (status, media_type, made) = ask(&server, &format!("{report}?format=pdf&lang={lang}{of}")).await;
        assert_eq!(
            (status, media_type.as_str()),
            (200, "application/pdf"),
            "{}",
            String::from_utf8_lossy(&made)
        );
        let (_, _, json) = ask(&server, &format!("{report}?format=json{of}")).await;
        std::fs::write(files.join(format!("{name}.json")), json).unwrap();

        let file = files.join(format!("{name}.{lang}.pdf"));
        let mut words = vec!["report", report, "--format", "pdf", "--lang", lang];
        words.extend(["--output", file.to_str().unwrap(), &flag, value]);
        let output = instance.run(&words).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(std::fs::read(&file).unwrap() == made, "{words:?}");
    }
    let said = python::says(python::script("clients/paper.py").arg(&files)).unwrap();
    assert!(said.contains("as they should be"), "{said}");
    let said = python::says(python::script("clients/read_aloud.py").arg(&files)).unwrap();
    assert!(said.contains("read aloud in their order"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_pdf_cannot_be_made_it_is_said_why() {
    let instance = demo().await;
    let program = instance.beside("larka-pdf");
    let put = |lines: &str| {
        std::fs::write(&program, format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    put("kill -9 $$");
    let server = instance.start_with(&["--pdf-program", program.to_str().unwrap()]).await.unwrap();
    server.settled().await.unwrap();

    let (status, media_type, said) = ask(&server, "competence?format=pdf").await;
    let said = String::from_utf8(said).unwrap();
    assert_eq!((status, media_type.as_str()), (503, "application/problem+json"), "{said}");
    assert!(said.contains("a smaller part of the organisation"), "{said}");

    put("echo 'the report cannot be set' >&2; exit 1");
    assert_eq!(ask(&server, "competence?format=pdf").await.0, 500);

    std::fs::remove_file(&program).unwrap();
    let (status, _, said) = ask(&server, "competence?format=pdf").await;
    let said = String::from_utf8(said).unwrap();
    assert_eq!(status, 501, "{said}");
    assert!(said.contains("cargo pdf") && said.contains("--pdf-program"), "{said}");
    let output = instance.run(&["report", "competence", "--format", "pdf", "--output", "-"]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cargo pdf"), "{said}");
}
