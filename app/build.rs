//! Builds again when a script comes or goes: what is embedded is known only by folder.

fn main() {
    #![expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
    println!("cargo::rerun-if-changed=../pipelines");
    println!("cargo::rerun-if-changed=../scripts");
}
