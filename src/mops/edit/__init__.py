"""Changes to files that users own: one setting, or an old file brought up to date."""
