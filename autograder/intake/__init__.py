"""From a folder of strangers' files to notebooks that may run. Nothing is trusted, and nothing runs here."""
