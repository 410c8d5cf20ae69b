"""A made-up class that hands in: what each learner did, and what it deserves.

    python -m solutions.sample_class --out _build/sample_class/submitted
    python -m solutions.sample_class --compare _build/sample_class/graded/grades.csv

`solutions.sample_class.learners` describes each submission as changes to the reference notebook, with the status and
the score that it must get; `solutions.sample_class.recipes` makes the notebooks. ``make course`` grades the class, and
the second command compares the grades with what they must be.
"""
