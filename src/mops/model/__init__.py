"""The data that flows through mops: layers, problems, quantities, and the files it is shipped with."""
