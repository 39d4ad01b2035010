"""Teaching one small network what a captioner, or people, say of photos."""
