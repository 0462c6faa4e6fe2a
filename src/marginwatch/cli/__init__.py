"""The command line: one file per command, imported only when that command runs.

In: arguments, a configuration file or the URL of a running service. Out: tables, JSON or CSV on stdout, one line on
stderr when something is wrong, and the exit codes 0 fine, 1 not fine, 2 usage or configuration, 3 not reachable.
State: none. Never: a figure of its own (all rows come from ``risk/tables``), a traceback, a secret.

Modules
-------
program          the table of commands; help that imports none of them
supervision      errors become one line and an exit code
file_limit       as many open sockets as the system allows
options          options that several commands share
source           one reading of the accounts, or a running service
waiting          who is still awaited, for people
service_client   asks a running service
output           tables, JSON and CSV
views            rows with what they do not include
demo             demo: simulated accounts through a calm market and a crash
run              run: the long-lived service
top              top: a running service, live on the terminal
decode           decode: one recorded message
accounts         accounts: every account by danger
account_table    its columns
positions        positions: every open position
position_table   its columns
exposure         exposure: by group and in all
exposure_tables  its columns
margin           margin: margins, distances to liquidation, the ladder
margin_tables    its columns
stress           stress: scenarios, worst cases, cascades
stress_tables    its columns
var              var: value at risk, taken apart
var_tables       its columns
advise           advise: transfers and hedges
advise_tables    its columns
alerts           alerts: what fires, who was told; alerts ack
alert_table      its columns and those of silences
silence          silence: add, list, end
authorship       who says so, and for how long
rules            rules: list and test
rule_table       the columns of rules
rule_trial       what a trial showed
transition_table changes of alerts as rows
replay           replay: what rules would have found in history
replay_view      what a replay found
export           export: a whole book as one file
web              web: set-password
typed_password   a password, typed unseen or read
browser          opens the dashboard where there is a screen
sim              sim: a simulated exchange
check            check: every key and what its account answers
check_table      its columns
check_view       its report for people
check_channels   check --notify: a test through every channel
"""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; the console script ``marginwatch``.

    Parameters
    ----------
    argv : sequence of str or None
        Arguments without the program's name; None takes those of the process.
    """
    try:
        from marginwatch.cli.program import run_program

        return run_program(argv)
    except KeyboardInterrupt:
        # While the first modules are still being read, nothing else answers Ctrl-C.
        return 130
