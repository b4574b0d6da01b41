mod faults;
mod house;
mod mended;
mod quota;
mod recorded;
mod steps;
mod whose;
