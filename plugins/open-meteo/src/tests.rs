mod faults;
mod house;
mod quota;
mod recorded;
mod steps;
