"""The data that flows through mops: layers, problems and quantities; and the files on disk."""
