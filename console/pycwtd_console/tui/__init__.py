"""``pycwtd-console``: what an operator keeps open all day. A client of the API, in Textual.

What passes between its parts:

- :mod:`.source`: where knowledge comes from, a daemon or a recording, behind one protocol.
- :mod:`.feed` keeps :mod:`.model` true: it connects, follows the events, asks anew for what
  they say has changed, and reconnects. Neither of the three knows Textual.
- :mod:`.app` tells the screen that is looked at what of the model has changed.
- :mod:`.places` lists the screens; each is loaded when somebody goes there.
- :mod:`.screens` show the model; what only one of them needs it asks the daemon for itself.

Nothing here is imported before it is needed: what a person sees first must not wait for HTTP.
"""
