"""What becomes of results: gradebook, grades, feedback pages, exports."""
