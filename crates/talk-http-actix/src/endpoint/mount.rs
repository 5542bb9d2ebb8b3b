//! The routes of endpoints.

use actix_web::http::Method;
use actix_web::{HttpResponse, web};

use super::Endpoint;
use crate::api_error::ApiError;

/// The order of methods in `Allow`.
pub(super) static METHODS: [Method; 5] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
];

/// Mounts endpoints, grouped by path. Any other method of a path is answered 405 with `Allow`.
pub(crate) fn mount(app: &mut web::ServiceConfig, rows: Vec<Endpoint>) {
    let mut paths: Vec<(&'static str, Vec<Endpoint>)> = Vec::new();
    for row in rows {
        match paths.iter_mut().find(|(path, _)| *path == row.path) {
            Some((_, of_path)) => of_path.push(row),
            None => paths.push((row.path, vec![row])),
        }
    }
    for (path, rows) in paths {
        let allow = allow(&rows);
        let refuse = move || {
            let allow = allow.clone();
            async move { Err::<HttpResponse, _>(ApiError::method_not_allowed(allow)) }
        };
        let routes = rows.into_iter().flat_map(|row| row.routes);
        let resource = web::resource(path).default_service(web::to(refuse));
        app.service(routes.fold(resource, actix_web::Resource::route));
    }
}

fn allow(rows: &[Endpoint]) -> String {
    let has = |method: &&Method| rows.iter().any(|row| row.methods.contains(method));
    let methods: Vec<_> = METHODS.iter().filter(has).map(Method::as_str).collect();
    methods.join(", ")
}
