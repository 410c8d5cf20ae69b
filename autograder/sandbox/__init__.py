"""Where a learner's code runs: a cage of its own for each submission, and the trusted side's handle on it.

layout    what can be seen inside, and nothing else
doctor    (one level up) which isolation works here, found out by trying it
launch    starts a zygote behind the isolation in force        trusted side
cage      one submission's processes, as the grader holds them trusted side
watch     memory and processes, looked at many times a second  trusted side
zygote    imports TensorFlow once, forks a child a submission  inside, before any learner's code
inner     the child's own namespaces, limits, system calls     inside, before any learner's code
kernel    runs cells and answers questions about their names   inside, shared with the learner's code
linux     system calls that the standard library lacks         both
"""
