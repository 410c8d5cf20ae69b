"""Where a learner's code runs: a cage of its own for each submission, and the trusted side's handle on it.

doctor         which isolation works here, found out by trying it   trusted side
limits         what a submission may use                            trusted side
layout         what can be seen inside, and nothing else            trusted side
launch         starts a zygote behind the isolation in force        trusted side
outer          the outer cage where there is no bubblewrap          trusted side, becomes the zygote
cage           one submission's processes, as the grader holds them trusted side
bounded        questions that together may take only so long        trusted side
supervisor     the thread that keeps time, memory and processes     trusted side
control_group  a group of the system's for each, if we may          trusted side
watch          what the processes use, looked at from outside       trusted side
clock          time, less what others on the machine took of it     trusted side
capture        what cells showed, cut to size                       trusted side
zygote         imports TensorFlow once, forks a child a submission  inside, before any learner's code
inner          the child's own namespaces, limits, system calls     inside, before any learner's code
landlock       which files may be opened, without namespaces        inside, before any learner's code
kernel         runs cells and answers questions about their names   inside, shared with the learner's code
linux          system calls that the standard library lacks         both
"""
