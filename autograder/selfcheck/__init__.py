"""A learner's own check of her notebook, on her machine: fast, and trusted by nobody but her."""
