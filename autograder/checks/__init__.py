"""The specifications: for each assignment, one function a graded point. `autograder.checking` says how to write one."""
