"""From an exercise's source to notebooks: the learner's, the instructor's, nbgrader's, and the learner's edition."""
