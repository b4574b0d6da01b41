mod faults;
mod house;
mod recorded;
mod steps;
