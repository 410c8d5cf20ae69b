"""The reference pipeline: from photographs to a judged classifier, with a report.

python -m solutions.pipeline --help
"""
