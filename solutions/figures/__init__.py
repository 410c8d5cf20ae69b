"""Figures of learning curves and predictions."""
