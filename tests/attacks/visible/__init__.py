"""The toy assignment's visible checks; see `tests.attacks.course`."""
