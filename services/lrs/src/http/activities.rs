//! The activities resource (1.0.3 Communication 2.5, IEEE 4.1.6.4): what is known of an activity.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::answer::{headless, json, with_version};
use super::auth::{self, Right, authorized};
use super::error::Refusal;
use super::parameters;
use super::version::{answering, negotiate};
use crate::Lrs;

/// All methods of `/xapi/activities`.
pub(super) async fn activities(State(lrs): State<Lrs>, request: Request) -> Response {
    let version = answering(&lrs, request.headers()).await;
    let answer = match *request.method() {
        Method::GET | Method::HEAD => get(&lrs, request.headers(), request.uri().query()).await,
        _ => Err(Refusal::method("GET, HEAD")),
    };
    let answer = answer.unwrap_or_else(Refusal::into_response);
    with_version(headless(answer, request.method()), version)
}

/// One activity, with its whole definition where there is one. Whoever is asked about is answered: an activity that
/// nobody has defined is an activity.
async fn get(lrs: &Lrs, headers: &HeaderMap, query: Option<&str>) -> Result<Response, Refusal> {
    negotiate(lrs, headers).await?;
    let credential = authorized(lrs, headers, Right::Describe).await?;
    let pairs = parameters::pairs(query)?;
    let [(name, id)] = pairs.as_slice() else {
        return Err(Refusal::bad_request("expected the parameter activityId and no other"));
    };
    if name != "activityId" {
        return Err(Refusal::bad_request("expected the parameter activityId and no other"));
    }
    if !auth::iris(lrs, &credential)?.take(id) {
        return Err(Refusal::bad_request("activityId: expected an absolute IRI"));
    }
    Ok(json(StatusCode::OK, lrs.query().activity(id).await?))
}
