//! Builds again when a script comes or goes: what is embedded is known only by folder.

fn main() {
    println!("cargo::rerun-if-changed=../pipelines");
    println!("cargo::rerun-if-changed=../scripts");
}
