"""Rules on whole configurations: errors, and warnings about what is valid but probably a mistake.

`registry` lists all rules and runs them. Each module of rules covers one subject and ends with a
tuple RULES; docs/checks.md has a section for each rule.
"""
