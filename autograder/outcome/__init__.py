"""What becomes of results: gradebook, grades, feedback pages, exports.

results          what became of a submission, as plain records
rows             the results of a class, on the disk until asked for
inert            makes harmless what learners' cells showed
course_file      due dates and what lateness costs
late             applies them
record           into nbgrader's gradebook
report           grades.csv, results.json and the feedback pages
feedback         the pages again, with what graders added since
statistics       where a class fails, in numbers
statistics_page  the same as a page
compare          what changed between two runs
class_grades     a run's grades with points given by hand, for exports
people           who a row is, as the platform knows her
export           exports, and the formats there are
canvas           a format: Canvas's gradebook
moodle           a format: Moodle's assignment
"""
