//! Variables that Kubernetes puts into the environment of every container for each Service.
//!
//! A Service called `talk`, or `talk-…`, makes names under our prefix that are no settings:
//! <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>.

use std::net::IpAddr;

/// Whether `name` and `value` have a form that Kubernetes injects for a Service: `…_SERVICE_HOST`,
/// `…_SERVICE_PORT`, `…_SERVICE_PORT_<PORT NAME>`, `…_PORT`, `…_PORT_8095_TCP`, and the last one
/// with `_PROTO`, `_PORT` or `_ADDR`.
///
/// The value counts too: `TALK_PORT=8095` was probably meant as `TALK_BIND`, and stops the start.
pub(super) fn is_service_variable(name: &str, value: &str) -> bool {
    let words: Vec<_> = name.split('_').skip(1).collect();
    match words.as_slice() {
        [.., "SERVICE", "HOST"] => is_address(value),
        [.., "SERVICE", "PORT"] => is_port(value),
        [.., "PORT", port, protocol, "PROTO"] if is_link(port, protocol) => {
            protocol.eq_ignore_ascii_case(value)
        }
        [.., "PORT", port, protocol, "PORT"] if is_link(port, protocol) => *port == value,
        [.., "PORT", port, protocol, "ADDR"] if is_link(port, protocol) => is_address(value),
        [.., "PORT", port, protocol] if is_link(port, protocol) => is_endpoint(value),
        [.., "PORT"] => is_endpoint(value),
        _ => name.contains("_SERVICE_PORT_") && is_port(value),
    }
}

fn is_link(port: &str, protocol: &str) -> bool {
    is_port(port) && is_protocol(protocol)
}

fn is_protocol(text: &str) -> bool {
    ["tcp", "udp", "sctp"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(text))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// `tcp://10.0.0.11:8095`, `tcp://[fd00::11]:8095`.
fn is_endpoint(text: &str) -> bool {
    let Some((protocol, address)) = text.split_once("://") else {
        return false;
    };
    let Some((host, port)) = address.rsplit_once(':') else {
        return false;
    };
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    is_protocol(protocol) && is_address(host) && is_port(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 75.
    #[test]
    fn variables_of_a_service_called_talk_are_no_settings() {
        for (name, value, expected) in [
            ("TALK_SERVICE_HOST", "10.0.0.11", true),
            ("TALK_SERVICE_HOST", "fd00::11", true),
            ("TALK_SERVICE_PORT", "8095", true),
            ("TALK_SERVICE_PORT_HTTP", "8095", true),
            ("TALK_SERVICE_PORT_HTTP_API", "8095", true),
            ("TALK_PORT", "tcp://10.0.0.11:8095", true),
            ("TALK_PORT", "tcp://[fd00::11]:8095", true),
            ("TALK_PORT_8095_TCP", "tcp://10.0.0.11:8095", true),
            ("TALK_PORT_8095_TCP_PROTO", "tcp", true),
            ("TALK_PORT_8095_TCP_PORT", "8095", true),
            ("TALK_PORT_8095_TCP_ADDR", "10.0.0.11", true),
            ("TALK_PORT_8096_UDP_ADDR", "10.0.0.11", true),
            ("TALK_ADMIN_SERVICE_HOST", "10.0.0.11", true),
            ("TALK_ADMIN_PORT_9095_TCP_ADDR", "10.0.0.11", true),
            ("TALK_PORT", "8095", false),
            ("TALK_PORT", "0.0.0.0:8095", false),
            ("TALK_PORT", "http://10.0.0.11:8095", false),
            ("TALK_SERVICE_HOST", "talk.example.com", false),
            ("TALK_SERVICE_PORT", "many", false),
            ("TALK_SERVICE", "10.0.0.11", false),
            ("TALK_PORT_8095_TCP_NAME", "talk", false),
            ("TALK_PORT_8095_TCP_PORT", "8096", false),
            ("TALK_BNID", "10.0.0.11", false),
        ] {
            assert_eq!(is_service_variable(name, value), expected, "{name}={value}");
        }
    }
}
