"""Tables as files: CSV for spreadsheets, Parquet for programs, JSON; made some rows at a time and sent as they are made.

In: a frame, stored history, alerts. Out: bytes, piece by piece. State: none. Never: a text that a spreadsheet takes for
a formula, a missing number as 0, a whole table held in memory because of its form.

Modules
-------
shapes        the columns of a struct
csv_form      rows as CSV
parquet_form  rows as Parquet
json_form     rows as JSON
tables        which tables there are and where their rows come from
stored        rows that are in the store, page by page
sending       a file piece by piece
routes        the route
"""
