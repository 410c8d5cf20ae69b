"""From an exercise's source to notebooks: the learner's, the instructor's, nbgrader's, and the learner's edition.

sources    reads an assignment's source
notebooks  an assignment as plain data, and the notebooks made from it
build      makes everything that is generated, and says what is out of date
course     what submissions are graded by: assignments and their checks
gradebook  nbgrader's course folder and gradebook
release    the learner's edition: what may be handed out
"""
