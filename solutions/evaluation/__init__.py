"""What a trained model is worth: predictions, intervals, comparisons, and the diagnosis of learning curves."""
