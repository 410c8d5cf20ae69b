"""Grades a class: one submission after the other, on several workers, with a journal that survives interruption.

grade         the whole of it: find, grade, record, report
stop          being told to stop, and stopping in order
journal       what has been graded so far
earlier_runs  what an earlier run kept
data          has the data ready before the first notebook
choose        which engine grades
engine        what an engine must do
pool          the engine of this machine
process       one worker's process, as the pool holds it
machine       how many submissions there is room for
cluster       the engine for a Dask cluster: the run's side
remote        the same: the workers' side
worker        a process with a cage of its own
memory        a bound on what a worker's own process takes
run           one notebook: its cells in the cage, the checks here
"""
