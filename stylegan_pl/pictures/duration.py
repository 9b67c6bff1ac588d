"""How long a run takes, in words."""


def duration(seconds: float) -> str:
    """A duration with the precision of an estimate: 40 s, 12 min, 3 h 10 min, 2 days 5 h."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
