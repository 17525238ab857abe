"""A profile behind HTTP: the API, sign-in for the page, and the process that serves them.

A request's way: `guard` (sizes, Host, Origin, headers of every answer), Starlette's router with one route a path
(`app.routes`), `endpoint` (who asks, may they, the body within its limit), then a handler: a plain function that takes
an `exchange.Request`, uses ``asked.store``, and returns an `exchange.Response`. Handlers run in `site.Site`'s threads,
each of which has a store of its own, and raise the errors of `zenprofile.errors`: `problems` turns them into answers.

Pages join in `pages.RESOURCES`: a row names a path and, by method, a handler. ``access="page"`` lets in whoever carries
the cookie of `sessions` (others get `pages.denied` with 401), ``access="open"`` everybody: the page's
visitor is `auth.principal_of_cookie`. Templates lie in ``templates/``,
what they link to in ``static/`` (served at ``/static/``).
"""
