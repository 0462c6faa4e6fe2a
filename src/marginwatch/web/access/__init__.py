"""Who may come in: passwords, sessions, and what each caller may do.

In: the headers of a request, the token, the files of passwords and sessions. Out: a ``Visitor`` with a role, or nobody.
State: the sessions that hold, in memory and as hashes in their file. Never: a password or the value of a cookie in a file
or a log, an Argon2 hash on the loop, more than one of them at once, a header that makes anything less strict.

Modules
-------
headers     one value of each header; names of this machine; where a page came from
passwords   the file of password hashes
verifying   one Argon2 verification at a time, beside the loop
sessions    who signed in, and until when
login_limit how often a password may be tried by one address
login_queue whose password is compared next
visitor     who asks, and whether that still holds
places      how many of something scarce one visitor may have
access      all of it together: who asks, sign in, sign out
routes      /api/v1/session
"""
