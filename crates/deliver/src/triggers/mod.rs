//! Triggers: functions that are called with the changes of a stream.
