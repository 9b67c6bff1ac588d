"""What was trained, judged: the photographs, the systems that paint them, one report."""
