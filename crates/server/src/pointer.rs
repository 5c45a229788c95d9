//! JSON pointers, <https://www.rfc-editor.org/rfc/rfc6901>.

/// To the field of a name within what a pointer points to.
pub(crate) fn child(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The name of a field as it stands in a pointer.
pub(crate) fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
