//! Addresses, good and bad; no message holds a password.

use store::{Backend, Url};

fn check(text: &str, shown: &str) {
    let url: Url = text.parse().unwrap();
    assert_eq!(url.to_string(), shown);
}

fn check_wrong(text: &str, message: &str) {
    let error = text.parse::<Url>().unwrap_err();
    assert_eq!(error.code(), "store_config");
    assert_eq!(error.to_string(), message);
}

#[test]
fn file_url_is_a_path() {
    check("sqlite:fitness.db", "sqlite:fitness.db");
}

#[test]
fn file_url_may_have_slashes() {
    check("sqlite:///var/lib/paceline/fitness.db", "sqlite:/var/lib/paceline/fitness.db");
}

#[test]
fn server_url_is_shown_without_its_password() {
    check("postgres://me:secret@db.example:5433/fitness", "postgres://me@db.example:5433/fitness");
}

#[test]
fn long_scheme_is_the_same_server() {
    let url: Url = "postgresql://me@localhost/fitness".parse().unwrap();
    assert_eq!(url.backend(), Backend::Postgres);
}

#[test]
fn verify_full_is_understood() {
    check("postgres://me@db/f?sslmode=verify-full&connect_timeout=3", "postgres://me@db:5432/f");
}

#[test]
fn socket_directory_is_a_host() {
    check("postgres://me@%2Frun%2Fpostgresql/f", "postgres://me@/run/postgresql:5432/f");
}

#[test]
fn debug_output_has_no_password() {
    let url: Url = "postgres://me:secret@db/f".parse().unwrap();
    assert_eq!(format!("{url:?}"), "Url(postgres://me@db:5432/f)");
}

#[test]
fn server_without_host_is_refused() {
    check_wrong("postgres://", "the database URL is wrong: it names no host");
}

#[test]
fn server_with_password_but_no_host_is_refused() {
    check_wrong("postgres://me:secret@/fitness", "the database URL is wrong: it names no host");
}

#[test]
fn port_out_of_range_is_refused() {
    check_wrong(
        "postgres://me:secret@db:99999/f",
        "the database URL is wrong: the port `99999` is not between 1 and 65535",
    );
}

#[test]
fn unescaped_slash_in_a_password_is_not_shown() {
    check_wrong(
        "postgres://me:sec/ret@db/f",
        "the database URL is wrong: the port is not between 1 and 65535",
    );
}

#[test]
fn unescaped_question_mark_in_a_password_is_not_shown() {
    check_wrong("postgres://me:1?secret@db/f", "the database URL is wrong: it has an unknown option");
}

#[test]
fn unknown_option_is_named() {
    check_wrong(
        "postgres://me@db/f?sslmod=require",
        "the database URL is wrong: it has an unknown option `sslmod`",
    );
}

#[test]
fn unknown_tls_mode_is_refused() {
    check_wrong(
        "postgres://me@db/f?sslmode=sometimes",
        "the database URL is wrong: `sslmode` must be disable, require or verify-full",
    );
}

#[test]
fn bad_value_of_an_option_is_named() {
    check_wrong(
        "postgres://me@db/f?connect_timeout=soon",
        "the database URL is wrong: invalid value for option `connect_timeout`",
    );
}

#[test]
fn unknown_scheme_is_refused() {
    check_wrong(
        "mysql://me:secret@db/f",
        "the database URL has an unknown scheme: expected `sqlite:` or `postgres://`",
    );
}

#[test]
fn text_without_scheme_is_refused() {
    check_wrong("fitness.db", "the database URL has an unknown scheme: expected `sqlite:` or `postgres://`");
}

#[test]
fn file_url_without_path_is_refused() {
    check_wrong("sqlite:", "the database URL names no file: expected `sqlite:PATH`");
}

#[test]
fn database_in_memory_is_refused() {
    check_wrong("sqlite::memory:", "a database in memory cannot be shared between readers: name a file");
}
