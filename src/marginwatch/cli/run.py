"""``marginwatch run``: the long-lived service."""

from pathlib import Path

from marginwatch.cli.options import ConfigOption


def run(config: ConfigOption = None) -> int:
    """Run the service: watch the configured accounts until stopped.

    SIGTERM and Ctrl-C stop it cleanly; SIGHUP reads the configuration again without disturbing accounts that did not
    change. Logs go to stderr, one line when a source is lost and one when it is back.
    """
    from marginwatch.cli.service_client import DEFAULT_CONFIG
    from marginwatch.config.loader import load_service
    from marginwatch.daemon import run_loop, serve
    from marginwatch.logs import configure_logs, hear_interpreter

    path = Path(config or DEFAULT_CONFIG)
    service = load_service(path)
    scrubber = configure_logs(service.log_format, service.log_level)
    hear_interpreter()
    run_loop(serve(path, scrubber))
    return 0
