//! Somebody on the answer pages, in a browser without a script.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use reqwest::StatusCode;

use crate::Server;

/// The page that a code leads to.
///
/// # Panics
/// It does not come, or sets a cookie.
pub async fn page(server: &Server, code: &str) -> String {
    let answer = server.http.get(format!("{}/s/{code}", server.address)).header("accept-language", "sv");
    let answer = answer.send().await.expect("an answer");
    assert!(answer.headers().get("set-cookie").is_none());
    answer.text().await.expect("a page")
}

/// The values of hidden fields of a name.
pub fn hidden(html: &str, name: &str) -> Vec<String> {
    let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let found = html.split(&begin).skip(1);
    found.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// Sends a form to a code's address, where the browser wants a language.
///
/// # Panics
/// No answer comes.
pub async fn press_in(
    server: &Server,
    language: &str,
    code: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String) {
    let request =
        server.http.post(format!("{}/s/{code}", server.address)).header("accept-language", language);
    let answer = request.form(fields).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

/// The same in Swedish.
pub async fn press(server: &Server, code: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    press_in(server, "sv", code, fields).await
}

/// The first page of questions, for somebody.
pub async fn questions(server: &Server, code: &str, token: &str) -> String {
    press(server, code, &[("#go", "start"), ("#lang", "sv"), ("#token", token)]).await.1
}

/// Fills in a page of questions and presses a button of it.
///
/// # Panics
/// The page has no questions.
pub async fn fill_in(
    server: &Server,
    code: &str,
    questions: &str,
    go: &str,
    answers: &[(&str, &str)],
) -> (StatusCode, String) {
    let state = hidden(questions, "#state").into_iter().next().expect("a page with questions");
    let shown = hidden(questions, "#shown");
    let mut fields = vec![("#state", state.as_str()), ("#go", go)];
    fields.extend(answers);
    fields.extend(shown.iter().map(|one| ("#shown", one.as_str())));
    press(server, code, &fields).await
}
