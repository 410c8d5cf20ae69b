"""From a folder of strangers' files to notebooks that may run. Nothing is trusted, and nothing runs here.

From a platform's download to a folder of submissions (``autograder collect``), then from that folder to notebooks:

archives     one file of a download after the other
platforms    how Canvas, Moodle and others name what is handed in
roster       who is in the class
sorting      whose each file is, and for which assignment
placing      moves the sorted notebooks to their place
receipts     what was collected, and when it was handed in
collect      all of that, one after the other
find         which submissions are in the folder
rebuild      reads a notebook and makes the one that will run
submissions  a submission as found, and as rebuilt
"""
