"""``marginwatch top``: the overview, the accounts and the alerts on a terminal, for people on SSH.

In: the API of a running service, keys. Out: a screen. State: the last reply of each route, with its age. Never: a figure
of its own, one shown as of now that is not, a change of anything but acknowledgements and silences.

Modules
-------
app               the program: views, keys, the lines above and below
client            asks the service
feed              one route, read again and again
pulse             whether the service lives
look              styles and layout
columns           columns of live tables, and order by them
live_table        a table whose rows change under the cursor
figures           one figure of the overview
figure_grid       figures side by side
overview_figures  which figures
overview_view     the first view
account_columns   the columns of accounts
accounts_view     the second view
alert_columns     the columns of alerts
alerts_view       the third view
account_lines     one account in lines
account_view      one account
dialogs           windows: an alert, taking care, silence, help
"""
