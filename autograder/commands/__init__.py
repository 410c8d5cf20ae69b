"""The command line: parses what was typed, calls the rooms, prints what they say."""
