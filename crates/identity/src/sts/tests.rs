//! STS through its one door.
