"""All that passes between the trusted side and a learner's process: messages, questions, answers."""
