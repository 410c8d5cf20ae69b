"""From images to batches, from features to a trained head, from a trained head to a fine-tuned network."""
