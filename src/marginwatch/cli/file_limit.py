"""How many files and sockets this process may have open: the most that the system allows it."""


def raise_file_limit() -> int | None:
    """Raise the soft limit of open files to the hard one and return it; None where there is no such limit.

    Each account takes a socket of its own, and the usual soft limit of 1024 would leave the thousandth account without
    one. The hard limit is the owner's word and stays.
    """
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            # Some systems name a hard limit that they do not grant; what there is goes on serving.
            return soft
    return hard
