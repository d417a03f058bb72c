"""The data that flows through mops: layers, problems, quantities; files, and what mops brings."""
