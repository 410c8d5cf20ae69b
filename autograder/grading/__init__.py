"""Grades a class: one submission after the other, on several workers, with a journal that survives interruption."""
