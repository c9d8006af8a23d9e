//! What `deploy/` has, as an operator uses it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use blackbox::samples::{ordinary, statement};
use blackbox::{Backend, Instance, until};
use serde_json::json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// nginx in the foreground, ended with the test.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// The example as it stands, but for TLS and the two ports.
fn nginx(place: &Path, larka: &str, port: u16) -> Nginx {
    let example = std::fs::read_to_string(root().join("deploy/nginx/larka.conf")).unwrap();
    assert!(example.contains("listen 443 ssl;") && example.contains("server 127.0.0.1:8080;"));
    let lines = example.lines().filter(|line| !line.trim_start().starts_with("ssl_"));
    let example = lines.collect::<Vec<_>>().join("\n");
    let example = example
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
        .replace("server 127.0.0.1:8080;", &format!("server {larka};"));
    let folder = place.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|what| format!("{what}_temp_path {folder}/{what};\n"))
        .collect();
    let whole = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n\
         events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{temporary}{example}\n}}\n"
    );
    let file = place.join("nginx.conf");
    std::fs::write(&file, whole).unwrap();
    let program =
        ["/usr/sbin/nginx", "nginx"].into_iter().find(|one| Path::new(one).exists()).unwrap_or("nginx");
    let child = Command::new(program)
        .arg("-p")
        .arg(place)
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(place.join("error.log"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Nginx(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_example_for_nginx_all_that_is_promised_holds() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let flags = ["--base-url", "https://larka.example", "--trusted-proxies", "127.0.0.1"];
    let mut server = instance.start_with(&flags).await.unwrap();
    let direct = server.address.clone();
    let place = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _nginx = nginx(place.path(), direct.trim_start_matches("http://"), port);
    server.address = format!("http://127.0.0.1:{port}");
    until("nginx answers", async || {
        server
            .http
            .get(format!("{}/healthz", server.address))
            .send()
            .await
            .ok()
            .filter(|answer| answer.status() == 200)
    })
    .await;

    assert_eq!(server.post(&json!([ordinary(1)])).await.unwrap().status(), 200);
    // A text of 8 MB in one statement: beyond what nginx takes unless it is told, and what buffers hold.
    let mut large = statement("00000000-0000-4000-8000-0000000000aa", "stor", "bilaga");
    large["result"] = json!({ "response": "a".repeat(8 << 20) });
    assert_eq!(server.post(&large).await.unwrap().status(), 200);
    // What is too much is refused by Lärka, in words.
    let answer = server.post_body("x".repeat((16 << 20) + 1)).await.unwrap();
    assert_eq!(answer.status(), 413);
    assert!(answer.text().await.unwrap().contains("16777216"), "the limit is named");

    for hidden in ["/metrics", "/readyz"] {
        assert_eq!(
            server.http.get(format!("{}{hidden}", server.address)).send().await.unwrap().status(),
            404
        );
        assert_eq!(server.http.get(format!("{direct}{hidden}")).send().await.unwrap().status(), 200);
    }
    // Nothing is compressed.
    let page = server.http.get(format!("{}/login", server.address)).header("accept-encoding", "gzip");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(!page.headers().contains_key("content-encoding"));
    assert!(page.headers().contains_key("strict-transport-security"));
    // Links of surveys are in no log of accesses.
    let code = format!("{}/s/ABCDEFGH", server.address);
    let _ = server.http.get(code).send().await.unwrap();
    let logged = std::fs::read_to_string(place.path().join("access.log")).unwrap();
    assert!(logged.contains("/login") && !logged.contains("ABCDEFGH"), "{logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_an_environment_names_settings_that_there_are() {
    let text = std::fs::read_to_string(root().join("deploy/systemd/larka.env")).unwrap();
    let unit = std::fs::read_to_string(root().join("deploy/systemd/larka.service")).unwrap();
    let mut help = String::new();
    for arguments in [&["serve", "--help"], &["backup", "--help"]] {
        help += &String::from_utf8(Command::new(blackbox::binary()).args(arguments).output().unwrap().stdout)
            .unwrap();
    }
    let named: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_start_matches('#'))
        .chain(unit.lines().filter_map(|line| line.strip_prefix("Environment=")))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .filter(|name| name.starts_with("LARKA_"))
        .collect();
    assert!(named.len() > 5);
    for name in named {
        // Of a secret the value is not shown.
        assert!([format!("{name}=]"), format!("{name}]")].iter().any(|one| help.contains(one)), "{name}");
    }
    // Keys are where the unit lets them be written.
    assert!(
        text.contains("LARKA_KEYS_DIR=/var/lib/larka-keys")
            && unit.contains("StateDirectory=larka larka-keys")
    );
}

#[test]
fn an_image_is_built_from_all_that_is_needed_and_from_no_instance() {
    let ignored = std::fs::read_to_string(root().join(".dockerignore")).unwrap();
    let lines: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines[0], "*", "nothing is let in that is not named");
    let allowed: BTreeSet<&str> = lines.iter().filter_map(|line| line.strip_prefix('!')).collect();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for member in ["crates", "services", "xtask", "tests"] {
        assert!(manifest.contains(&format!("\"{member}")) && allowed.contains(member), "{member}");
    }
    assert!(["Cargo.toml", "Cargo.lock", "schemas", ".cargo"].iter().all(|one| allowed.contains(one)));
    assert!(!allowed.iter().any(|one| one.contains("larka-") || one.contains("key") || one.contains("git")));
    assert!(lines.contains(&"**/larka-data") && lines.contains(&"**/larka-demo"));
}
