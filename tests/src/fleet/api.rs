//! The target application's REST API, on axum.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::any;

use super::answer::{Answer, Conditions, Target};
use super::instance::Instance;
use super::pour::Pour;
use super::stats::Request;

/// The routes of one instance.
pub fn router(instance: Arc<Instance>) -> Router {
    Router::new()
        .route("/api/logs", any(listing))
        .route("/api/logs/{name}", any(file))
        .fallback(unknown)
        .with_state(instance)
}

async fn listing(State(instance): State<Arc<Instance>>, request: HttpRequest) -> Response {
    respond(&instance, &Target::Listing, &request)
}

async fn file(State(instance): State<Arc<Instance>>, Path(name): Path<String>, request: HttpRequest) -> Response {
    respond(&instance, &Target::File(name), &request)
}

async fn unknown(State(instance): State<Arc<Instance>>, request: HttpRequest) -> Response {
    respond(&instance, &Target::Unknown, &request)
}

fn respond(instance: &Instance, target: &Target, request: &HttpRequest) -> Response {
    let header = |name: HeaderName| {
        let value = request.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let conditions = Conditions { range: header(header::RANGE), if_range: header(header::IF_RANGE) };
    let uri = request.uri();
    let path = uri.path_and_query().map_or(uri.path(), |all| all.as_str());
    let request = Request {
        method: request.method().to_string(),
        path: path.to_owned(),
        range: conditions.range.clone(),
        status: 0,
        body_bytes: 0,
    };
    let (answer, sent_bytes) = instance.answer(target, request, conditions);
    carry(answer, sent_bytes)
}

fn carry(answer: Answer, sent_bytes: Arc<AtomicU64>) -> Response {
    let body = Pour::new(&answer, sent_bytes);
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, answer.promised_bytes.into());
    for (name, value) in answer.headers {
        // Header values come from the fleet itself and are visible ASCII; a case that breaks that loses the header.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
