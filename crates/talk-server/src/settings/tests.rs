use super::*;
use confique::meta::FieldKind;
use serde_json::json;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn pairs<T: From<String>>(given: &[(&str, &str)]) -> Vec<(T, T)> {
    let pair =
        |(name, value): &(&str, &str)| ((*name).to_owned().into(), (*value).to_owned().into());
    given.iter().map(pair).collect()
}

fn given(flags: &[(&str, &str)], environment: &[(&str, &str)]) -> Given {
    Given {
        file: None,
        flags: pairs(flags),
        environment: pairs(environment),
    }
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("talk.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

fn load(given: &Given) -> Result<Settings, SettingsError> {
    super::load(given).map(|loaded| loaded.settings)
}

fn refusal(given: &Given) -> String {
    load(given).expect_err("a refusal").to_string()
}

#[test]
fn without_anything_given_the_defaults_count() {
    let settings = load(&given(&[], &[])).unwrap();
    assert_eq!(settings.bind.to_string(), "127.0.0.1:8095");
    assert_eq!(settings.limits(), Limits::default());
    assert_eq!(settings.token_lifetime_seconds, 7 * 24 * 60 * 60);
    assert_eq!(
        settings.database_url().expose_secret(),
        "sqlite:data/talk.db"
    );
}

/// RUN-06: flag over environment over file over default.
#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let (_directory, path) = file("queue = 1\nreaders = 1\nmax_text = 1\n");
    let settings = load(&Given {
        file: Some(path),
        ..given(
            &[("queue", "3")],
            &[("TALK_QUEUE", "2"), ("TALK_READERS", "2")],
        )
    });
    let settings = settings.unwrap();
    let given = (
        settings.queue,
        settings.readers,
        settings.max_text,
        settings.max_name,
    );
    assert_eq!(given, (3, 2, 1, 255));
}

#[test]
fn the_environment_can_name_the_file_and_the_line_another() {
    let (_one, environment) = file("queue = 1\n");
    let (_two, line) = file("queue = 2\n");
    let environment = given(&[], &[("TALK_CONFIG", environment.to_str().unwrap())]);
    assert_eq!(load(&environment).unwrap().queue, 1);
    let both = Given {
        file: Some(line),
        ..environment
    };
    assert_eq!(load(&both).unwrap().queue, 2);
}

/// RUN-07: an unknown setting or a bad value stops the start with the name and the reason.
#[test]
fn what_is_unknown_or_bad_is_refused_by_name() {
    for (name, value, reason) in [
        ("TALK_BNID", "x", "TALK_BNID: unknown setting"),
        ("TALK_", "x", "TALK_: unknown setting"),
        ("TALK_bind", "x", "TALK_bind: unknown setting"),
        ("TALK_BIND_FILE", "x", "TALK_BIND_FILE: unknown setting"),
        ("TALK_BIND", "localhost", "TALK_BIND: "),
        ("TALK_BIND", "", "TALK_BIND: "),
        ("TALK_ADMIN_BIND", "9095", "TALK_ADMIN_BIND: "),
        ("TALK_LOG", "chatty", "TALK_LOG: must be off, error"),
        ("TALK_LOG", "talk=chatty", "TALK_LOG: "),
        (
            "TALK_LOG_FORMAT",
            "xml",
            "TALK_LOG_FORMAT: unknown variant `xml`",
        ),
        ("TALK_QUEUE", "many", "TALK_QUEUE: must be a whole number"),
        ("TALK_QUEUE", "-1", "TALK_QUEUE: invalid value"),
        ("TALK_QUEUE", "0", "TALK_QUEUE: "),
        ("TALK_READERS", "4294967296", "TALK_READERS: invalid value"),
        ("TALK_TOKEN_LIFETIME_SECONDS", "0", "must be at least 1"),
        (
            "TALK_BROKER_URL",
            "amqp://localhost",
            "broker_url: no broker is supported",
        ),
        ("TALK_JWT_SECRET", &SECRET[1..], "jwt_secret: has 31 bytes"),
        (
            "TALK_JWT_SECRET_FILE",
            "/nowhere",
            "TALK_JWT_SECRET_FILE: /nowhere cannot be read",
        ),
        (
            "TALK_CONFIG",
            "/nowhere.toml",
            "/nowhere.toml: cannot be read",
        ),
        (
            "TALK_BOOTSTRAP_USERNAME",
            "root",
            "goes together with bootstrap_password",
        ),
        (
            "TALK_ISSUER_ALGORITHM",
            "none",
            "TALK_ISSUER_ALGORITHM: must be HS256",
        ),
        ("TALK_ISSUER_ALGORITHM", "RS256", "needs exactly one of"),
        ("TALK_ISSUER_SECRET", SECRET, "needs exactly one of"),
    ] {
        let refusal = refusal(&given(&[], &[(name, value)]));
        assert!(refusal.contains(reason), "{name}={value}: {refusal}");
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}

#[test]
fn a_bad_flag_is_refused_as_a_flag() {
    let refusal = refusal(&given(&[("log_format", "xml")], &[]));
    assert!(refusal.starts_with("--log-format: "), "{refusal}");
}

#[test]
fn a_bad_file_is_refused_with_its_name() {
    for (text, reason) in [
        ("bnid = 1", "unknown setting"),
        ("bind = 8095", "bind in "),
        ("queue = \"many\"", "queue in "),
        ("[server]\nbind = \"127.0.0.1:1\"", "unknown setting"),
        ("bind = ", "is no TOML"),
    ] {
        let (_directory, path) = file(text);
        let refusal = refusal(&Given {
            file: Some(path),
            ..Given::default()
        });
        assert!(refusal.contains(reason), "{text}: {refusal}");
        assert!(refusal.contains("talk.toml"), "{refusal}");
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}

/// RUN-08: `${NAME}_FILE` reads a secret from a file.
#[test]
fn a_secret_is_read_from_a_file() {
    let (_directory, path) = file(&format!("{SECRET}\n"));
    let path = path.to_str().unwrap();
    for given in [
        given(&[], &[("TALK_JWT_SECRET_FILE", path)]),
        given(
            &[("jwt_secret_file", path)],
            &[("TALK_JWT_SECRET", "ignored")],
        ),
    ] {
        let secret = load(&given).unwrap().jwt_secret.unwrap();
        assert_eq!(secret.expose_secret(), SECRET);
    }
    let both = given(
        &[],
        &[("TALK_JWT_SECRET_FILE", path), ("TALK_JWT_SECRET", SECRET)],
    );
    assert!(refusal(&both).contains("given too"));
}

/// Case 75.
#[test]
fn what_kubernetes_sets_for_a_service_is_ignored() {
    let variables = [
        ("TALK_SERVICE_HOST", "10.0.0.11"),
        ("TALK_PORT_8095_TCP", "tcp://10.0.0.11:8095"),
        ("TALK_QUEUE", "7"),
    ];
    let loaded = super::load(&given(&[], &variables)).unwrap();
    assert_eq!(loaded.ignored, ["TALK_SERVICE_HOST", "TALK_PORT_8095_TCP"]);
    assert_eq!(loaded.settings.queue, 7);
}

#[test]
fn every_setting_in_force_says_where_it_comes_from_and_keeps_secrets() {
    let (_directory, path) = file("queue = 1\nreaders = 9\n");
    let loaded = super::load(&Given {
        file: Some(path.clone()),
        ..given(
            &[("bind", "127.0.0.1:1")],
            &[("TALK_QUEUE", "2"), ("TALK_JWT_SECRET", SECRET)],
        )
    });
    let loaded = loaded.unwrap();
    let of = |name: &str| {
        let setting = loaded.in_force.iter().find(|setting| setting.name == name);
        let setting = setting.unwrap();
        (setting.value.clone(), setting.origin.clone())
    };
    let file = format!("readers in {}", path.display());
    for (name, value, origin) in [
        ("bind", json!("127.0.0.1:1"), "--bind"),
        ("queue", json!(2), "TALK_QUEUE"),
        ("readers", json!(9), &*file),
        ("jwt_secret", json!("********"), "TALK_JWT_SECRET"),
        ("max_text", json!(16_000), "default"),
    ] {
        assert_eq!(of(name), (Some(value), origin.to_owned()));
    }
    assert_eq!(of("issuer_algorithm"), (None, "default".to_owned()));
    assert!(!format!("{:?}", loaded.in_force).contains(SECRET));
}

/// RUN-01 and RUN-04.
#[test]
fn a_short_previous_secret_and_a_bad_public_url_are_refused() {
    for (name, value, reason) in [
        (
            "TALK_JWT_SECRET_PREVIOUS",
            &SECRET[1..],
            "jwt_secret_previous: has 31 bytes",
        ),
        ("TALK_PORT", "8095", "TALK_PORT: unknown setting"),
        ("TALK_PUBLIC_URL", "talk.example.com", "must be a URL like"),
        ("TALK_PUBLIC_URL", "ftp://h", "must be a URL like"),
        ("TALK_PUBLIC_URL", "https://u:p@h", "must not contain"),
        ("TALK_PUBLIC_URL", "https://h/?a=b", "must not contain"),
    ] {
        let refusal = refusal(&given(&[], &[(name, value)]));
        assert!(refusal.contains(reason), "{name}={value}: {refusal}");
    }
}

/// RUN-01.
#[test]
fn a_public_url_has_no_slash_at_its_end() {
    for (given_url, kept) in [
        ("https://talk.example.com", "https://talk.example.com"),
        ("https://Talk.example.com:443/", "https://talk.example.com"),
        ("http://h:8095/talk/", "http://h:8095/talk"),
    ] {
        let settings = load(&given(&[], &[("TALK_PUBLIC_URL", given_url)])).unwrap();
        assert_eq!(settings.public_url.unwrap().to_string(), kept);
    }
}

#[test]
fn an_optional_setting_that_is_empty_is_not_given() {
    let settings = load(&given(
        &[],
        &[
            ("TALK_BOOTSTRAP_USERNAME", ""),
            ("TALK_BROKER_URL", ""),
            ("TALK_JWT_SECRET_FILE", ""),
            ("TALK_ADMIN_BIND", ""),
        ],
    ));
    let settings = settings.unwrap();
    assert!(settings.bootstrap_username.is_none());
    assert_eq!(settings.admin_bind, OptionalAddress(None));
}

/// Case 36 and RUN-12.
#[test]
fn no_secret_is_ever_printed() {
    let issuer = "fedcba9876543210fedcba9876543210";
    let settings = load(&given(
        &[],
        &[
            ("TALK_DATABASE_URL", "postgres://talk:hunter2@db/talk"),
            ("TALK_JWT_SECRET", SECRET),
            ("TALK_BOOTSTRAP_USERNAME", "root"),
            ("TALK_BOOTSTRAP_PASSWORD", "correct horse"),
            ("TALK_ISSUER_ALGORITHM", "HS256"),
            ("TALK_ISSUER_SECRET", issuer),
        ],
    ));
    let printed = format!("{:?}", settings.unwrap());
    for secret in ["hunter2", SECRET, "correct horse", issuer] {
        assert!(!printed.contains(secret), "{printed}");
    }
    for name in SECRETS {
        let (_directory, path) = file(&format!("{name} = 4711\n"));
        let refusal = refusal(&Given {
            file: Some(path),
            ..Given::default()
        });
        assert!(
            refusal.contains(name) && !refusal.contains("4711"),
            "{refusal}"
        );
    }
    let (_directory, path) = file("jwt_secret = \"hunter2\" hunter2\n");
    let broken = refusal(&Given {
        file: Some(path),
        ..Given::default()
    });
    assert!(!broken.contains("hunter2"), "{broken}");
}

#[test]
fn every_setting_has_its_name_in_the_environment() {
    for field in Settings::META.fields {
        let FieldKind::Leaf { env, .. } = field.kind else {
            panic!("{} is nested", field.name)
        };
        let expected = format!("TALK_{}", field.name.to_ascii_uppercase());
        assert_eq!(env, Some(expected.as_str()));
        assert!(!field.doc.is_empty(), "{} says nothing", field.name);
    }
    for secret in SECRETS {
        assert!(
            Settings::META
                .fields
                .iter()
                .any(|field| field.name == secret)
        );
    }
}

/// The file is generated: `cargo run -p talk-server -- config > config/talk.toml`.
#[test]
fn the_commented_file_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/talk.toml");
    assert_eq!(std::fs::read_to_string(path).unwrap(), Settings::template());
}

#[test]
fn the_commented_file_changes_nothing() {
    let (_directory, path) = file(&Settings::template());
    let settings = load(&Given {
        file: Some(path),
        ..Given::default()
    });
    let defaults = load(&Given::default()).unwrap();
    assert_eq!(format!("{:?}", settings.unwrap()), format!("{defaults:?}"));
}

/// API-09: a bucket without a single token would admit nothing.
#[test]
fn a_bucket_that_refills_holds_at_least_one_token() {
    for bucket in ["agent", "customer", "address"] {
        let (rate, burst) = (format!("{bucket}_rate"), format!("{bucket}_burst"));
        let refused = refusal(&given(&[(&burst, "0")], &[]));
        let reason = format!("{burst}: must be at least 1 while the rate is not 0");
        assert_eq!(refused, reason);
        assert!(load(&given(&[(&burst, "0"), (&rate, "0")], &[])).is_ok());
    }
}

#[test]
fn a_trusted_proxy_is_an_address_or_a_network() {
    let refused = refusal(&given(&[("trusted_proxies", "::1,10.0.0.0/33")], &[]));
    let reason = "\"10.0.0.0/33\" is neither an address nor a network";
    assert!(refused.contains(reason), "{refused}");
    for text in ["", "10.0.0.1", "::1, 10.0.0.0/8"] {
        assert!(
            load(&given(&[("trusted_proxies", text)], &[])).is_ok(),
            "{text}"
        );
    }
}
