"""The API of a running service: frozen frames as JSON, for the commands and for other programs.

In: the latest frame, the stored history, alerts. Out: JSON replies that carry the frame's sequence and time. State: none
of its own. Never: a figure that is not in the frame, a change of anything but acknowledgements and silences, an answer
without the token or a session where one is demanded, a page that loads from elsewhere.

Modules
-------
app              the application and its routes
openapi          the OpenAPI document, corrected to what is really sent
reading          the frame that a route answers from
kept_frames      copies of frames for whoever reads longer
gate             who may pass, security headers and the plain answers of refusal
access           passwords, sessions, roles
pages            the built dashboard
token            the generated token and its file
large_replies    replies of thousands of rows, made in a thread
replies          what each route of the picture answers, as structs
paging           some of many rows
most             of long lists what weighs most
risk_replies     the same for what is too heavy for a frame
risk_routes      the routes of it
matrix_replies   who holds how much of which coin, as a struct
matrix_routes    the route of it
whatif_routes    the route of questions "what if"
whatif_ports     what they are reckoned from
whatif_turns     whose question is reckoned now
words_routes     the words of a language, for pages
equity_routes    histories of equity, one in full or several as small charts
equity_points    minutes thinned out to the points of a chart
equity_ports     where they are read from
exports          tables as files
overview_replies the first page as a struct
overview_routes  the route of it
overview_ports   what it reads beside the frame
account_replies  everything about one account, as a struct
account_routes   the route of it
account_ports    what it reads beside the frame
health_replies   how accounts are heard and how the service does, as a struct
health_rows      its rows
health_routes    the route of it
health_ports     what it reads beside the frame
metrics          figures for Prometheus
history_replies  the same for what was stored
alert_replies    the same for alerts, silences and rules
alert_rows       their rows, and filters over alerts
alert_routes     the routes of them
bodies           what a request may hold, and what is wrong with it
names            names asked for that occur nowhere
selection        filters and order of rows
ports            what the routes are given to read from
alert_ports      the same for alerts, and what people may do about them
stream           the live stream: a package of its own
patience         how long a request is waited for
server           the HTTP server inside our own loop
"""
