"""From somebody's file of weights to a SavedModel with TF Hub's interface."""
