"""Hostile and broken submissions, each with the score that it deserves and the harm that it must not do.

python -m tests.attacks      # grades them all, each between two honest neighbors, and prints the table
"""
