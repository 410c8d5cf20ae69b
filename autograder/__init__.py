"""The autograder: from an exercise's source to notebooks, and from untrusted notebooks to grades.

A submission walks through these rooms; they hand frozen records (`autograder.results`, `autograder.submissions`) on:

| room | what it does |
|---|---|
| `build` (with `sources`, `notebooks`) | makes the exercises and nbgrader's course from ``solutions/notebooks`` |
| `collect`, `rebuild` | find what was handed in, and rebuild the notebook that will run; nothing is trusted |
| `sandbox` | the cage in which a learner's code runs |
| `run`, `session`, `protocol`, `agent` | walk through a notebook; ask a learner's process, believing nothing it says |
| `checks` | what a learner's work must be: one function for each point |
| `grade` (with `pool`, `worker`, `journal`) | grades a class in parallel, and goes on where it was interrupted |
| `record` | nbgrader's gradebook, and a folder that formgrader opens |
| `report`, `feedback`, `export` | grades and feedback pages, made of results alone; points given by hand |
| `release` | the learner's edition: what may be handed out |
| `check` | a learner's own check of her notebook |
| `cli`, `instructor_cli` | the command line: parse, call, print |

Learners get `check`, `checks`, `agent`, `protocol`, `session`, `reference`, `shell` and `cli`; everything else is the
instructor's side, and none of those imports it.
"""
