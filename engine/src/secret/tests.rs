use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

/// 32 bytes each.
const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TWO: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

const HERE: Place<'static> = Place { table: "account", row: "me", column: "token" };

fn keys(text: &str) -> Keys {
    Keys::parse(text).unwrap()
}

#[test]
fn what_was_sealed_opens_where_it_was_sealed_for() {
    let sealed = keys(ONE).seal(HERE, "s3cret").unwrap();
    assert_eq!(*keys(ONE).open(HERE, &sealed).unwrap(), "s3cret");
    assert!(!sealed.contains("s3cret"));
    assert_ne!(sealed, keys(ONE).seal(HERE, "s3cret").unwrap(), "the nonce is another each time");
}

#[test]
fn a_secret_that_was_moved_does_not_open() {
    let sealed = keys(ONE).seal(HERE, "s3cret").unwrap();
    for place in
        [Place { table: "other", ..HERE }, Place { row: "you", ..HERE }, Place { column: "word", ..HERE }]
    {
        let error = keys(ONE).open(place, &sealed).unwrap_err();
        assert_eq!(error.to_string(), format!("`{place}` is damaged, or was sealed for another place"));
        assert_eq!(error.code(), "secret_unreadable");
    }
}

#[test]
fn an_older_key_opens_what_it_sealed_and_the_first_seals() {
    let old = keys(ONE).seal(HERE, "old").unwrap();
    let both = keys(&format!("{TWO}\n\n{ONE}\n"));
    assert_eq!(*both.open(HERE, &old).unwrap(), "old");
    let new = both.seal(HERE, "new").unwrap();
    assert_eq!(*keys(TWO).open(HERE, &new).unwrap(), "new");
    let error = keys(ONE).open(HERE, &new).unwrap_err();
    assert!(matches!(error, SecretError::Foreign { .. }) && error.code() == "secret_unreadable", "{error}");
}

#[test]
fn damage_anywhere_is_noticed() {
    let sealed = keys(ONE).seal(HERE, "s3cret").unwrap();
    for index in 0..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[index] = if bytes[index] == b'B' { b'C' } else { b'B' };
        let damaged = String::from_utf8(bytes).unwrap();
        assert!(keys(ONE).open(HERE, &damaged).is_err(), "{damaged}");
    }
    for cut in ["", ".", "x", &sealed[..12], &sealed[..sealed.len() - 4]] {
        assert!(keys(ONE).open(HERE, cut).is_err(), "{cut}");
    }
}

#[test]
fn what_is_no_key_is_refused_by_its_number() {
    let short = "c2hvcnQ=";
    let cases = [("", 1), ("changeme", 1), (short, 1)].map(|(text, number)| (text.to_owned(), number));
    for (text, wanted) in cases.into_iter().chain([(format!("{ONE}\n{short}"), 2)]) {
        let error = Keys::parse(&text).unwrap_err();
        assert!(matches!(error, SecretError::Invalid { number } if number == wanted), "{text}: {error}");
        assert!(!error.to_string().contains("changeme"));
    }
}

#[test]
fn keys_are_shown_to_nobody() {
    let shown = format!("{:?} {:?}", keys(ONE), Keys::in_file("/srv/key".into()));
    assert_eq!(shown, r#"Keys(None) Keys(Some("/srv/key"))"#);
}

#[test]
fn without_a_key_nothing_is_sealed() {
    assert_eq!(Keys::default().seal(HERE, "x").unwrap_err().code(), "secret_key_missing");
    assert_eq!(Keys::default().prepare().unwrap_err().code(), "secret_key_missing");
}

#[test]
fn our_own_key_is_made_with_the_first_secret_and_is_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/secret.key");
    let own = Keys::in_own_file(path.clone());
    assert_eq!(own.open(HERE, "0.0").unwrap_err().code(), "secret_key_missing");
    assert_eq!(own.inventory().unwrap().ids, Vec::<String>::new());
    assert!(!path.exists(), "to look for a key makes none");
    let sealed = own.seal(HERE, "s3cret").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    assert_eq!(*Keys::in_own_file(path.clone()).open(HERE, &sealed).unwrap(), "s3cret");
    let inventory = own.inventory().unwrap();
    assert_eq!((inventory.ids.len(), inventory.is_exposed), (1, false));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(own.inventory().unwrap().is_exposed);
}

#[test]
fn of_many_that_begin_at_once_one_makes_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    let seal = |_| {
        let path = path.clone();
        std::thread::spawn(move || Keys::in_own_file(path).seal(HERE, "s3cret").unwrap())
    };
    let sealing: Vec<_> = (0..16).map(seal).collect();
    for sealed in sealing {
        let sealed = sealed.join().unwrap();
        assert_eq!(*Keys::in_file(path.clone()).open(HERE, &sealed).unwrap(), "s3cret");
    }
}

#[test]
fn a_file_that_somebody_else_keeps_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let error = Keys::in_file(path.clone()).seal(HERE, "x").unwrap_err();
    assert!(matches!(error, SecretError::Missing { .. }) && !path.exists(), "{error}");
}
