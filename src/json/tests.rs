//! Json on both twins.
