//! Forms that pages send.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use axum::Form;
use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::problem::Problem;
use super::session::own_page;
use super::state::Shell;

/// How long it may take to arrive.
const FORM_ARRIVES: Duration = Duration::from_secs(10);
/// How long a file may take.
const FILE_ARRIVES: Duration = Duration::from_secs(60);
/// Forms that may be on their way at the same time. What comes at once needs no place.
pub(crate) const FORMS: usize = 64;

/// What a form of our own page says; `limit` is the most that its route takes. It has to be one, and to arrive. Of
/// those that do not come at once there are few.
pub(crate) async fn form<T: DeserializeOwned>(
    shell: &Shell,
    request: Request,
    limit: usize,
) -> Result<T, Problem> {
    own_page(request.headers())?;
    let mut reading = pin!(Form::<T>::from_request(request, &()));
    let read = match reading.as_mut().now_or_never() {
        Some(read) => read,
        None => {
            let _place = shell.forms.try_acquire().map_err(|_| Problem::TooOften(1))?;
            tokio::time::timeout(FORM_ARRIVES, reading).await.map_err(|_| Problem::Slow)?
        }
    };
    read.map(|Form(form)| form).map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(limit),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::MediaType("application/x-www-form-urlencoded"),
        _ => Problem::Asked("the form cannot be read".to_owned()),
    })
}

/// A form of our own page that carries files, field by field. It has to arrive within [`FILE_ARRIVES`] ten times over.
pub(crate) struct Upload<'a> {
    fields: Multipart,
    until: Instant,
    _place: SemaphorePermit<'a>,
}

impl<'a> Upload<'a> {
    pub(crate) async fn of(shell: &'a Shell, request: Request) -> Result<Self, Problem> {
        own_page(request.headers())?;
        let place = shell.forms.try_acquire().map_err(|_| Problem::TooOften(1))?;
        let sent = Multipart::from_request(request, &()).await;
        let fields = sent.map_err(|_: MultipartRejection| Problem::MediaType("multipart/form-data"))?;
        Ok(Self { fields, until: Instant::now() + 10 * FILE_ARRIVES, _place: place })
    }

    /// The next field; the one before has to have been read.
    pub(crate) async fn next(&mut self) -> Result<Option<Field<'_>>, Problem> {
        let next = timeout_at(self.until, self.fields.next_field()).await.map_err(|_| Problem::Slow)?;
        next.map_err(|_| Problem::Asked("the form cannot be read".to_owned()))
    }
}

/// The fields of a form of our own page that carries files, by name; `limit` is the most that its route takes.
pub(crate) async fn upload(
    shell: &Shell,
    request: Request,
    limit: usize,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    own_page(request.headers())?;
    let _place = shell.forms.try_acquire().map_err(|_| Problem::TooOften(1))?;
    let unreadable = |status: StatusCode| match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(limit),
        _ => Problem::Asked("the form cannot be read".to_owned()),
    };
    let reading = async {
        let sent = Multipart::from_request(request, &()).await;
        let mut sent = sent.map_err(|_: MultipartRejection| Problem::MediaType("multipart/form-data"))?;
        let mut fields = BTreeMap::new();
        while let Some(field) = sent.next_field().await.map_err(|error| unreadable(error.status()))? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|error| unreadable(error.status()))?;
            fields.insert(name, bytes.to_vec());
        }
        Ok(fields)
    };
    tokio::time::timeout(FILE_ARRIVES, reading).await.map_err(|_| Problem::Slow)?
}
