"""The toy assignment's visible checks, one of which ends the cluster's worker that judges a certain answer."""
