//! Names of the numbers in a FIT file, snake case.

use rustyfit::profile::typedef::{File, GarminProduct, Manufacturer, Sport, SubSport};

use crate::decode::plain;

/// The sport, `other` for a number that has no name.
pub(super) fn sport(number: u8) -> String {
    known(Sport(number).to_string()).unwrap_or_else(|| "other".to_owned())
}

/// The kind within the sport; `generic` and `all` say nothing and are left out.
pub(super) fn sub_sport(number: u8) -> Option<String> {
    known(SubSport(number).to_string()).filter(|name| name != "generic" && name != "all")
}

/// The file's type, by number where it has no name.
pub(super) fn file_type(number: u8) -> String {
    File(number).to_string()
}

/// Manufacturer and product, as far as they are known.
pub(super) fn device(
    manufacturer: Option<u16>,
    product: Option<u16>,
    product_name: Option<&str>,
) -> Option<String> {
    if let Some(name) = product_name.and_then(plain::line) {
        return Some(name);
    }
    let maker = manufacturer?;
    let name = known(Manufacturer(maker).to_string()).unwrap_or_else(|| format!("manufacturer {maker}"));
    let Some(product) = product else { return Some(name) };
    // Garmin, Dynastream, its OEM and Tacx share one list of products.
    let model =
        matches!(maker, 1 | 13 | 15 | 89).then(|| known(GarminProduct(product).to_string())).flatten();
    Some(format!("{name} {}", model.unwrap_or_else(|| product.to_string())))
}

fn known(name: String) -> Option<String> {
    (!name.contains('(')).then_some(name)
}
