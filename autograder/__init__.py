"""The autograder: from an exercise's source to notebooks, and from untrusted notebooks to grades.

Its rooms, from the top floor down. Arrows run down only: a room may import those of lower floors (tests keep this).

| floor | room | what happens there |
|---|---|---|
| 7 | `commands` | what is typed: parse, call, print |
| 6 | `grading` | a class is graded: one submission after the other, on several workers, with a journal |
| 5 | `outcome` | what becomes of results: gradebook, grades, feedback pages, exports |
| 4 | `intake` | from a folder of strangers' files to a notebook that may run |
| 3 | `authoring` | from an exercise's source to notebooks, nbgrader's course, and the learner's edition |
| 3 | `sandbox` | where learners' code runs |
| 3 | `checks` | the specifications: for each assignment, one function a point |
| 3 | `selfcheck` | a learner's own check of her notebook |
| 2 | `checking` | the language that checks are written in |
| 1 | `conversation` | all that passes between the trusted side and a learner's process |
| 0 | `files`, `templating` | whole files, safe names; texts from templates |

A submission walks through `intake`, `grading` (which opens a cage of `sandbox` for it and asks it questions in a
`conversation`), and `outcome`. The rooms hand frozen records on (`intake.submissions`, `outcome.results`).

Learners get `commands.learner`, `selfcheck`, `checks`, `checking` and `conversation`. Everything else is the
instructor's side, and nothing that learners get imports it.
"""
