"""Middleware: a web application's requests as sessions, for ASGI and WSGI."""
