//! Properties of the language, against small models that share no code with it: whole numbers, tree walks that print
//! and evaluate themselves, and lists in which removed elements leave holes until the end.

mod conditions;
mod sample;
mod texts;
mod updates;
