"""The toy assignment's hidden checks; see `tests.attacks.course`."""
